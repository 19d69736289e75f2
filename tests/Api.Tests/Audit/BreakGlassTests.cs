using System.Net;

namespace TeleFhir.Api.Tests.Audit;

/// <summary>An emergency opens a record to a clinician, loudly; and everybody can be told who looked.</summary>
public sealed class BreakGlassTests(AuditHost audit) : IClassFixture<AuditHost>
{
    private const string Reason = """{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"unconscious in the waiting room"}]}""";

    private TelehealthHost Host => audit.Host;

    [Fact]
    public async Task A_clinician_opens_a_record_and_gives_it_up_again()
    {
        var lee = await audit.ClinicianAsync(user: "lee-1");
        Assert.Equal(HttpStatusCode.NotFound, (await Host.GetAsync("/fhir/Patient/ben", lee)).Status);

        var opened = await Host.PostAsync("/fhir/Patient/ben/$break-glass", Reason, lee, "X-Request-Id: glass-1");
        Assert.True(opened.Status == HttpStatusCode.OK, opened.Body);
        Assert.Equal("Patient/ben", opened.Json["parameter"]![0]!["valueReference"]!["reference"]!.GetValue<string>());
        var until = DateTimeOffset.Parse(opened.Json["parameter"]![1]!["valueInstant"]!.GetValue<string>(), null);
        Assert.InRange(until - TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));

        Assert.Equal(HttpStatusCode.OK, (await Host.GetAsync("/fhir/Patient/ben", lee, "X-Request-Id: glass-2")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.GetAsync("/fhir/Patient/ben", await audit.ClinicianAsync(user: "another"))).Status);

        Assert.Equal(HttpStatusCode.OK, (await Host.PostAsync("/fhir/Patient/ben/$end-break-glass", "", lee, "X-Request-Id: glass-3")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.GetAsync("/fhir/Patient/ben", lee)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Host.PostAsync("/fhir/Patient/ben/$end-break-glass", "", lee)).Status);

