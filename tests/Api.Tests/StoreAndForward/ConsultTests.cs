using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.StoreAndForward;

/// <summary>E-consults over HTTP, on either database (https://hl7.org/fhir/R4/task.html).</summary>
public abstract class ConsultTests(TokenHost host)
{
    [Fact]
    public async Task An_e_consult_goes_from_the_request_to_the_answer()
    {
        await ConsultAsync("whole");
        await host.StoreAsync("Communication", "whole-answer", """ "status":"completed","payload":[{"contentString":"Benign."}] """);

        await StepAsync("whole", "received");
        await StepAsync("whole", "accepted", ""","owner":{"reference":"Practitioner/derm"} """);
        await StepAsync("whole", "in-progress");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "answer-missing"), await TryAsync("whole", "completed"));
        await StepAsync("whole", "completed", ""","output":[{"type":{"text":"answer"},"valueReference":{"reference":"Communication/whole-answer"}}] """);

        Assert.Equal((HttpStatusCode.Conflict, "invalid-transition"), await TryAsync("whole", "in-progress"));
    }

    [Fact]
    public async Task Of_fifty_who_claim_it_one_gets_it()
    {
        await ConsultAsync("raced");

        var claims = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => number % 2 == 0
            ? PutAsync("raced", "accepted", $$""","owner":{"reference":"Practitioner/p{{number}}"} """)
            : PatchAsync("raced", $$"""[{"op":"replace","path":"/status","value":"accepted"},{"op":"add","path":"/owner","value":{"reference":"Practitioner/p{{number}}"} }]""")));

        var winner = Assert.Single(claims, claim => claim.Status == HttpStatusCode.OK);
        Assert.All(claims.Where(claim => claim != winner), claim => Assert.Equal(HttpStatusCode.Conflict, claim.Status));
        var stored = await host.Server.GetAsync("/fhir/Task/raced", host.Staff);
        Assert.Equal((winner.Json["owner"]!["reference"]!.GetValue<string>(), "W/\"2\""), (stored.Json["owner"]!["reference"]!.GetValue<string>(), stored.ETag));
    }

    [Fact]
    public async Task What_is_accepted_keeps_its_owner_until_the_end()
    {
        await ConsultAsync("owned");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "owner-missing"), await TryAsync("owned", "accepted"));
        await StepAsync("owned", "accepted", ""","owner":{"reference":"Practitioner/derm"} """);

        Assert.Equal((HttpStatusCode.Conflict, "already-claimed"), await TryAsync("owned", "accepted", ""","owner":{"reference":"Practitioner/other"} """));
        Assert.Equal((HttpStatusCode.Conflict, "already-claimed"), await TryAsync("owned", "in-progress", ""","owner":{"reference":"Practitioner/other"} """));
        var moved = await PatchAsync("owned", """[{"op":"replace","path":"/owner/reference","value":"Practitioner/other"}]""");
        Assert.Equal(HttpStatusCode.Conflict, moved.Status);
        var away = await PatchAsync("owned", """[{"op":"replace","path":"/focus/reference","value":"Patient/con"},{"op":"replace","path":"/status","value":"requested"},{"op":"remove","path":"/owner"}]""");
        Assert.Equal(HttpStatusCode.Conflict, away.Status);
        await StepAsync("owned", "accepted", ""","owner":{"reference":"Practitioner/derm"},"description":"the same owner" """);
    }

    [Fact]
    public async Task It_is_rejected_for_a_reason()
    {
        await ConsultAsync("rejected");

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "status-reason-missing"), await TryAsync("rejected", "rejected"));
        await StepAsync("rejected", "rejected", ""","statusReason":{"text":"not our field"} """);
        Assert.Equal((HttpStatusCode.Conflict, "invalid-transition"), await TryAsync("rejected", "accepted", ""","owner":{"reference":"Practitioner/derm"} """));
    }

    [Theory]
    [InlineData("completed")]
    [InlineData("in-progress")]
    [InlineData("failed")]
    [InlineData("draft")]
    public async Task What_is_requested_does_not_skip_a_step(string status)
    {
        await ConsultAsync($"skip-{status}");

        Assert.Equal((HttpStatusCode.Conflict, "invalid-transition"), await TryAsync($"skip-{status}", status));
    }

    [Fact]
    public async Task The_rules_hold_in_bundles_too()
    {
        await ConsultAsync("bundled");
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{Consult("bundled", "completed")}},"request":{"method":"PUT","url":"Task/bundled"} }]}""";

        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PostAsync("/fhir", bundle, host.Staff)).Status);
        var batch = await host.Server.PostAsync("/fhir", bundle.Replace("transaction", "batch", StringComparison.Ordinal), host.Staff);
        Assert.StartsWith("409", batch.Entries[0]!["response"]!["status"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Task_by_basedOn_is_one_too_and_other_Tasks_are_free()
    {
        await host.StoreAsync("Task", "based", """ "status":"requested","intent":"order","basedOn":[{"reference":"ServiceRequest/con"}] """);
        await host.StoreAsync("Task", "review", """ "status":"requested","intent":"order","code":{"text":"review-reading"},"focus":{"reference":"Observation/x"} """);

        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PatchAsync("/fhir/Task/based", """[{"op":"replace","path":"/status","value":"completed"}]""", host.Staff)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Server.PatchAsync("/fhir/Task/review", """[{"op":"replace","path":"/status","value":"completed"}]""", host.Staff)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Server.PatchAsync("/fhir/Task/review", """[{"op":"replace","path":"/status","value":"in-progress"}]""", host.Staff)).Status);
    }

    [Fact]
    public async Task A_patient_withdraws_a_request_and_does_no_more()
    {
        await ConsultAsync("patients");
        var patient = await host.PatientAsync("con");

        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PutAsync("/fhir/Task/patients", Consult("patients", "accepted", ""","owner":{"reference":"Practitioner/x"} """), patient)).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.Server.PutAsync("/fhir/Task/patients", Consult("patients", "cancelled"), patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PutAsync("/fhir/Task/forged", Consult("forged", "completed"), patient)).Status);
        Assert.Equal(HttpStatusCode.Created, (await host.Server.PutAsync("/fhir/Task/asked", Consult("asked", "requested"), patient)).Status);
    }

    [Fact]
    public async Task What_nobody_answered_in_time_is_on_the_list_of_the_overdue()
    {
        await ConsultAsync("late", ""","restriction":{"period":{"end":"2020-01-01T00:00:00Z"} } """);
        await ConsultAsync("early", ""","restriction":{"period":{"end":"2100-01-01"} } """);
        await ConsultAsync("withdrawn", ""","restriction":{"period":{"end":"2020-01-01"} } """);
        await StepAsync("withdrawn", "cancelled");

        var list = await host.Server.GetAsync("/fhir/Task/$overdue", host.Staff);

        Assert.Equal(HttpStatusCode.OK, list.Status);
        Assert.Equal(["late"], list.EntryIds);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Server.GetAsync("/fhir/Task/$overdue", await host.PatientAsync("con"))).Status);
    }

    private static string Consult(string id, string status, string more = "") => $$"""
        {"resourceType":"Task","id":"{{id}}","status":"{{status}}","intent":"order","focus":{"reference":"ServiceRequest/con"},"for":{"reference":"Patient/con"}{{more}} }
        """;

    private async Task ConsultAsync(string id, string more = "")
    {
        var answer = await host.Server.PutAsync($"/fhir/Task/{id}", Consult(id, "requested", more), host.Staff);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
    }

    /// <summary>A change of status that keeps all else that is stored.</summary>
    private async Task<Answer> PutAsync(string id, string status, string more = "")
    {
        var task = JsonNode.Parse((await host.Server.GetAsync($"/fhir/Task/{id}", host.Staff)).Body)!.AsObject();
        task["status"] = status;
        foreach (var (name, value) in JsonNode.Parse($"{{\"id\":\"{id}\"{more}}}")!.AsObject())
        {
            task[name] = value?.DeepClone();
        }

        return await host.Server.PutAsync($"/fhir/Task/{id}", task.ToJsonString(), host.Staff);
    }

    private Task<Answer> PatchAsync(string id, string patch) => host.Server.PatchAsync($"/fhir/Task/{id}", patch, host.Staff);

    private async Task StepAsync(string id, string status, string more = "")
    {
        var answer = await PutAsync(id, status, more);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    private async Task<(HttpStatusCode Status, string? Code)> TryAsync(string id, string status, string more = "")
    {
        var answer = await PutAsync(id, status, more);
        return (answer.Status, answer.Json["issue"]?[0]?["details"]?["coding"]?[0]?["code"]?.GetValue<string>());
    }
}

/// <inheritdoc />
public sealed class SqliteConsultTests(SqliteTokenHost host) : ConsultTests(host), IClassFixture<SqliteTokenHost>;

/// <inheritdoc />
public sealed class PostgreSqlConsultTests(PostgreSqlTokenHost host) : ConsultTests(host), IClassFixture<PostgreSqlTokenHost>;
