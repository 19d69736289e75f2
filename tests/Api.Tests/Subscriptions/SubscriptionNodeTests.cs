using Microsoft.Extensions.DependencyInjection;
using static TeleFhir.Api.Tests.Subscriptions.SubscriptionSteps;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>Two servers on one database.</summary>
public sealed class SubscriptionNodeTests(PostgreSqlSubscriptionHost host) : IClassFixture<PostgreSqlSubscriptionHost>
{
    private HookSink Sink => ((ISubscriptionHost)host).Sink;

    [Fact]
    public async Task Each_event_is_told_in_order_and_no_subscriber_is_told_two_things_at_once()
    {
        var options = host.Services.GetRequiredService<TeleFhirOptions>();
        await using var second = await TelehealthHost.StartAsync(builder =>
        {
            ((ISubscriptionHost)host).Set(builder);
            builder.UseSetting("Database:Provider", options.Database.Provider).UseSetting("ConnectionStrings:TeleFhir", options.ConnectionStrings.TeleFhir);
        });
        var paths = Enumerable.Range(0, 4).Select(n => $"node-{n}").ToList();
        foreach (var path in paths)
        {
            Sink.Pauses[$"/{path}"] = TimeSpan.FromMilliseconds(15);
            await host.SubscribeAsync(Subscription(path, "Observation?patient=Patient/node", $"{Sink.Origin}/{path}"));
        }

        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => (n % 2 == 0 ? host : second).ObserveAsync($"node-{n}", "node")));

        await EventuallyAsync(() => paths.TrueForAll(path => Sink.Events($"/{path}").Count >= 40), "Events are missing.");
        foreach (var path in paths)
        {
            Assert.Equal(Enumerable.Range(1, 40), Sink.Events($"/{path}").Select(one => int.Parse(one.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
            Assert.Equal(40, Sink.Events($"/{path}").Select(one => one.Split(' ')[1]).Distinct().Count());
        }

        Assert.Empty(Sink.Overlaps);
    }

    [Fact]
    public async Task What_one_server_recorded_another_delivers_when_the_first_is_gone()
    {
        var options = host.Services.GetRequiredService<TeleFhirOptions>();
        var first = await TelehealthHost.StartAsync(builder =>
        {
            ((ISubscriptionHost)host).Set(builder);
            builder.UseSetting("Database:Provider", options.Database.Provider).UseSetting("ConnectionStrings:TeleFhir", options.ConnectionStrings.TeleFhir);
        });
        await first.SubscribeAsync(Subscription("leaving", "Observation?patient=Patient/leaving", $"{Sink.Origin}/leaving"));
        Sink.Answers["/leaving"] = 500;
        await first.ObserveAsync("leaving-1", "leaving");
        await EventuallyAsync(() => Sink.Refused > 0, "Nothing was tried.");
        await first.DisposeAsync();
        Sink.Answers.TryRemove("/leaving", out _);

        await EventuallyAsync(() => Sink.Events("/leaving").Count == 1, "The event is lost.");
    }
}