        var start = await audit.EventAsync("glass-1");
        Assert.Equal("110127 0 Patient/ben", AuditHost.Summary(start));
        Assert.Equal("BTG", start["purposeOfEvent"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("unconscious in the waiting room", start["purposeOfEvent"]![0]!["text"]!.GetValue<string>());
        Assert.Equal("BTG", (await audit.EventAsync("glass-2"))["purposeOfEvent"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("110138 0 Patient/ben", AuditHost.Summary(await audit.EventAsync("glass-3")));
    }

    [Theory]
    [InlineData("""{"resourceType":"Parameters"}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"because"}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueBoolean":true}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"unconscious, no relatives"},{"name":"minutes","valueInteger":0}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"unconscious, no relatives"},{"name":"minutes","valueInteger":100000}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"cause","valueString":"unconscious, no relatives"}]}""")]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("nonsense")]
    public async Task It_takes_a_reason_and_a_sensible_time(string body)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await Host.PostAsync("/fhir/Patient/ben/$break-glass", body, await audit.ClinicianAsync(user: "lee-2"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.GetAsync("/fhir/Patient/ben", await audit.ClinicianAsync(user: "lee-2"))).Status);
    }

    [Fact]
    public async Task Only_a_clinician_may_and_only_for_a_record_that_is_there()
    {
        foreach (var caller in new[] { await audit.PatientAsync("amy"), await audit.BackendAsync(), await audit.ClinicianAsync("patient/*.rs") })
        {
            var answer = await Host.PostAsync("/fhir/Patient/ben/$break-glass", Reason, caller, "X-Request-Id: glass-denied");
            Assert.True(answer.Status == HttpStatusCode.Forbidden, answer.Body);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await Host.PostAsync("/fhir/Patient/ben/$break-glass", Reason)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.PostAsync("/fhir/Patient/nobody/$break-glass", Reason, await audit.ClinicianAsync())).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Host.PostAsync("/fhir/Observation/ben/$break-glass", Reason, await audit.ClinicianAsync())).Status);
        Assert.All(await audit.EventsAsync("glass-denied", 3), made => Assert.Equal("$break-glass 4 Patient/ben", AuditHost.Summary(made)));
    }

    [Fact]
    public async Task The_accounting_shows_the_patient_who_saw_the_record_page_by_page()
    {
        var backend = await audit.BackendAsync();
        var body = """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/amy"}}""";
        await Host.PostAsync("/fhir/Observation", body, backend);
        await Host.GetAsync("/fhir/Patient/amy", await audit.ClinicianAsync());
        await Host.GetAsync("/fhir/Patient?_count=100", backend, "X-Request-Id: acc-1");
        await audit.EventsAsync("acc-1", 2);

        var amy = await audit.PatientAsync("amy");
        var all = await Host.GetAsync("/fhir/Patient/amy/$disclosures?_count=100&from=2020-01-01", amy);
        Assert.True(all.Status == HttpStatusCode.OK, all.Body);
        Assert.Contains(all.Entries, entry => entry!["resource"]!["agent"]!.AsArray().Any(agent => (string?)agent!["who"]?["reference"] == "Practitioner/lee"));
        Assert.All(all.Entries, entry => Assert.DoesNotContain("Patient/ben", entry!.ToJsonString(), StringComparison.Ordinal));
        Assert.Contains(all.Entries, entry => AuditHost.RequestIdOf(entry!["resource"]!) == "acc-1");
        Assert.Empty((await Host.GetAsync("/fhir/Patient/amy/$disclosures?to=2020-01-01", amy)).Entries);

        var first = await Host.PostAsync(
            "/fhir/Patient/amy/$disclosures", """{"resourceType":"Parameters","parameter":[{"name":"_count","valueInteger":1},{"name":"from","valueDate":"2020-01-01"}]}""", amy);
        Assert.Single(first.Entries);
        var next = new Uri(first.Link("next")!).PathAndQuery;
        var second = await Host.GetAsync(next, amy);
        Assert.Single(second.Entries);
        Assert.NotEqual(first.EntryIds, second.EntryIds);

        // The link is of this record and of no other.
        var ben = await audit.PatientAsync("ben");
        Assert.Equal(HttpStatusCode.BadRequest, (await Host.GetAsync(next.Replace("/amy/", "/ben/", StringComparison.Ordinal), ben)).Status);
        var foreign = new Uri((await Host.GetAsync("/fhir/AuditEvent?_count=1", backend)).Link("next")!).Query;
        Assert.Equal(HttpStatusCode.BadRequest, (await Host.GetAsync("/fhir/Patient/ben/$disclosures" + foreign, ben)).Status);
    }

    [Fact]
    public async Task The_accounting_is_for_the_patient_for_whoever_sees_the_record_and_for_administrators()
    {
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("amy", await audit.ClinicianAsync()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("ben", await audit.ClinicianAsync()));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("ben", await audit.PatientAsync("amy")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("ben", await audit.AuditorAsync()));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("ben", await audit.BackendAsync("system/Patient.r system/AuditEvent.s")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("ben", await audit.BackendAsync("system/Patient.r")));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("amy", await audit.ClinicianAsync("user/Observation.rs")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("nobody", await audit.AuditorAsync()));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("amy", await audit.ClinicianAsync(), "?agent=x"));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("amy", await audit.ClinicianAsync(), "?from=lt2020"));
    }

    [Fact]
    public async Task The_capability_statement_names_the_operations_and_not_what_AuditEvents_refuse()
    {
        var resources = (await Host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray();
        var patient = resources.Single(resource => (string?)resource!["type"] == "Patient")!;
        Assert.Equal(["disclosures", "break-glass", "end-break-glass", "rpm-report", "calendar-feed", "revoke-calendar-feed"], patient["operation"]!.AsArray()
            .Where(operation => !((string?)operation!["definition"])!.StartsWith("http://hl7.org/fhir/", StringComparison.Ordinal))
            .Select(operation => (string?)operation!["name"]));
        var auditEvent = resources.Single(resource => (string?)resource!["type"] == "AuditEvent")!;
        Assert.Equal(["meta", "validate"], auditEvent["operation"]!.AsArray().Select(operation => (string?)operation!["name"]).Order());
        Assert.DoesNotContain("update", auditEvent["interaction"]!.AsArray().Select(interaction => (string?)interaction!["code"]));
        Assert.DoesNotContain("delete", auditEvent["interaction"]!.AsArray().Select(interaction => (string?)interaction!["code"]));
    }

    private async Task<HttpStatusCode> StatusAsync(string patient, string caller, string query = "") =>
        (await Host.GetAsync($"/fhir/Patient/{patient}/$disclosures{query}", caller)).Status;
}
