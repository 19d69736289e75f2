using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>Links to meetings elsewhere, which let in whoever has them: <c>$join</c> tells them, and nothing else does.</summary>
public abstract class LinkTests(VisitHost clinic)
{
    private const string Secret = "zoom.example/j/123?pwd=Sesame";
    private const string Link = "https://" + Secret;

    private static int _times;

    public static TheoryData<string> Forms =>
    [
        $$"""{"url":"address","valueUrl":"{{Link}}"}""",
        $$"""{"url":"address","valueString":"{{Link}}"}""",
        $$"""{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-VirtualServiceDetail.address","valueContactPoint":{"system":"url","value":"{{Link}}"} }""",
        $$"""{"url":"address","extension":[{"url":"telecom","valueContactPoint":{"system":"url","value":"http://localhost/visit/x"} },{"url":"telecom","valueContactPoint":{"system":"phone","value":"{{Link}}"} }]}""",
    ];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task By_whatever_way_it_comes_it_is_kept_from_everybody(string form)
    {
        var n = Interlocked.Increment(ref _times);
        var (id, patched, bundled, place) = ($"link-{n}", $"link-p{n}", $"link-b{n}", $"link-l{n}");
        var answers = new List<Answer>
        {
            await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", Appointment(id, Service("Appointment", form))),
            await clinic.SendAsync(Backend, "POST", "/fhir/Appointment", Appointment(null, Service("Appointment", form), "proposed")),
            await clinic.SendAsync(Backend, "PUT", $"/fhir/Location/{place}", $$"""{"resourceType":"Location","id":"{{place}}",{{Service("Location", form)}}"name":"Room"}"""),
            await clinic.SendAsync(Backend, "POST", "/fhir", $$"""
                {"resourceType":"Bundle","type":"transaction","entry":[{"resource":{{Appointment(bundled, Service("Appointment", form))}},"request":{"method":"PUT","url":"Appointment/{{bundled}}"} }]}
                """),
            await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{patched}", Appointment(patched, "")),
        };
        var extension = Service("Appointment", form)["\"extension\":".Length..].TrimEnd(',');
        answers.Add(await clinic.Server.SendAsync(
            "PATCH", $"/fhir/Appointment/{patched}", $$"""[{"op":"add","path":"/extension","value":{{extension}} }]""",
            clinic.Header(Backend), "Content-Type: application/json-patch+json"));
        var visit = Encounter(await clinic.SendAsync(Backend, "GET", $"/fhir/Encounter?appointment=Appointment/{id}"));
        answers.Add(await clinic.SendAsync(Backend, "PUT", $"/fhir/Encounter/{visit["id"]}", With(visit, Service("Encounter", form)).ToJsonString()));
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, answer.Body));

        foreach (var address in (string[])[
            $"Appointment/{id}", $"Appointment/{id}/_history", $"Appointment/{id}/_history/1", $"Appointment/{patched}/_history", $"Appointment/{bundled}",
            "Appointment?patient=Patient/amy&_include=Appointment:actor&_count=200", "Appointment?status=proposed", $"Location/{place}", $"Location/{place}/_history",
            $"Encounter/{visit["id"]}/_history", $"Encounter?appointment=Appointment/{id}&_revinclude=Provenance:target", "Patient/amy/$everything", "_history?_count=100",
        ])
        {
            answers.Add(await clinic.SendAsync(Backend, "GET", $"/fhir/{address}"));
        }

        Assert.All(answers, answer => Assert.DoesNotContain("Sesame", answer.Body, StringComparison.Ordinal));
        Assert.Contains($"/visit/{visit["id"]}", (await clinic.StoredAsync($"Appointment/{id}")).ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("/app/", (await clinic.StoredAsync($"Location/{place}")).ToJsonString(), StringComparison.Ordinal);
        DemandNotInDatabase("Sesame");
    }

    [Fact]
    public async Task Whoever_is_let_in_is_told_it_by_any_server()
    {
        var id = $"link-{Interlocked.Increment(ref _times)}";
        await PutAsync(id, Appointment(id, Service("Appointment", Address(Link), "zoom")));
        var visit = Encounter(await clinic.SendAsync(Backend, "GET", $"/fhir/Encounter?appointment=Appointment/{id}"))["id"]!.GetValue<string>();
        Assert.Contains("zoom", (await clinic.StoredAsync($"Encounter/{visit}")).ToJsonString(), StringComparison.Ordinal);

        var lobby = await clinic.RunAsync(Amy, visit, "join");
        Assert.DoesNotContain("Sesame", lobby.Body, StringComparison.Ordinal);
        await clinic.RunAsync(Lee, visit, "admit");
        var joined = await clinic.RunAsync(Amy, visit, "join");
        Assert.Equal((Link, "guest"), (Value(joined, "url", "valueUrl"), Value(joined, "role", "valueCode")));
        Assert.Equal("zoom", joined.Json["parameter"]![1]!["valueCoding"]!["code"]!.GetValue<string>());
        Assert.Contains("presence", joined.Body, StringComparison.Ordinal);
        Assert.True(joined.Headers.CacheControl!.NoStore);

        await using var second = await clinic.SecondAsync();
        Assert.Equal(Link, Value(await clinic.RunAsync(Lee, visit, "join", server: second), "url", "valueUrl"));
        Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Okoye, visit, "join", server: second)).Status);
    }

    [Fact]
    public async Task What_is_shown_can_be_written_back_and_a_new_link_takes_the_place_of_the_old()
    {
        var id = $"link-{Interlocked.Increment(ref _times)}";
        await PutAsync(id, Appointment(id, Service("Appointment", Address(Link))));
        var visit = Encounter(await clinic.SendAsync(Backend, "GET", $"/fhir/Encounter?appointment=Appointment/{id}"))["id"]!.GetValue<string>();

        var shown = await clinic.StoredAsync($"Appointment/{id}");
        shown["comment"] = "Bring the list";
        await PutAsync(id, shown.ToJsonString());
        Assert.Equal(Link, await UrlAsync(visit));

        // What is stored stays as it is, and yet the link is another.
        var before = (await clinic.StoredAsync($"Appointment/{id}"))["meta"]!["versionId"]!.GetValue<string>();
        shown["extension"] = JsonNode.Parse($"[{Extension("Appointment", Address("https://other.example/Sesame2"))}]");
        await PutAsync(id, shown.ToJsonString());
        Assert.Equal("https://other.example/Sesame2", await UrlAsync(visit));
        Assert.DoesNotContain("Sesame", (await clinic.StoredAsync($"Appointment/{id}")).ToJsonString(), StringComparison.Ordinal);
        Assert.True(int.Parse((await clinic.StoredAsync($"Appointment/{id}"))["meta"]!["versionId"]!.GetValue<string>(), null) >= int.Parse(before, null));

        shown.AsObject().Remove("extension");
        await PutAsync(id, shown.ToJsonString());
        Assert.Equal("ws://localhost/rtc", await UrlAsync(visit));
    }

    [Fact]
    public async Task A_visit_has_one_link()
    {
        var id = $"link-{Interlocked.Increment(ref _times)}";
        var two = $"\"extension\":[{Extension("Appointment", Address(Link))},{Extension("Appointment", Address(Link + "2"))}],";

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", Appointment(id, two))).Status);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", Appointment(id, Service("Appointment", Address($"https://a.example/{new string('x', 3000)}"))))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await clinic.SendAsync(Backend, "GET", $"/fhir/Appointment/{id}")).Status);
    }

    [Fact]
    public async Task What_visits_meet_by_is_what_the_clinic_has_set()
    {
        await using var server = await clinic.SecondAsync(
            ("Visits:Video:Provider", "Jitsi"), ("Visits:Video:Url", "https://meet.example"), ("Visits:Video:AppId", "a"), ("Visits:Video:Secret", new string('s', 32)));
        var id = $"link-{Interlocked.Increment(ref _times)}";
        var booked = await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", Appointment(id, ""), server);

        Assert.Contains("\"jitsi\"", booked.Body, StringComparison.Ordinal);
        Assert.Contains("\"jitsi\"", Encounter(await clinic.SendAsync(Backend, "GET", $"/fhir/Encounter?appointment=Appointment/{id}")).ToJsonString(), StringComparison.Ordinal);
    }

    private async Task<string> UrlAsync(string visit) => Value(await clinic.RunAsync(Lee, visit, "join"), "url", "valueUrl");

    private async Task PutAsync(string id, string json)
    {
        var answer = await clinic.SendAsync(Backend, "PUT", $"/fhir/Appointment/{id}", json);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, answer.Body);
    }

    private void DemandNotInDatabase(string text)
    {
        if (clinic is VisitHostOnPostgreSql)
        {
            return;
        }

        var file = new SqliteConnectionStringBuilder(clinic.Server.Database).DataSource;
        foreach (var part in (string[])[file, $"{file}-wal"])
        {
            using var stream = new FileStream(part, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) < 0, $"It is in {Path.GetFileName(part)}.");
        }
    }

    private static JsonNode Encounter(Answer answer) => Assert.Single(answer.Entries)!["resource"]!;

    private static JsonNode With(JsonNode resource, string member)
    {
        var changed = resource.DeepClone();
        changed["extension"] = JsonNode.Parse($"{{{member.TrimEnd(',')}}}")!["extension"]!.DeepClone();
        return changed;
    }

    private static string Address(string link) => $$"""{"url":"address","valueUrl":"{{link}}"}""";

    private static string Service(string type, string address, string channel = "") => $"\"extension\":[{Extension(type, address, channel)}],";

    private static string Extension(string type, string address, string channel = "") => $$"""
        {"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-{{type}}.virtualService","extension":[
          {"url":"http://hl7.org/fhir/StructureDefinition/_datatype","valueString":"VirtualServiceDetail"},
          {{(channel.Length == 0 ? "" : $$"""{"url":"channelType","valueCoding":{"system":"http://hl7.org/fhir/virtual-service-type","code":"{{channel}}"} },""")}}{{address}},
          {"url":"sessionKey","valueString":"Sesame"}]}
        """;

    private static string Appointment(string? id, string more, string status = "booked")
    {
        var start = new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(Interlocked.Increment(ref _times));
        return $$"""
            {"resourceType":"Appointment",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"status":"{{status}}",{{more}}"serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],
             "start":"{{start:yyyy-MM-ddTHH:mm:ssZ}}","end":"{{start.AddMinutes(20):yyyy-MM-ddTHH:mm:ssZ}}","participant":[
             {"actor":{"reference":"Patient/amy"},"status":"accepted"},{"actor":{"reference":"Practitioner/lee"},"status":"accepted"}]}
            """;
    }
}

/// <inheritdoc />
public sealed class LinkOnSqliteTests(VisitHost clinic) : LinkTests(clinic), IClassFixture<VisitHost>;

/// <inheritdoc />
public sealed class LinkOnPostgreSqlTests(VisitHostOnPostgreSql clinic) : LinkTests(clinic), IClassFixture<VisitHostOnPostgreSql>;
