using System.Net;
using Microsoft.AspNetCore.Hosting;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Where a clinic asks for licences: nobody is seen by video where the clinician may not treat them, whatever way it is booked.</summary>
public abstract class LicenceTests(TelehealthHost host)
{
    private static readonly DateTimeOffset _june = new(2026, 6, 1, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Only_who_is_licensed_where_the_patient_is_is_proposed()
    {
        await ClinicAsync("lfa");
        await host.DayAsync("lfb", _june, 1, $"\"serviceType\":[{Video}],");
        await host.StoreAsync("Slot", "lfb-ward", $$""" "schedule":{"reference":"Schedule/lfb"},"status":"free","serviceType":[{"text":"ward"}],"start":"2026-06-01T18:00:00Z","end":"2026-06-01T18:30:00Z" """);

        var there = await FindAsync("practitioner=Practitioner/lfa,Practitioner/lfb&declared-location=Location/lfa-ny&patient-reference=Patient/lfa-amy");
        var elsewhere = await FindAsync("practitioner=Practitioner/lfa,Practitioner/lfb&declared-location=Location/lfa-nj");
        var unsaid = await FindAsync("practitioner=Practitioner/lfa,Practitioner/lfb");

        Assert.Equal(["lfa-0", "lfa-1", "lfa-2", "lfa-3", "lfb-ward"], SlotsOf(there));
        Assert.Equal(["lfb-ward"], SlotsOf(elsewhere));
        Assert.Equal(["lfb-ward"], SlotsOf(unsaid));
        Assert.Contains("declared-location", unsaid.Body, StringComparison.Ordinal);
        var booked = await host.DoAsync("$book", Parameters(Reference("appointment-reference", $"Appointment/{there.EntryIds.First()}")));
        Assert.Contains("Location/lfa-ny", booked.Appointment(HttpStatusCode.Created).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal((422, "location-unknown"), (await FindAsync("declared-location=Location/lfa-nowhere")).Refused());
        Assert.Equal(400, (await FindAsync("declared-location=Patient/lfa-amy")).Refused().Status);
    }

    [Fact]
    public async Task A_booking_says_where_the_patient_is()
    {
        await ClinicAsync("lba");
        await host.StoreAsync("Location", "lba-albany", """ "partOf":{"reference":"Location/lba-ny"} """);

        Assert.Equal((422, "not-licensed"), (await host.BookAsync("lba-amy", "lba-0")).Refused());
        Assert.Equal((422, "not-licensed"), (await BookAsync("lba-amy", "lba-0", """{"reference":"Location/lba-nj"}""")).Refused());
        Assert.Equal((422, "location-unknown"), (await BookAsync("lba-amy", "lba-0", """{"reference":"Location/lba-none"}""")).Refused());
        Assert.Equal((422, "location-unknown"), (await BookAsync("lba-amy", "lba-0", """{"identifier":{"system":"urn:iso","value":"lba-XX"}}""")).Refused());
        Assert.Equal("free", await host.StatusOfAsync("Slot/lba-0"));
        (await BookAsync("lba-amy", "lba-0", """{"identifier":{"system":"urn:iso","value":"lba-NY"}}""")).Appointment(HttpStatusCode.Created);
        (await BookAsync("lba-ben", "lba-1", """{"reference":"Location/lba-albany"}""")).Appointment(HttpStatusCode.Created);

        // A hold may come before it is known where; the booking may not.
        var held = (await host.HoldAsync("lba-amy", "lba-2")).Appointment().IdOf();
        Assert.Equal((422, "not-licensed"), (await host.BookHeldAsync(held)).Refused());
        (await host.DoAsync("$book", Parameters(Reference("appointment-reference", $"Appointment/{held}"), Reference("declared-location", "Location/lba-ny"))))
            .Appointment(HttpStatusCode.Created);

        // What takes place in one room needs no licence elsewhere.
        (await host.DoAsync("$book", Parameters(Resource("appointment-resource", Wish("lba-ben", "lba-3").Replace("448337001", "185349003", StringComparison.Ordinal)))))
            .Appointment(HttpStatusCode.Created);
    }

    [Fact]
    public async Task No_plain_write_goes_around_it()
    {
        await ClinicAsync("lpa");
        await host.StoreAsync("Appointment", "lpa-wait", $$"""
            "status":"waitlist","serviceType":[{{Video}}],"start":"2026-06-01T14:00:00Z","end":"2026-06-01T14:30:00Z","slot":[{"reference":"Slot/lpa-0"}],
            "participant":[{"actor":{"reference":"Patient/lpa-amy"},"status":"accepted"}]
            """);
        var booked = Booked("lpa-new", "lpa-amy", "lpa-0", "2026-06-01T14:00:00Z", "2026-06-01T14:30:00Z");
        var elsewhere = Booked("lpa-new", "lpa-amy", "lpa-0", "2026-06-01T14:00:00Z", "2026-06-01T14:30:00Z", more: Declared("lpa-nj"));
        var unplaced = Booked("lpa-new", "lpa-amy", "", "2026-06-01T14:00:00Z", "2026-06-01T14:30:00Z", more: Declared("lpa-nj"))
            .Replace("\"participant\":[", "\"participant\":[{\"actor\":{\"reference\":\"Practitioner/lpa\"},\"status\":\"accepted\"},", StringComparison.Ordinal);

        Assert.Equal((422, "not-licensed"), (await host.PostAsync("/fhir/Appointment", booked)).Refused());
        Assert.Equal((422, "not-licensed"), (await host.PutAsync("/fhir/Appointment/lpa-new", elsewhere)).Refused());
        Assert.Equal((422, "not-licensed"), (await host.PutAsync("/fhir/Appointment/lpa-new", unplaced)).Refused());
        Assert.Equal((422, "not-licensed"), (await host.PostAsync(
            "/fhir", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{booked}},"request":{"method":"PUT","url":"Appointment/lpa-new"} }]}""")).Refused());
        Assert.Equal((422, "not-licensed"), (await host.SendAsync(
            "PATCH", "/fhir/Appointment/lpa-wait", """[{"op":"replace","path":"/status","value":"booked"}]""", "Content-Type: application/json-patch+json")).Refused());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Appointment/lpa-new")).Status);
        Assert.Equal(("free", "waitlist"), (await host.StatusOfAsync("Slot/lpa-0"), await host.StatusOfAsync("Appointment/lpa-wait")));

        var there = Booked("lpa-new", "lpa-amy", "lpa-0", "2026-06-01T14:00:00Z", "2026-06-01T14:30:00Z", more: Declared("lpa-ny"));
        Assert.Equal(HttpStatusCode.Created, (await host.PutAsync("/fhir/Appointment/lpa-new", there)).Status);
        Assert.Equal((422, "not-licensed"), (await host.PutAsync("/fhir/Appointment/lpa-new", there.Replace("lpa-ny", "lpa-nj", StringComparison.Ordinal))).Refused());

        // A comment changes nothing that a licence is about; who lost it in between is found when the next step is taken.
        await host.StoreAsync("PractitionerRole", "lpa", """ "active":false,"practitioner":{"reference":"Practitioner/lpa"} """);
        var stored = (await host.GetAsync("/fhir/Appointment/lpa-new")).Json;
        stored["comment"] = "Bring the list";
        Assert.Equal(HttpStatusCode.OK, (await host.PutAsync("/fhir/Appointment/lpa-new", stored.ToJsonString())).Status);
        stored["status"] = "arrived";
        Assert.Equal((422, "not-licensed"), (await host.PutAsync("/fhir/Appointment/lpa-new", stored.ToJsonString())).Refused());
    }

    [Theory]
    [InlineData("for another service", """ "location":[{"reference":"Location/{0}-ny"}],"healthcareService":[{"reference":"HealthcareService/{0}-derma"}] """, false)]
    [InlineData("for the service", """ "location":[{"reference":"Location/{0}-ny"}],"healthcareService":[{"reference":"HealthcareService/{0}-derma"},{"reference":"HealthcareService/{0}-video"}] """, true)]
    [InlineData("over", """ "location":[{"reference":"Location/{0}-ny"}],"period":{"end":"2026-05-31"} """, false)]
    [InlineData("not begun", """ "location":[{"reference":"Location/{0}-ny"}],"period":{"start":"2026-07-01"} """, false)]
    [InlineData("in its time", """ "location":[{"reference":"Location/{0}-ny"}],"period":{"start":"2026-05-31","end":"2026-07-01"} """, true)]
    [InlineData("inactive", """ "active":false,"location":[{"reference":"Location/{0}-ny"}] """, false)]
    [InlineData("nowhere", """ "active":true """, false)]
    public async Task A_role_counts_for_its_services_and_its_time(string name, string role, bool counts)
    {
        var id = $"lr-{string.Concat(name.Split(' ').Select(word => word[0]))}-{name.Length}";
        await ClinicAsync(id);
        await host.StoreAsync("HealthcareService", $"{id}-derma", """ "type":[{"coding":[{"system":"urn:s","code":"derma"}]}] """);
        await host.StoreAsync("HealthcareService", $"{id}-video", $$""" "type":[{{Video}}] """);
        await host.StoreAsync("PractitionerRole", id, $$""" "practitioner":{"reference":"Practitioner/{{id}}"},{{role.Replace("{0}", id, StringComparison.Ordinal)}} """);

        var found = await FindAsync($"practitioner=Practitioner/{id}&declared-location=Location/{id}-ny");
        var booked = await BookAsync($"{id}-amy", $"{id}-0", $$"""{"reference":"Location/{{id}}-ny"}""");

        Assert.Equal(counts, SlotsOf(found).Count > 0);
        Assert.Equal(counts ? HttpStatusCode.Created : HttpStatusCode.UnprocessableEntity, booked.Status);
    }

    [Fact]
    public async Task Who_has_travelled_says_so_at_the_door()
    {
        await ClinicAsync("ltr");
        await host.SlotAsync("ltr", "ltr-now", Text(host.Now().AddMinutes(5)), Text(host.Now().AddMinutes(35)));
        var booked = (await BookAsync("ltr-amy", "ltr-now", """{"reference":"Location/ltr-ny"}""")).Appointment(HttpStatusCode.Created).IdOf();
        var visit = (await host.VisitsAsync(booked))[0].IdOf();

        Assert.Equal((422, "not-licensed"), (await host.DoAsync($"{booked}/$check-in", Parameters(Reference("declared-location", "Location/ltr-nj")))).Refused());
        Assert.Equal("booked", await host.StatusOfAsync($"Appointment/{booked}"));
        (await host.DoAsync($"{booked}/$check-in", Parameters(Reference("declared-location", "Location/ltr-ny")))).Appointment();

        Assert.Equal((403, "not-licensed"), (await JoinAsync(visit, Reference("declared-location", "Location/ltr-nj"))).Refused());
        Assert.Equal(HttpStatusCode.OK, (await JoinAsync(visit)).Status);
        await host.StoreAsync("PractitionerRole", "ltr", """ "practitioner":{"reference":"Practitioner/ltr"},"location":[{"reference":"Location/ltr-nj"}] """);
        Assert.Equal((403, "not-licensed"), (await JoinAsync(visit)).Refused());
        Assert.Equal(HttpStatusCode.OK, (await JoinAsync(visit, Reference("declared-location", "Location/ltr-nj"))).Status);
        Assert.Contains("Location/ltr-nj", (await host.GetAsync($"/fhir/Appointment/{booked}")).Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await JoinAsync(visit)).Status);
    }

    [Fact]
    public async Task A_move_to_another_clinician_is_one_to_another_licence()
    {
        await ClinicAsync("lma");
        await host.DayAsync("lmb", _june, 2);
        var booked = (await BookAsync("lma-amy", "lma-0", """{"reference":"Location/lma-ny"}""")).Appointment(HttpStatusCode.Created);

        Assert.Equal((422, "not-licensed"), (await host.MoveAsync(booked.IdOf(), booked.VersionOf(), "lmb-1")).Refused());
        (await host.MoveAsync(booked.IdOf(), booked.VersionOf(), "lma-1")).Appointment();
        Assert.Equal("free", await host.StatusOfAsync("Slot/lmb-1"));
    }

    /// <summary>A clinician with Slots who is licensed in the first of two states.</summary>
    private async Task ClinicAsync(string id)
    {
        await host.DayAsync(id, _june, 4, $"\"serviceType\":[{Video}],");
        await host.StoreAsync("Location", $"{id}-ny", $$""" "identifier":[{"system":"urn:iso","value":"{{id}}-NY"}],"name":"New York" """);
        await host.StoreAsync("Location", $"{id}-nj", """ "name":"New Jersey" """);
        await host.StoreAsync("PractitionerRole", id, $$""" "practitioner":{"reference":"Practitioner/{{id}}"},"location":[{"reference":"Location/{{id}}-ny"}] """);
    }

    private Task<Answer> FindAsync(string wish) => host.GetAsync($"/fhir/Appointment/$find?start=2026-06-01T00:00:00Z&end=2026-06-02T00:00:00Z&{wish}");

    private Task<Answer> BookAsync(string patient, string slot, string place) => host.DoAsync(
        "$book", Parameters(Resource("appointment-resource", Wish(patient, slot)), Part("declared-location", "Reference", place)));

    private Task<Answer> JoinAsync(string visit, params string[] parts) => host.PostAsync($"/fhir/Encounter/{visit}/$join", Parameters(parts));

    private static string Declared(string place) =>
        $$""" "extension":[{"url":"{{Clinic.Canonicals}}/StructureDefinition/declared-location","valueReference":{"reference":"Location/{{place}}"} }],""";

    private static List<string> SlotsOf(Answer found)
    {
        Assert.True(found.Status == HttpStatusCode.OK, found.Body);
        return [.. found.Entries.Select(entry => entry!["resource"]!).Where(one => one["resourceType"]!.GetValue<string>() == "Appointment")
            .Select(one => one["slot"]![0]!["reference"]!.GetValue<string>()["Slot/".Length..])];
    }
}

/// <inheritdoc />
public sealed class LicenceOnSqliteTests(SqliteLicenceHost host) : LicenceTests(host), IClassFixture<SqliteLicenceHost>;

/// <inheritdoc />
public sealed class LicenceOnPostgreSqlTests(PostgreSqlLicenceHost host) : LicenceTests(host), IClassFixture<PostgreSqlLicenceHost>;

/// <summary>Where a clinic asks for consent before it books visits by video.</summary>
public abstract class ConsentGateTests(TelehealthHost host)
{
    private static readonly DateTimeOffset _june = new(2026, 6, 1, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Nobody_is_booked_for_video_who_has_not_consented()
    {
        await host.DayAsync("cga", _june, 4);
        var booked = Booked("cga-new", "cga-amy", "cga-1", "2026-06-01T14:30:00Z", "2026-06-01T15:00:00Z");

        Assert.Equal((403, "consent-missing"), (await host.BookAsync("cga-amy", "cga-0")).Refused());
        Assert.Equal((403, "consent-missing"), (await host.PutAsync("/fhir/Appointment/cga-new", booked)).Refused());
        Assert.Equal(("free", "free"), (await host.StatusOfAsync("Slot/cga-0"), await host.StatusOfAsync("Slot/cga-1")));
        await host.StoreAsync("Consent", "cga-over", Consent("cga-amy", ""","provision":{"type":"permit","period":{"end":"2025-12-31"}}"""));
        await host.StoreAsync("Consent", "cga-ben", Consent("cga-ben", ""));
        Assert.Equal((403, "consent-missing"), (await host.BookAsync("cga-amy", "cga-0")).Refused());

        // Who consents may be booked in the same breath.
        var consent = $$"""{"resourceType":"Consent","id":"cga-amy",{{Consent("cga-amy", "")}}}""";
        var both = await host.PostAsync("/fhir", $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{booked}},"request":{"method":"PUT","url":"Appointment/cga-new"} },
             {"resource":{{consent}},"request":{"method":"PUT","url":"Consent/cga-amy"} }]}
            """);
        Assert.True(both.Status == HttpStatusCode.OK, both.Body);
        (await host.BookAsync("cga-amy", "cga-2")).Appointment(HttpStatusCode.Created);

        // In person nothing of that kind is asked.
        await host.StoreAsync("Consent", "cga-ben", Consent("cga-ben", "").Replace("active", "inactive", StringComparison.Ordinal));
        Assert.Equal((403, "consent-missing"), (await host.BookAsync("cga-ben", "cga-0")).Refused());
        (await host.DoAsync("$book", Parameters(Resource("appointment-resource", Wish("cga-ben", "cga-0").Replace("448337001", "185349003", StringComparison.Ordinal)))))
            .Appointment(HttpStatusCode.Created);
    }

