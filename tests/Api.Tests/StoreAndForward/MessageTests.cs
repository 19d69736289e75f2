using System.Net;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.StoreAndForward;

/// <summary>Messages and answered questionnaires over HTTP, on either database.</summary>
public abstract class MessageTests(TokenHost host)
{
    [Fact]
    public async Task A_thread_is_written_read_counted_and_marked_as_received()
    {
        var patient = await host.PatientAsync("mia");
        var first = await host.Server.PostAsync("/fhir/Communication", Message(null, "Patient/mia", "Practitioner/doc", "It itches."), patient);
        Assert.Equal(HttpStatusCode.Created, first.Status);
        await host.StoreAsync("Communication", "mia-reply", Members(
            "Practitioner/doc", "Patient/mia", "Since when?", $$""","partOf":[{"reference":"Communication/{{first.Id}}"}],"inResponseTo":[{"reference":"Communication/{{first.Id}}"}] """));

        const string Unread = "/fhir/Communication?recipient=Patient/mia&received:missing=true&_summary=count";
        Assert.Equal(1, (await host.Server.GetAsync(Unread, patient)).Json["total"]!.GetValue<int>());
        Assert.Equal(["mia-reply"], (await host.Server.GetAsync($"/fhir/Communication?part-of=Communication/{first.Id}", patient)).EntryIds);

        var marked = await host.Server.PatchAsync("/fhir/Communication/mia-reply", """[{"op":"add","path":"/received","value":"2026-11-02T10:00:00Z"}]""", patient);
        Assert.Equal(HttpStatusCode.OK, marked.Status);
        Assert.Equal(0, (await host.Server.GetAsync(Unread, patient)).Json["total"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PatchAsync("/fhir/Communication/mia-reply", """[{"op":"replace","path":"/received","value":"2026-11-03T10:00:00Z"}]""", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PatchAsync("/fhir/Communication/mia-reply", """[{"op":"remove","path":"/received"}]""", patient)).Status);
    }

    [Fact]
    public async Task A_patient_writes_in_the_own_name_alone()
    {
        var patient = await host.PatientAsync("own");

        foreach (var sender in (string[])["Practitioner/doc", "Patient/other"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await host.Server.PostAsync("/fhir/Communication", Message(null, sender, "Patient/own", "x"), patient)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await host.Server.PutAsync($"/fhir/Communication/own-{sender.Split('/')[1]}", Message($"own-{sender.Split('/')[1]}", sender, "Patient/own", "x"), patient)).Status);
        }

        await host.StoreAsync("Communication", "to-own", Members("Practitioner/doc", "Patient/own", "Take two a day."));
        foreach (var patch in (string[])[
            """[{"op":"replace","path":"/payload/0/contentString","value":"Take nine a day."}]""",
            """[{"op":"add","path":"/note","value":[{"text":"not mine"}]}]""",
            """[{"op":"replace","path":"/sender/reference","value":"Patient/own"}]"""])
        {
            var answer = await host.Server.PatchAsync("/fhir/Communication/to-own", patch, patient);
            Assert.True(answer.Status is HttpStatusCode.Forbidden or HttpStatusCode.Conflict, answer.Body);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await host.Server.DeleteAsync("/fhir/Communication/to-own", patient)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Server.GetAsync("/fhir/Communication/to-own", await host.PatientAsync("stranger"))).Status);
        Assert.Equal("Take two a day.", (await host.Server.GetAsync("/fhir/Communication/to-own", patient)).Json["payload"]![0]!["contentString"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_was_sent_is_not_rewritten_by_anybody()
    {
        await host.StoreAsync("Communication", "sent", Members("Practitioner/doc", "Patient/own", "A."));

        foreach (var patch in (string[])[
            """[{"op":"replace","path":"/payload/0/contentString","value":"B."}]""",
            """[{"op":"replace","path":"/sent","value":"2020-01-01T00:00:00Z"}]""",
            """[{"op":"replace","path":"/sender/reference","value":"Practitioner/other"}]"""])
        {
            Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PatchAsync("/fhir/Communication/sent", patch, host.Staff)).Status);
        }
    }

    [Fact]
    public async Task Answers_are_collected_completed_and_then_only_amended()
    {
        var patient = await host.PatientAsync("asked");
        Assert.Equal(HttpStatusCode.Created, (await AnswerAsync("in-progress", "1", patient)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("in-progress", "2", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AnswerAsync("amended", "2", patient)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("completed", "2", patient)).Status);

        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("completed", "2", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AnswerAsync("completed", "3", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AnswerAsync("in-progress", "3", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PatchAsync("/fhir/QuestionnaireResponse/life", """[{"op":"replace","path":"/item/0/answer/0/valueString","value":"3"}]""", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.DeleteAsync("/fhir/QuestionnaireResponse/life", patient)).Status);
        var bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{Response("completed", "3")}},"request":{"method":"PUT","url":"QuestionnaireResponse/life"} }]}""";
        Assert.Equal(HttpStatusCode.Conflict, (await host.Server.PostAsync("/fhir", bundle, patient)).Status);

        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("amended", "3", patient)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("amended", "4", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AnswerAsync("completed", "4", patient)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync("entered-in-error", "4", patient)).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await AnswerAsync("amended", "4", patient)).Status);
    }

    private static string Response(string status, string answer) => $$"""
        {"resourceType":"QuestionnaireResponse","id":"life","status":"{{status}}","subject":{"reference":"Patient/asked"},
         "item":[{"linkId":"1","answer":[{"valueString":"{{answer}}"}]}]}
        """;

    private static string Members(string sender, string recipient, string text, string more = "") => $$"""
        "status":"completed","sender":{"reference":"{{sender}}"},"recipient":[{"reference":"{{recipient}}"}],"sent":"2026-11-02T09:00:00Z","payload":[{"contentString":"{{text}}"}]{{more}}
        """;

    private static string Message(string? id, string sender, string recipient, string text) =>
        $$"""{"resourceType":"Communication",{{(id is null ? "" : $"\"id\":\"{id}\",")}}{{Members(sender, recipient, text)}} }""";

    private Task<Answer> AnswerAsync(string status, string answer, string caller) =>
        host.Server.PutAsync("/fhir/QuestionnaireResponse/life", Response(status, answer), caller);
}

/// <inheritdoc />
public sealed class SqliteMessageTests(SqliteTokenHost host) : MessageTests(host), IClassFixture<SqliteTokenHost>;

/// <inheritdoc />
public sealed class PostgreSqlMessageTests(PostgreSqlTokenHost host) : MessageTests(host), IClassFixture<PostgreSqlTokenHost>;
