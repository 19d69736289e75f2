using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using static TeleFhir.Api.Tests.Subscriptions.SubscriptionSteps;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>Notifications over a socket, and where topics are found.</summary>
public sealed class SocketTests(SqliteSubscriptionHost host) : IClassFixture<SqliteSubscriptionHost>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bound_socket_is_greeted_and_told_what_happens_from_then_on()
    {
        await host.SubscribeAsync(Subscription("socket", "Observation?patient=Patient/socket", endpoint: null, type: "websocket"));
        await host.ObserveAsync("socket-early", "socket");
        await EventuallyAsync(async () => (await host.GetAsync("/fhir/Subscription/socket/$status")).Body.Contains("\"valueString\":\"1\"", StringComparison.Ordinal), "It is not counted.");
        var binding = await host.GetAsync("/fhir/Subscription/socket/$get-ws-binding-token");
        Assert.Equal("ws://localhost/subscriptions", Parameter(binding, "websocket-url"));
        Assert.Equal("socket", Parameter(binding, "subscription"));

        using var socket = await OpenAsync();
        await SendAsync(socket, $"bind-with-token: {Parameter(binding, "token")}");
        var greeting = await ReadAsync(socket);
        Assert.Equal(("handshake", "1"), (greeting!.Type, greeting.Value("events-since-subscription-start")));
        for (var n = 0; n < 5; n++)
        {
            await host.ObserveAsync($"socket-{n}", "socket");
        }

        var told = new List<string>();
        while (told.Count < 5)
        {
            told.AddRange((await ReadAsync(socket))!.Events);
        }

        Assert.Equal(Enumerable.Range(0, 5).Select(n => $"{n + 2} http://localhost/fhir/Observation/socket-{n}"), told);
        var missed = new Hook("", [], (await host.GetAsync("/fhir/Subscription/socket/$events?eventsUntilNumber=1")).Body);
        Assert.Equal(["1 http://localhost/fhir/Observation/socket-early"], missed.Events);

        // A token opens one socket, and a subscription that is off closes it.
        using var again = await OpenAsync();
        await SendAsync(again, $"bind-with-token: {Parameter(binding, "token")}");
        Assert.Null(await ReadAsync(again));
        await host.PutAsync("/fhir/Subscription/socket", Subscription("socket", "Observation?patient=Patient/socket", endpoint: null, type: "websocket", status: "off").ToJsonString());
        Assert.Null(await ReadAsync(socket));
    }

    [Theory]
    [InlineData("bind-with-token: nothing")]
    [InlineData("hello")]
    [InlineData("")]
    public async Task A_socket_without_a_token_is_closed(string message)
    {
        using var socket = await OpenAsync();
        await SendAsync(socket, message);
        Assert.Null(await ReadAsync(socket));
    }

    [Fact]
    public async Task What_is_no_socket_is_told_so()
    {
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await host.GetAsync("/subscriptions")).Status);
        await host.SubscribeAsync(Subscription("no-socket", "Observation?patient=Patient/socket", $"{((ISubscriptionHost)host).Sink.Origin}/no-socket"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.GetAsync("/fhir/Subscription/no-socket/$get-ws-binding-token")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Subscription/$get-ws-binding-token")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Subscription/$get-ws-binding-token?id=nobody")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Subscription/no-socket/$events?eventsSinceNumber=x")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Subscription/no-socket/$events?content=all")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Subscription/$status?status=happy")).Status);
    }

    [Fact]
    public async Task Topics_are_found_in_the_capability_statement_and_as_resources()
    {
        var subscription = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray().Single(one => one!["type"]!.GetValue<string>() == "Subscription")!;
        var named = subscription["extension"]!.AsArray()
            .Where(one => one!["url"]!.GetValue<string>() == $"{Guide}capabilitystatement-subscriptiontopic-canonical")
            .Select(one => one!["valueCanonical"]!.GetValue<string>()).ToList();
        Assert.Equal(17, named.Count);
        Assert.Contains($"{Topics}slot-freed", named);
        Assert.Equal(
            ["events", "get-ws-binding-token", "status"],
            subscription["operation"]!.AsArray().Select(one => one!["name"]!.GetValue<string>()).Where(name => name is "events" or "get-ws-binding-token" or "status").Order(StringComparer.Ordinal));

        var all = await host.GetAsync("/fhir/SubscriptionTopic");
        Assert.Equal(17, all.Entries.Count);
        var one = await host.GetAsync($"/fhir/SubscriptionTopic?url={Uri.EscapeDataString($"{Topics}slot-freed")}");
        Assert.Equal(["slot-freed"], one.EntryIds);
        Assert.Equal("Basic", (await host.GetAsync("/fhir/SubscriptionTopic/slot-freed")).Json["resourceType"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/SubscriptionTopic/no-such")).Status);
    }

    private static string Parameter(Answer answer, string name) =>
        answer.Json["parameter"]!.AsArray().First(one => one!["name"]!.GetValue<string>() == name)!.AsObject().First(member => member.Key.StartsWith("value", StringComparison.Ordinal)).Value!.GetValue<string>();

    private Task<WebSocket> OpenAsync() =>
        ((TestServer)host.Services.GetRequiredService<IServer>()).CreateWebSocketClient().ConnectAsync(new Uri("ws://localhost/subscriptions"), Cancel);

    private static Task SendAsync(WebSocket socket, string text) => socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Cancel);

    /// <summary>The next notification; null where the server has closed.</summary>
    private static async Task<Hook?> ReadAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), Cancel);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (part.EndOfMessage)
            {
                return new Hook("", [], JsonNode.Parse(buffer.AsSpan(0, length))!.ToJsonString());
            }
        }
    }
}
