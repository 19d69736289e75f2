using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>Recordings of visits over HTTP, on either database.</summary>
public abstract class RecordingTests(VisitHost clinic)
{
    private const string Webm = "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZw==";

    [Fact]
    public async Task A_visit_is_recorded_by_consent_and_everybody_in_the_room_is_told()
    {
        var visit = await AdmittedAsync();
        await ConsentAsync("told", "active");
        await using var amy = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Amy, visit));

        var started = await clinic.RunAsync(Lee, visit, "start-recording");

        Assert.Equal(HttpStatusCode.OK, started.Status);
        Assert.Equal("Dr. lee", (await amy.WaitAsync("recording", state => state["active"]!.GetValue<bool>()))["by"]!.GetValue<string>());
        await using var late = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Lee, visit));
        await late.WaitAsync("recording", state => state["active"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "start-recording")).Status);

        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Lee, visit, "stop-recording")).Status);
        await amy.WaitAsync("recording", state => !state["active"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "stop-recording")).Status);
        await RevokeAsync("told");
    }

    [Fact]
    public async Task Without_consent_nothing_is_recorded()
    {
        var visit = await AdmittedAsync(Ben, Ruiz);
        await AssertMissingAsync(visit, Ruiz);

        await ConsentAsync("draft", "proposed", Ben);
        await ConsentAsync("over", "active", Ben, """ "type":"permit","period":{"end":"2020-12-31"} """);
        await ConsentAsync("denied", "active", Ben, """ "type":"deny" """);
        await ConsentAsync("later", "active", Ben, """ "type":"permit","period":{"start":"2100-01-01"} """);
        await ConsentAsync("of-visits", "active", Ben, category: "telehealth-visit");
        await AssertMissingAsync(visit, Ruiz);

        await ConsentAsync("good", "active", Ben);
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Ruiz, visit, "start-recording")).Status);
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Ruiz, visit, "stop-recording")).Status);

        // Whoever records has said that they do not want to be recorded.
        await clinic.PutAsync("Consent/host-no", Consent("inactive", ""","performer":[{"reference":"Practitioner/ruiz"}] """));
        await AssertMissingAsync(visit, Ruiz);
        await clinic.SendAsync(Backend, "DELETE", "/fhir/Consent/host-no");
        await clinic.SendAsync(Backend, "DELETE", "/fhir/Consent/good");
        await AssertMissingAsync(visit, Ruiz);
    }

    [Fact]
    public async Task Only_who_runs_a_visit_in_progress_records_it()
    {
        await ConsentAsync("runs", "active");
        var planned = await clinic.BookAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, planned, "start-recording")).Status);

        var visit = await AdmittedAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Amy, visit, "start-recording")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Okoye, visit, "start-recording")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await clinic.RunAsync(Ben, visit, "start-recording")).Status);
        await RevokeAsync("runs");
    }

    [Fact]
    public async Task Consent_that_is_withdrawn_ends_the_recording_and_not_the_visit()
    {
        var visit = await AdmittedAsync();
        await ConsentAsync("withdrawn", "active");
        await using var amy = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Amy, visit));
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Lee, visit, "start-recording")).Status);

        await RevokeAsync("withdrawn");

        Assert.Equal("consent-revoked", (await amy.WaitAsync("recording", state => !state["active"]!.GetValue<bool>()))["reason"]!.GetValue<string>());
        Assert.Equal("in-progress", (await clinic.StoredAsync($"Encounter/{visit}"))["status"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "stop-recording")).Status);
        await Eventually.TrueAsync(async () =>
            (await clinic.SendAsync(Backend, "GET", $"/fhir/AuditEvent?entity=Encounter/{visit}&_count=100")).Body.Contains("recording-revoked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_recorded_file_is_filed_once_with_all_that_belongs_to_it()
    {
        var visit = await AdmittedAsync();
        await ConsentAsync("filed", "active");
        await clinic.RunAsync(Lee, visit, "start-recording");
        await clinic.PutAsync($"Binary/{visit}-file", $$""" "contentType":"video/webm","data":"{{Webm}}","securityContext":{"reference":"Encounter/{{visit}}"} """);
        await clinic.PutAsync($"Binary/{visit}-text", """ "contentType":"text/plain","data":"eA==" """);
        string File(string name) => $$"""{"name":"file","valueReference":{"reference":"Binary/{{name}}"} }""";

        // The visit ends, and the recording with it; its file comes later.
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Lee, visit, "end")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await clinic.RunAsync(Lee, visit, "stop-recording", File($"{visit}-text"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await clinic.RunAsync(Lee, visit, "stop-recording", File("nothing"))).Status);
        var filed = await clinic.RunAsync(Lee, visit, "stop-recording", File($"{visit}-file"));

        Assert.True(filed.Status == HttpStatusCode.OK, filed.Body);
        var document = await clinic.StoredAsync($"DocumentReference/{filed.Id}");
        Assert.Equal("56444-3", document["type"]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("R", document["securityLabel"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal(("Patient/amy", $"Encounter/{visit}"), (document["subject"]!["reference"]!.GetValue<string>(), document["context"]!["encounter"]![0]!["reference"]!.GetValue<string>()));
        Assert.Equal(Convert.FromBase64String(Webm).Length, document["content"]![0]!["attachment"]!["size"]!.GetValue<int>());
        Assert.EndsWith("/StructureDefinition/retention-until", document["extension"]![0]!["url"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.NotNull(document["extension"]![0]!["valueDate"]);
        var consents = document["context"]!["related"]!.AsArray().Select(one => one!["reference"]!.GetValue<string>()).ToList();
        Assert.Contains("Consent/filed", consents);
        Assert.Contains("Practitioner/lee", (await Task.WhenAll(consents.Select(clinic.StoredAsync))).Select(consent => consent["performer"]?[0]?["reference"]?.GetValue<string>()));
        Assert.Equal($"DocumentReference/{filed.Id}", Json(await clinic.SendAsync(Backend, "GET", $"/fhir/Binary/{visit}-file?_format=json"))["securityContext"]!["reference"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "stop-recording", File($"{visit}-file"))).Status);
        await RevokeAsync("filed");
    }

    private static JsonNode Json(Answer answer) => answer.Json;

    private static string Consent(string status, string more, string provision = """ "type":"permit" """, string category = "telehealth-recording") => $$"""
        "status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
        "category":[{"coding":[{"system":"https://telefhir.dev/fhir/CodeSystem/consent-category","code":"{{category}}"}]}],
        "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]},"provision":{ {{provision}} }{{more}}
        """;

    private async Task<string> AdmittedAsync(string patient = Amy, string doctor = Lee)
    {
        var visit = await clinic.CheckInAsync(patient, doctor);
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(doctor, visit, "admit")).Status);
        return visit;
    }

    private Task ConsentAsync(string id, string status, string patient = Amy, string provision = """ "type":"permit" """, string category = "telehealth-recording") =>
        clinic.PutAsync($"Consent/{id}", Consent(status, $$""","patient":{"reference":"Patient/{{patient}}"} """, provision, category));

    private Task RevokeAsync(string id) => ConsentAsync(id, "inactive");

    private async Task AssertMissingAsync(string visit, string doctor)
    {
        var answer = await clinic.RunAsync(doctor, visit, "start-recording");
        Assert.True(answer.Status == HttpStatusCode.Forbidden, answer.Body);
        Assert.Equal((HttpStatusCode.Forbidden, "consent-missing"), (answer.Status, answer.Json["issue"]![0]!["details"]!["coding"]![0]!["code"]!.GetValue<string>()));
    }
}

/// <inheritdoc />
public sealed class SqliteRecordingTests(VisitHost clinic) : RecordingTests(clinic), IClassFixture<VisitHost>;

/// <inheritdoc />
public sealed class PostgreSqlRecordingTests(VisitHostOnPostgreSql clinic) : RecordingTests(clinic), IClassFixture<VisitHostOnPostgreSql>;
