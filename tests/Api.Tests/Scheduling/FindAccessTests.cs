using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Smart.Leaks;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Who may look for times, for whom, and what they learn of others by it: nothing.</summary>
public sealed class FindAccessTests(LeakHost leaks) : IClassFixture<LeakHost>
{
    private const string Staff = "the server's own";
    private const string Stranger = "another patient's app";
    private const string Day = "start=2100-03-01T00:00:00Z&end=2100-03-02T00:00:00Z&practitioner=Practitioner/fa";

    [Fact]
    public async Task A_patient_sees_what_is_free_and_nothing_of_who_has_the_rest()
    {
        await FillAsync();

        foreach (var (caller, patient) in (ValueTuple<string, string>[])
            [(Stranger, "own-pat"), ("another patient's app with user scopes", "own-pat"), (LeakHost.Owner, "hid-pat")])
        {
            var found = await leaks.SendAsync(caller, "GET", $"/fhir/Appointment/$find?{Day}", null);
            var proposal = found.Entries[0]!["resource"]!;

            Assert.Equal(1, found.Json["total"]!.GetValue<int>());
            Assert.Equal([$"Patient/{patient}", "Practitioner/fa"], proposal["participant"]!.AsArray().Select(one => one!["actor"]!["reference"]!.GetValue<string>()));
            Assert.Equal("Slot/fa-free", proposal["slot"]![0]!["reference"]!.GetValue<string>());
            Assert.DoesNotContain(LeakHost.Secret, found.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("fa-taken", found.Body, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Stranger, "GET", $"/fhir/Appointment/$find?{Day}&patient-reference=Patient/hid-pat", null)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Stranger, "GET", $"/fhir/Appointment/$find?{Day}&patient-reference=Patient/own-pat&patient-reference=Patient/hid-pat", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(Stranger, "GET", $"/fhir/Appointment/$find?{Day}&ignore-appointment=fa-taken", null)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync("a scope for another category", "GET", $"/fhir/Appointment/$find?{Day}", null)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await leaks.SendAsync("a clinician of elsewhere", "GET", $"/fhir/Appointment/$find?{Day}&patient-reference=Patient/hid-pat", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync(LeakHost.Doctor, "GET", $"/fhir/Appointment/$find?{Day}&patient-reference=Patient/hid-pat", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync("a scope for another type", "GET", $"/fhir/Appointment/$find?{Day}", null)).Status);
    }

    [Fact]
    public async Task A_proposal_is_for_who_asked_alone()
    {
        await FillAsync();
        var found = await leaks.SendAsync(LeakHost.Doctor, "GET", $"/fhir/Appointment/$find?{Day}&patient-reference=Patient/hid-pat", null);
        var address = $"/fhir/Appointment/{found.EntryIds.Single()}";

        Assert.Equal(HttpStatusCode.OK, (await leaks.SendAsync(LeakHost.Doctor, "GET", address, null)).Status);
        foreach (var caller in (string[])[Staff, LeakHost.Owner, LeakHost.OtherDoctor, Stranger, "a clinician of elsewhere"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await leaks.SendAsync(caller, "GET", address, null)).Status);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync("a scope for another type", "GET", address, null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await leaks.SendAsync("without a token", "GET", address, null)).Status);
    }

    private async Task FillAsync()
    {
        await PutAsync($$"""{"resourceType":"Practitioner","id":"fa","extension":[{{Clinic.Zone("UTC")}}]}""");
        await PutAsync("""{"resourceType":"Schedule","id":"fa","actor":[{"reference":"Practitioner/fa"}]}""");
        await PutAsync("""{"resourceType":"Slot","id":"fa-free","schedule":{"reference":"Schedule/fa"},"status":"free","start":"2100-03-01T09:00:00Z","end":"2100-03-01T09:30:00Z"}""");
        if ((await leaks.SendAsync(Staff, "GET", "/fhir/Slot/fa-taken", null)).Status == HttpStatusCode.OK)
        {
            return;
        }

        await PutAsync("""{"resourceType":"Slot","id":"fa-taken","schedule":{"reference":"Schedule/fa"},"status":"free","start":"2100-03-01T10:00:00Z","end":"2100-03-01T10:30:00Z"}""");
        await PutAsync($$"""
            {"resourceType":"Appointment","id":"fa-taken","status":"booked","description":"{{LeakHost.Secret}}","slot":[{"reference":"Slot/fa-taken"}],
             "start":"2100-03-01T10:00:00Z","end":"2100-03-01T10:30:00Z","participant":[{"actor":{"reference":"Patient/hid-pat"},"status":"accepted"}]}
            """);
    }

    private async Task PutAsync(string json)
    {
        var resource = JsonNode.Parse(json)!;
        var answer = await leaks.SendAsync(Staff, "PUT", $"/fhir/{resource["resourceType"]}/{resource["id"]}", json);
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }
}
