using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

public abstract class RoomTests(VisitHost clinic)
{
    [Fact]
    public async Task Two_in_a_room_see_each_other_signal_talk_and_leave()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit");
        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Amy, visit), inAddress: true);

        Assert.Equal(("host", 0), (lee.Joined["role"]!.GetValue<string>(), lee.Joined["peers"]!.AsArray().Count));
        Assert.Equal(("guest", lee.Id), (amy.Joined["role"]!.GetValue<string>(), amy.Joined["peers"]![0]!["id"]!.GetValue<string>()));
        Assert.Equal("Dr. lee", amy.Joined["peers"]![0]!["name"]!.GetValue<string>());
        var came = await lee.WaitAsync("participantJoined");
        Assert.Equal((amy.Id, "amy Rivera", "guest"), (came["id"]!.GetValue<string>(), came["name"]!.GetValue<string>(), came["role"]!.GetValue<string>()));

        Assert.Null(await lee.CallAsync("Signal", amy.Id, "offer", new JsonObject { ["sdp"] = "v=0" }));
        var signal = await amy.WaitAsync("signal");
        Assert.Equal((lee.Id, "offer", "v=0"), (signal["from"]!.GetValue<string>(), signal["type"]!.GetValue<string>(), signal["data"]!["sdp"]!.GetValue<string>()));
        Assert.Null(await amy.CallAsync("Chat", "hello"));
        foreach (var each in (RoomSocket[])[lee, amy])
        {
            var chat = await each.WaitAsync("chat");
            Assert.Equal((amy.Id, "hello"), (chat["from"]!.GetValue<string>(), chat["text"]!.GetValue<string>()));
            Assert.EndsWith("Z", chat["at"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        await amy.SendAsync("Leave");
        Assert.Equal(amy.Id, (await lee.WaitAsync("participantLeft"))["id"]!.GetValue<string>());
        await amy.ClosedAsync();
        Assert.Equal("in-progress", (await clinic.StoredAsync($"Encounter/{visit}"))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task Who_subscribed_hears_of_everybody_who_comes_and_goes()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.SubscribeAsync(visit, "participant-connected");
        await clinic.SubscribeAsync(visit, "participant-disconnected");

        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await EnterAsync(Amy, visit);
        await amy.SendAsync("Leave");
        await amy.ClosedAsync();

        await clinic.CountsAsync(visit, "participant-connected", 2);
        await clinic.CountsAsync(visit, "participant-disconnected", 1);
    }

    [Fact]
    public async Task The_lobby_hears_nothing_says_nothing_and_is_let_in()
    {
        var visit = await clinic.CheckInAsync();
        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await EnterAsync(Amy, visit);
        await using var other = await EnterAsync(Lee, visit);

        Assert.Equal(("lobby", 0), (amy.Joined["role"]!.GetValue<string>(), amy.Joined["peers"]!.AsArray().Count));
        Assert.NotNull(await amy.CallAsync("Chat", "anybody?"));
        Assert.NotNull(await amy.CallAsync("Signal", lee.Id, "offer", "x"));
        Assert.NotNull(await lee.CallAsync("Signal", amy.Id, "offer", "x"));
        Assert.Null(await lee.CallAsync("Chat", "not for the lobby"));
        Assert.Empty(await amy.RestAsync());
        Assert.DoesNotContain("signal", await lee.RestAsync(0));

        await clinic.RunAsync(Lee, visit, "admit");
        var admitted = await amy.WaitAsync("admitted");
        Assert.Equal("guest", admitted["role"]!.GetValue<string>());
        Assert.Equal(new[] { lee.Id, other.Id }.Order(), admitted["peers"]!.AsArray().Select(peer => peer!["id"]!.GetValue<string>()).Order());
        await lee.WaitAsync("participantJoined", peer => peer["id"]!.GetValue<string>() == amy.Id && peer["role"]!.GetValue<string>() == "guest");
        Assert.Null(await amy.CallAsync("Chat", "hello"));
        Assert.Equal("hello", (await lee.WaitAsync("chat", chat => chat["from"]!.GetValue<string>() == amy.Id))["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_token_opens_one_socket_and_only_of_its_visit()
    {
        var visit = await clinic.CheckInAsync();
        var token = await clinic.JoinAsync(Lee, visit);
        using var negotiation = new HttpRequestMessage(HttpMethod.Post, "/rtc/negotiate?negotiateVersion=1");
        negotiation.Headers.Authorization = new("Bearer", token);
        var negotiated = await Answer.OfAsync(await clinic.Server.Client.SendAsync(negotiation, TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.OK, negotiated.Status);
        Assert.Equal("WebSockets", Assert.Single(negotiated.Json["availableTransports"]!.AsArray())!["transport"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.BadRequest, (await clinic.Server.GetAsync("/rtc", $"Authorization: Bearer {token}")).Status);

        var uses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RoomSocket.RefusalAsync(clinic.Server, token)));

        Assert.Single(uses, status => status is null);
        Assert.Equal(19, uses.Count(status => status == 401));
        Assert.Equal(401, await RoomSocket.RefusalAsync(clinic.Server, "nonsense"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await clinic.Server.PostAsync("/rtc/negotiate?negotiateVersion=1", "")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await clinic.Server.PostAsync("/rtc/negotiate?negotiateVersion=1", "", $"Authorization: Bearer {token}")).Status);
    }

    [Fact]
    public async Task Rooms_of_two_visits_know_nothing_of_each_other()
    {
        var (one, other) = (await clinic.BookAsync(), await clinic.BookAsync(Ben, Okoye));
        await clinic.RunAsync(Lee, one, "admit");
        await clinic.RunAsync(Okoye, other, "admit");
        await using var lee = await EnterAsync(Lee, one);
        await using var okoye = await EnterAsync(Okoye, other);
        await using var ben = await EnterAsync(Ben, other);

        Assert.NotNull(await lee.CallAsync("Signal", okoye.Id, "offer", "x"));
        Assert.NotNull(await ben.CallAsync("Signal", lee.Id, "ice", "x"));
        await lee.CallAsync("Chat", "mine");
        await ben.CallAsync("Chat", "ours");
        await okoye.WaitAsync("chat", chat => chat["text"]!.GetValue<string>() == "ours");
        Assert.Equal(["chat"], await lee.RestAsync());
        Assert.DoesNotContain("chat", await okoye.RestAsync(0));
    }

    [Fact]
    public async Task The_end_closes_sockets_and_spoils_tokens()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit");
        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await EnterAsync(Amy, visit);
        var unspent = await clinic.JoinAsync(Amy, visit);

        await clinic.RunAsync(Lee, visit, "end");

        Assert.Equal("finished", (await amy.WaitAsync("ended"))["reason"]!.GetValue<string>());
        await lee.WaitAsync("ended");
        await Task.WhenAll(amy.ClosedAsync(), lee.ClosedAsync());
        Assert.Equal(401, await RoomSocket.RefusalAsync(clinic.Server, unspent));
    }

    [Fact]
    public async Task Leaving_closes_ones_own_sockets_and_spoils_ones_own_tokens()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit");
        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await EnterAsync(Amy, visit);
        var (mine, theirs) = (await clinic.JoinAsync(Amy, visit), await clinic.JoinAsync(Lee, visit));

        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Amy, visit, "leave", """{"name":"reason","valueString":"bye"}""")).Status);

        Assert.Equal("left", (await amy.WaitAsync("ended"))["reason"]!.GetValue<string>());
        await amy.ClosedAsync();
        await lee.WaitAsync("participantLeft");
        Assert.Equal(401, await RoomSocket.RefusalAsync(clinic.Server, mine));
        Assert.Null(await RoomSocket.RefusalAsync(clinic.Server, theirs));
        Assert.Equal("in-progress", (await clinic.StoredAsync($"Encounter/{visit}"))["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_visit_that_is_cancelled_or_begun_by_a_plain_write_is_so_in_the_room()
    {
        var visit = await clinic.CheckInAsync();
        await using var amy = await EnterAsync(Amy, visit);
        var token = await clinic.JoinAsync(Amy, visit);
        await WriteStatusAsync(visit, "in-progress");
        Assert.Equal("guest", (await amy.WaitAsync("admitted"))["role"]!.GetValue<string>());

        var called = await clinic.CheckInAsync();
        await using var waiting = await EnterAsync(Amy, called);
        var unspent = await clinic.JoinAsync(Amy, called);
        await WriteStatusAsync(called, "cancelled");
        Assert.True(await RoomSocket.RefusalAsync(clinic.Server, unspent) is 410 or 401);
        Assert.Equal("cancelled", (await waiting.WaitAsync("ended"))["reason"]!.GetValue<string>());
        await waiting.ClosedAsync();
        Assert.Null(await RoomSocket.RefusalAsync(clinic.Server, token));
    }

    [Fact]
    public async Task An_appointment_that_is_given_up_closes_the_room_and_all_ways_into_it()
    {
        var visit = await clinic.CheckInAsync();
        var code = Value(await clinic.RunAsync(Lee, visit, "invite", """{"name":"name","valueString":"Uncle"}"""), "url", "valueUrl").Split("#invite=")[1];
        await using var amy = await EnterAsync(Amy, visit);
        var unspent = await clinic.JoinAsync(Amy, visit);

        var cancelled = await clinic.SendAsync(Backend, "POST", $"/fhir/Appointment/{visit}/$cancel", """
            {"resourceType":"Parameters","parameter":[{"name":"reason","valueCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason","code":"pat"}]}}]}
            """);

        Assert.True(cancelled.Status == HttpStatusCode.OK, cancelled.Body);
        Assert.True(await RoomSocket.RefusalAsync(clinic.Server, unspent) is 410 or 401);
        Assert.Equal(HttpStatusCode.Gone, (await clinic.RunAsync(Amy, visit, "join")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await VisitTests.GuestAsync(clinic.Server.Client, visit, code)).Status);
        Assert.Equal("cancelled", (await amy.WaitAsync("ended"))["reason"]!.GetValue<string>());
        await amy.ClosedAsync();
    }

    [Fact]
    public async Task What_is_too_much_or_makes_no_sense_is_refused_and_the_call_goes_on()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit");
        await using var lee = await EnterAsync(Lee, visit);
        await using var amy = await EnterAsync(Amy, visit);

        Assert.Contains("offer, answer or ice", await lee.CallAsync("Signal", amy.Id, "virus", "x"), StringComparison.Ordinal);
        Assert.Contains("Nobody", await lee.CallAsync("Signal", "nobody", "ice", "x"), StringComparison.Ordinal);
        Assert.NotNull(await lee.CallAsync("Signal", amy.Id, "ice", new string('x', 50_000)));
        Assert.NotNull(await lee.CallAsync("Chat", " "));
        Assert.NotNull(await lee.CallAsync("Chat", new string('x', 2001)));
        Assert.NotNull(await lee.CallAsync("Chat", (JsonNode?)null));
        Assert.NotNull(await lee.CallAsync("Chat"));
        Assert.NotNull(await lee.CallAsync("Unheard", "x"));
        var many = new List<string?>();
        for (var number = 0; number < 40; number++)
        {
            many.Add(await lee.CallAsync("Chat", $"{number}"));
        }

        Assert.Contains("An unexpected error occurred invoking 'Chat' on the server. HubException: Too many messages.", many);
        Assert.Null(await amy.CallAsync("Chat", "still here"));
        await lee.WaitAsync("chat", chat => chat["text"]!.GetValue<string>() == "still here");
    }

    [Fact]
    public async Task Two_who_come_at_the_same_moment_find_each_other()
    {
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit");
        for (var time = 0; time < 10; time++)
        {
            var both = await Task.WhenAll(EnterAsync(Lee, visit), EnterAsync(Amy, visit));
            await using var lee = both[0];
            await using var amy = both[1];
            Assert.Null(await lee.CallAsync("Signal", amy.Id, "offer", time));
            Assert.Equal(time, (await amy.WaitAsync("signal"))["data"]!.GetValue<int>());
            Assert.Null(await amy.CallAsync("Signal", lee.Id, "answer", time));
            Assert.Equal(time, (await lee.WaitAsync("signal"))["data"]!.GetValue<int>());
            await Task.WhenAll(lee.SendAsync("Leave"), amy.SendAsync("Leave"));
            await Task.WhenAll(lee.ClosedAsync(), amy.ClosedAsync());
        }
    }

    [Fact]
    public async Task One_person_does_not_fill_the_room()
    {
        var visit = await clinic.CheckInAsync();
        var sockets = new List<RoomSocket>();
        for (var device = 0; device < 5; device++)
        {
            sockets.Add(await EnterAsync(Amy, visit));
        }

        Assert.Equal(429, await RoomSocket.RefusalAsync(clinic.Server, await clinic.JoinAsync(Amy, visit)));
        Assert.Null(await RoomSocket.RefusalAsync(clinic.Server, await clinic.JoinAsync(Lee, visit)));
        foreach (var socket in sockets)
        {
            await socket.DisposeAsync();
        }
    }

    private async Task<RoomSocket> EnterAsync(string who, string visit) => await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(who, visit));

    private async Task WriteStatusAsync(string visit, string status)
    {
        var encounter = await clinic.StoredAsync($"Encounter/{visit}");
        encounter["status"] = status;
        Assert.Equal(HttpStatusCode.OK, (await clinic.SendAsync(Backend, "PUT", $"/fhir/Encounter/{visit}", encounter.ToJsonString())).Status);
    }
}

public sealed class RoomTestsOnSqlite(VisitHost clinic) : RoomTests(clinic), IClassFixture<VisitHost>;

public sealed class RoomTestsOnPostgreSql(VisitHostOnPostgreSql clinic) : RoomTests(clinic), IClassFixture<VisitHostOnPostgreSql>;