    private static string Consent(string patient, string more) => $$"""
        "status":"active","scope":{"text":"treatment"},"category":[{"coding":[{"system":"{{Clinic.Canonicals}}/CodeSystem/consent-category","code":"telehealth-visit"}]}],
        "policyRule":{"text":"opt-in"},"patient":{"reference":"Patient/{{patient}}"}{{more}}
        """;
}

/// <inheritdoc />
public sealed class ConsentGateOnSqliteTests(SqliteConsentHost host) : ConsentGateTests(host), IClassFixture<SqliteConsentHost>;

/// <inheritdoc />
public sealed class ConsentGateOnPostgreSqlTests(PostgreSqlConsentHost host) : ConsentGateTests(host), IClassFixture<PostgreSqlConsentHost>;

/// <summary>A server that asks for licences.</summary>
public sealed class SqliteLicenceHost() : TelehealthHost(Gates.SetLicence);

/// <inheritdoc cref="SqliteLicenceHost"/>
public sealed class PostgreSqlLicenceHost() : PostgreSqlHost(Gates.SetLicence);

/// <summary>A server that asks for consent.</summary>
public sealed class SqliteConsentHost() : TelehealthHost(Gates.SetConsent);

/// <inheritdoc cref="SqliteConsentHost"/>
public sealed class PostgreSqlConsentHost() : PostgreSqlHost(Gates.SetConsent);

/// <summary>The settings of these servers.</summary>
internal static class Gates
{
    public static void SetLicence(IWebHostBuilder builder)
    {
        FindClock.Set(builder);
        builder.UseSetting("Scheduling:RequireLicence", "true");
    }

    public static void SetConsent(IWebHostBuilder builder)
    {
        FindClock.Set(builder);
        builder.UseSetting("Scheduling:RequireConsent", "true");
    }
}
