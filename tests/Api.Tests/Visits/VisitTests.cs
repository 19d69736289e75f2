using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

public abstract class VisitTests(VisitHost clinic)
{
    private const string Canonical = "https://telefhir.dev/fhir";

    [Fact]
    public async Task A_patient_waits_in_the_lobby_until_the_clinician_lets_them_in()
    {
        var visit = await clinic.CheckInAsync();

        var before = await clinic.RunAsync(Amy, visit, "join", """{"name":"device-check","valueBoolean":true}""");
        var host = await clinic.RunAsync(Lee, visit, "join");
        var admitted = await clinic.RunAsync(Lee, visit, "admit");
        var after = await clinic.RunAsync(Amy, visit, "join");

        Assert.Equal(("lobby", "host", "guest"), (Value(before, "role", "valueCode"), Value(host, "role", "valueCode"), Value(after, "role", "valueCode")));
        Assert.Equal("ws://localhost/rtc", Value(before, "url", "valueUrl"));
        Assert.Equal(Value(before, "room", "valueId"), Value(host, "room", "valueId"));
        Assert.True(before.Headers.CacheControl!.NoStore);
        Assert.Equal(("in-progress", visit), (admitted.Json["status"]!.GetValue<string>(), admitted.Id));
        Assert.NotNull(admitted.Json["period"]!["start"]);
        Assert.Equal("fulfilled", (await clinic.StoredAsync($"Appointment/{visit}"))["status"]!.GetValue<string>());
        var history = admitted.Json["statusHistory"]!.AsArray();
        Assert.Equal("arrived", history[^1]!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Of_many_who_admit_one_wins_and_of_many_who_end_one_does()
    {
        var visit = await clinic.BookAsync();

        var admitted = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => clinic.RunAsync(Lee, visit, "admit")));
        var ended = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => clinic.RunAsync(Lee, visit, "end")));

        foreach (var answers in (Answer[][])[admitted, ended])
        {
            Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
            Assert.Equal(29, answers.Count(answer => answer.Status == HttpStatusCode.Conflict && answer.IssueCode == "conflict"));
        }

        var encounter = await clinic.StoredAsync($"Encounter/{visit}");
        Assert.Equal("finished", encounter["status"]!.GetValue<string>());
        Assert.NotNull(encounter["period"]!["end"]);
        Assert.Equal("min", encounter["length"]!["unit"]!.GetValue<string>());
        Assert.Equal("fulfilled", (await clinic.StoredAsync($"Appointment/{visit}"))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Whoever_takes_no_part_is_refused_and_learns_nothing()
    {
        var visit = await clinic.CheckInAsync();
        foreach (var operation in (string[])["join", "leave", "admit", "end"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await clinic.RunAsync(Ben, visit, operation)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Okoye, visit, operation)).Status);
        }

        foreach (var operation in (string[])["admit", "end"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Amy, visit, operation)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await clinic.Server.PostAsync($"/fhir/Encounter/{visit}/$join", "{}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await clinic.RunAsync(Lee, "nobody", "join")).Status);
        Assert.Equal("arrived", (await clinic.StoredAsync($"Encounter/{visit}"))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_role_of_a_practitioner_runs_the_visit_and_an_interpreter_is_a_guest()
    {
        var visit = await clinic.CheckInAsync();
        var encounter = await clinic.StoredAsync($"Encounter/{visit}");
        encounter["participant"] = JsonNode.Parse("""
            [{"individual":{"reference":"PractitionerRole/lee"}},
             {"type":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/participant-type","code":"translator"}]}],"individual":{"reference":"Practitioner/okoye"}}]
            """);
        Assert.Equal(HttpStatusCode.OK, (await clinic.SendAsync(Backend, "PUT", $"/fhir/Encounter/{visit}", encounter.ToJsonString())).Status);

        Assert.Equal("host", Value(await clinic.RunAsync(Lee, visit, "join"), "role", "valueCode"));
        Assert.Equal("lobby", Value(await clinic.RunAsync(Okoye, visit, "join"), "role", "valueCode"));
        Assert.Equal("host", Value(await clinic.RunAsync(Backend, visit, "join"), "role", "valueCode"));
        Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Okoye, visit, "admit")).Status);
    }

    [Fact]
    public async Task What_is_over_cannot_be_joined_and_what_has_not_begun_cannot_end()
    {
        var visit = await clinic.CheckInAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "end")).Status);
        await clinic.RunAsync(Lee, visit, "admit");
        await clinic.RunAsync(Lee, visit, "end", """{"name":"reason","valueString":"done"}""");

        Assert.Equal(HttpStatusCode.Gone, (await clinic.RunAsync(Amy, visit, "join")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await clinic.RunAsync(Lee, visit, "join")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await clinic.RunAsync(Lee, visit, "invite", """{"name":"name","valueString":"Uncle"}""")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await clinic.RunAsync(Lee, visit, "admit")).Status);
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Amy, visit, "leave")).Status);
    }

    [Fact]
    public async Task The_waiting_room_shows_who_waits_oldest_first_and_patients_their_own_place()
    {
        var doctor = Ruiz;
        var first = await clinic.CheckInAsync(Amy, doctor);
        var second = await clinic.CheckInAsync(Ben, doctor);
        await clinic.BookAsync(Ben, doctor);

        var list = await clinic.SendAsync(Ruiz, "GET", "/fhir/Encounter/$waiting-room?practitioner=ruiz");
        var own = (await clinic.SendAsync(Ben, "GET", $"/fhir/Encounter/{second}")).Json;

        Assert.Equal([first, second], list.EntryIds);
        Assert.Equal(("searchset", 2), (list.Json["type"]!.GetValue<string>(), list.Json["total"]!.GetValue<int>()));
        Assert.Equal(2, Part(own, "position")["valuePositiveInt"]!.GetValue<int>());
        Assert.Equal(20, Part(own, "estimatedMinutes")["valueUnsignedInt"]!.GetValue<int>());
        Assert.True(JsonNode.DeepEquals(Waiting(own), Waiting(list.Entries[1]!["resource"]!)));
        Assert.Equal(HttpStatusCode.Forbidden, (await clinic.SendAsync(Amy, "GET", "/fhir/Encounter/$waiting-room")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await clinic.SendAsync(Ruiz, "GET", "/fhir/Encounter/$waiting-room?practitioner=Patient/amy")).Status);

        await clinic.RunAsync(Ruiz, first, "admit");
        own = (await clinic.SendAsync(Ben, "GET", $"/fhir/Encounter/{second}")).Json;
        Assert.Equal(1, Part(own, "position")["valuePositiveInt"]!.GetValue<int>());
        Assert.Null(Waiting((await clinic.SendAsync(Amy, "GET", $"/fhir/Encounter/{first}")).Json));
        Assert.Null(Waiting((await clinic.SendAsync(Ben, "GET", $"/fhir/Encounter/{second}/_history/1")).Json));
        Assert.Equal([second], (await clinic.SendAsync(Ruiz, "GET", "/fhir/Encounter/$waiting-room?practitioner=Practitioner/ruiz")).EntryIds);
        Assert.Empty((await clinic.SendAsync(Ruiz, "GET", "/fhir/Encounter/$waiting-room?practitioner=ruiz&location=nowhere")).Entries);
    }

    [Fact]
    public async Task A_guest_comes_by_a_link_that_works_once_and_comes_back_by_a_cookie()
    {
        var visit = await clinic.CheckInAsync();
        var invited = await clinic.RunAsync(Lee, visit, "invite", """
            {"name":"name","valueString":"Uncle Bob"},{"name":"relationship","valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode","code":"UNCLE"}]}},
            {"name":"telecom","valueContactPoint":{"system":"email","value":"bob@example.org"}}
            """);
        Assert.Equal(HttpStatusCode.Created, invited.Status);
        var url = Value(invited, "url", "valueUrl");
        Assert.StartsWith($"http://localhost/visit/{visit}#invite=", url, StringComparison.Ordinal);
        var code = url.Split("#invite=")[1];
        var encounter = await clinic.StoredAsync($"Encounter/{visit}");
        var person = encounter["participant"]![1]!["individual"]!["reference"]!.GetValue<string>();
        Assert.Equal("Patient/amy", (await clinic.StoredAsync(person))["patient"]!["reference"]!.GetValue<string>());

        using var browser = clinic.Server.NewBrowser();
        var elsewhere = await clinic.BookAsync();
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(browser, elsewhere, code)).Status);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => GuestAsync(browser, visit, code)));
        var joined = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19, answers.Count(answer => answer.Status == HttpStatusCode.Gone));
        Assert.Equal("lobby", Value(joined, "role", "valueCode"));
        await using (var socket = await RoomSocket.EnterAsync(clinic.Server, Value(joined, "token", "valueString")))
        {
            Assert.Equal("lobby", socket.Joined["role"]!.GetValue<string>());
            Assert.Equal("lobby", Value(await GuestAsync(browser, visit, null), "role", "valueCode"));
        }

        using var stranger = clinic.Server.NewBrowser();
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(stranger, visit, null)).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(stranger, "nobody", code)).Status);

        var revoked = await clinic.RunAsync(Lee, visit, "revoke-invite", $$"""{"name":"related-person","valueReference":{"reference":"{{person}}"} }""");
        Assert.Equal(HttpStatusCode.OK, revoked.Status);
        Assert.NotNull(revoked.Json["participant"]![1]!["period"]!["end"]);
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(browser, visit, null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await clinic.RunAsync(Lee, visit, "revoke-invite", """{"name":"related-person","valueReference":{"reference":"RelatedPerson/nobody"}}""")).Status);
    }

    [Fact]
    public async Task Invitations_stop_at_the_most_participants_and_end_with_the_visit()
    {
        var visit = await clinic.CheckInAsync();
        const string Interpreter = """{"name":"name","valueString":"Ivy"},{"name":"relationship","valueCodeableConcept":{"coding":[{"code":"translator"}]}}""";

        var all = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => clinic.RunAsync(Amy, visit, "invite", Interpreter)));
        var invited = all.Where(answer => answer.Status == HttpStatusCode.Created).ToList();

        Assert.Equal((2, 18), (invited.Count, all.Count(answer => answer.Status == HttpStatusCode.Conflict)));
        var encounter = await clinic.StoredAsync($"Encounter/{visit}");
        Assert.Equal("translator", encounter["participant"]![1]!["type"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        var (unused, code) = (Person(invited[0]), Code(invited[1]));
        var revoked = await clinic.RunAsync(Amy, visit, "revoke-invite", $$"""{"name":"related-person","valueReference":{"reference":"{{unused}}"} }""");
        Assert.Equal(2, revoked.Json["participant"]!.AsArray().Count);
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(clinic.Server.Client, visit, Code(invited[0]))).Status);

        await clinic.RunAsync(Lee, visit, "admit");
        await clinic.RunAsync(Lee, visit, "end");
        Assert.Equal(HttpStatusCode.Gone, (await GuestAsync(clinic.Server.Client, visit, code)).Status);

        static string Person(Answer answer) => answer.Json["parameter"]![1]!["valueReference"]!["reference"]!.GetValue<string>();
        static string Code(Answer answer) => Value(answer, "url", "valueUrl").Split("#invite=")[1];
    }

    [Theory]
    [InlineData("invite", "")]
    [InlineData("invite", """{"name":"name","valueString":"  "}""")]
    [InlineData("invite", """{"name":"name","valueString":"U"},{"name":"expires","valueInstant":"2001-01-01T00:00:00Z"}""")]
    [InlineData("invite", """{"name":"name","valueString":"U"},{"name":"unheard","valueString":"x"}""")]
    [InlineData("invite", """{"name":"name","valueString":"U"},{"name":"telecom","valueQuantity":{"value":1}}""")]
    [InlineData("join", """{"name":"device-check","valueString":"maybe"}""")]
    [InlineData("join", """{"name":"unheard","valueString":"x"}""")]
    [InlineData("revoke-invite", """{"name":"related-person","valueReference":{"reference":"Patient/amy"}}""")]
    [InlineData("revoke-invite", "")]
    public async Task Odd_parameters_are_told(string operation, string parameters)
    {
        var visit = await clinic.CheckInAsync();
        var answer = await clinic.RunAsync(Lee, visit, operation, parameters);

        Assert.Equal((HttpStatusCode.BadRequest, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("[]", HttpStatusCode.BadRequest)]
    [InlineData("""{"code":1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"code":"x"}""", HttpStatusCode.Gone)]
    [InlineData("""{"code":""}""", HttpStatusCode.Gone)]
    [InlineData("{}", HttpStatusCode.Gone)]
    public async Task Odd_codes_are_told(string body, HttpStatusCode status)
    {
        var visit = await clinic.CheckInAsync();
        var answer = await clinic.Server.SendAsync("POST", $"/visit/{visit}/guest", body, "Content-Type: application/json");

        Assert.Equal((status, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await clinic.Server.SendAsync("POST", $"/visit/{visit}/guest", body, "Content-Type: text/plain")).Status);
    }

    [Fact]
    public async Task Nothing_that_opens_a_room_is_kept_where_it_can_be_read()
    {
        var visit = await clinic.CheckInAsync();
        var token = await clinic.JoinAsync(Amy, visit);
        var code = Value(await clinic.RunAsync(Lee, visit, "invite", """{"name":"name","valueString":"Uncle"}"""), "url", "valueUrl").Split("#invite=")[1];
        await using (await RoomSocket.EnterAsync(clinic.Server, token))
        {
        }

        // AuditEvents follow what they are of.
        await Eventually.TrueAsync(async () => (await EventsAsync()).Contains("\"$visit-left\"", StringComparison.Ordinal));
        foreach (var address in (string[])[$"Encounter/{visit}/_history", "Encounter?_count=1000", "AuditEvent?_count=1000", "RelatedPerson?_count=1000", "_history?_count=1000"])
        {
            var answer = await clinic.SendAsync(Backend, "GET", $"/fhir/{address}");
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.DoesNotContain(token, answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(code, answer.Body, StringComparison.Ordinal);
        }

        foreach (var name in (string[])["$join", "$invite", "$visit-joined", "$visit-left"])
        {
            await Eventually.TrueAsync(async () => (await EventsAsync()).Contains($"\"{name}\"", StringComparison.Ordinal));
        }

        async Task<string> EventsAsync() =>
            (await clinic.SendAsync(Backend, "GET", $"/fhir/AuditEvent?patient=Patient/amy&entity=Encounter/{visit}&_count=1000")).Body;
    }

    internal static async Task<Answer> GuestAsync(HttpClient browser, string visit, string? code)
    {
        using var content = new StringContent(code is null ? "{}" : $$"""{"code":"{{code}}"}""", System.Text.Encoding.UTF8, "application/json");
        return await Answer.OfAsync(await browser.PostAsync(new Uri($"/visit/{visit}/guest", UriKind.Relative), content, TestContext.Current.CancellationToken));
    }

    private static JsonNode? Waiting(JsonNode encounter) =>
        encounter["extension"]?.AsArray().FirstOrDefault(extension => extension!["url"]!.GetValue<string>() == $"{Canonical}/StructureDefinition/waiting");

    private static JsonNode Part(JsonNode encounter, string name) =>
        Waiting(encounter)!["extension"]!.AsArray().First(extension => extension!["url"]!.GetValue<string>() == name)!;
}

public sealed class VisitTestsOnSqlite(VisitHost clinic) : VisitTests(clinic), IClassFixture<VisitHost>;

public sealed class VisitTestsOnPostgreSql(VisitHostOnPostgreSql clinic) : VisitTests(clinic), IClassFixture<VisitHostOnPostgreSql>;
