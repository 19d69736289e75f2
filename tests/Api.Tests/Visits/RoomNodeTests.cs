using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Visits.Rooms;
using TeleFhir.Domain.Visits;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>Two servers on one PostgreSQL.</summary>
public sealed class RoomNodeTests(VisitHostOnPostgreSql clinic) : IClassFixture<VisitHostOnPostgreSql>
{
    [Fact]
    public async Task Those_in_one_room_reach_each_other_whichever_node_holds_them()
    {
        await using var second = await clinic.SecondAsync();
        var visit = await clinic.CheckInAsync();
        await using var lee = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Lee, visit));
        await using var amy = await RoomSocket.EnterAsync(second, await clinic.JoinAsync(Amy, visit));
        await lee.WaitAsync("participantJoined", peer => peer["role"]!.GetValue<string>() == "lobby");

        await clinic.RunAsync(Lee, visit, "admit");
        Assert.Equal(lee.Id, (await amy.WaitAsync("admitted"))["peers"]![0]!["id"]!.GetValue<string>());
        await lee.WaitAsync("participantJoined", peer => peer["role"]!.GetValue<string>() == "guest");
        for (var number = 0; number < 30; number++)
        {
            Assert.Null(await lee.CallAsync("Signal", amy.Id, "ice", number));
        }

        for (var number = 0; number < 30; number++)
        {
            Assert.Equal(number, (await amy.WaitAsync("signal"))["data"]!.GetValue<int>());
        }

        Assert.Null(await amy.CallAsync("Chat", "across"));
        Assert.Equal(amy.Id, (await lee.WaitAsync("chat"))["from"]!.GetValue<string>());
        amy.Drop();
        Assert.Equal(amy.Id, (await lee.WaitAsync("participantLeft"))["id"]!.GetValue<string>());

        await using var again = await RoomSocket.EnterAsync(second, await clinic.JoinAsync(Amy, visit, second));
        Assert.Equal("guest", again.Joined["role"]!.GetValue<string>());
        await clinic.RunAsync(Lee, visit, "end");
        Assert.Equal("finished", (await again.WaitAsync("ended"))["reason"]!.GetValue<string>());
        await again.ClosedAsync();
    }

    [Fact]
    public async Task Of_whoever_vanishes_with_a_server_the_others_are_told_once()
    {
        await using var second = await clinic.SecondAsync();
        var visit = await clinic.CheckInAsync();
        await clinic.SubscribeAsync(visit, "participant-disconnected");
        await using var lee = await RoomSocket.EnterAsync(clinic.Server, await clinic.JoinAsync(Lee, visit));

        // What a server leaves behind that was killed: a connection that nobody says is there any more.
        var presence = second.Services.GetRequiredService<IVisitPresence>();
        var amy = new RoomMember(visit, "Patient/amy", "amy Rivera", IsHost: false);
        await presence.EnterAsync(new("gone", amy, VisitRole.Guest, "killed", TimeProvider.System.GetUtcNow()), TestContext.Current.CancellationToken);
        await Task.Delay(IVisitPresence.Silence, TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => Task.Run(() =>
            (number % 2 == 0 ? clinic.Server : second).Services.GetRequiredService<AwayWatch>().RunAsync(TestContext.Current.CancellationToken))));

        Assert.Equal("gone", (await lee.WaitAsync("participantLeft"))["id"]!.GetValue<string>());
        await clinic.CountsAsync(visit, "participant-disconnected", 1);
        await lee.SendAsync("Leave");
        await lee.ClosedAsync();
        await clinic.CountsAsync(visit, "participant-disconnected", 2);
    }

    [Fact]
    public async Task A_token_is_used_up_on_all_nodes()
    {
        await using var second = await clinic.SecondAsync();
        var token = await clinic.JoinAsync(Lee, await clinic.CheckInAsync());

        var uses = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => RoomSocket.RefusalAsync(number % 2 == 0 ? clinic.Server : second, token)));

        Assert.Single(uses, status => status is null);
        Assert.Equal(19, uses.Count(status => status == 401));
    }
}
