using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Visits.Rooms;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

public abstract class AwayTests(VisitHost clinic)
{
    [Fact]
    public async Task A_room_that_everybody_has_left_is_on_leave_until_somebody_is_back()
    {
        await using var server = await clinic.SecondAsync(("Visits:AwayAfter", "00:00:01"));
        var visit = await clinic.CheckInAsync();
        await clinic.RunAsync(Lee, visit, "admit", server: server);
        var amy = await RoomSocket.EnterAsync(server, await clinic.JoinAsync(Amy, visit, server));
        var lee = await RoomSocket.EnterAsync(server, await clinic.JoinAsync(Lee, visit, server));

        amy.Drop();
        await Task.Delay(2500, TestContext.Current.CancellationToken);
        Assert.Equal("in-progress", await StatusAsync(visit));

        lee.Drop();
        await UntilAsync(visit, "onleave");
        await using var back = await RoomSocket.EnterAsync(server, await clinic.JoinAsync(Amy, visit, server));
        Assert.Equal("guest", back.Joined["role"]!.GetValue<string>());
        await UntilAsync(visit, "in-progress");
        var history = (await clinic.StoredAsync($"Encounter/{visit}"))["statusHistory"]!.AsArray().Select(entry => entry!["status"]!.GetValue<string>()).ToList();
        Assert.Equal(["in-progress", "onleave"], history[^2..]);
        await server.Services.GetRequiredService<AwayWatch>().RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal("in-progress", await StatusAsync(visit));
    }

    private async Task<string> StatusAsync(string visit) => (await clinic.StoredAsync($"Encounter/{visit}"))["status"]!.GetValue<string>();

    private async Task UntilAsync(string visit, string status)
    {
        for (var tries = 0; tries < 100 && await StatusAsync(visit) != status; tries++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(status, await StatusAsync(visit));
    }
}

public sealed class AwayTestsOnSqlite(VisitHost clinic) : AwayTests(clinic), IClassFixture<VisitHost>;

public sealed class AwayTestsOnPostgreSql(VisitHostOnPostgreSql clinic) : AwayTests(clinic), IClassFixture<VisitHostOnPostgreSql>;
