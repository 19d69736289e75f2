using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>A plain WebSocket that speaks SignalR's JSON protocol, as any client can that has no library for it.</summary>
internal sealed class RoomSocket : IAsyncDisposable
{
    private const char End = '\u001e';

    private readonly WebSocket _socket;
    private readonly Channel<JsonNode> _received = Channel.CreateUnbounded<JsonNode>();
    private readonly List<JsonNode> _skipped = [];
    private readonly Task _reader;
    private int _invocations;

    private RoomSocket(WebSocket socket)
    {
        _socket = socket;
        _reader = ReadAsync();
    }

    /// <summary>Its id in the room.</summary>
    public string Id { get; private set; } = "";

    public JsonNode Joined { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens a socket and waits until it is in the room.</summary>
    public static async Task<RoomSocket> EnterAsync(TelehealthHost server, string token, bool inAddress = false)
    {
        var client = ((TestServer)server.Services.GetRequiredService<IServer>()).CreateWebSocketClient();
        if (!inAddress)
        {
            client.ConfigureRequest = request => request.Headers.Authorization = $"Bearer {token}";
        }

        return await BeginAsync(await client.ConnectAsync(new Uri($"ws://localhost/rtc{(inAddress ? $"?access_token={token}" : "")}"), Cancel));
    }

    /// <summary>Over the network.</summary>
    public static async Task<RoomSocket> EnterAsync(Uri address, string token)
    {
        var client = new ClientWebSocket();
        client.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        await client.ConnectAsync(address, Cancel);
        return await BeginAsync(client);
    }

    /// <summary>Tries to; the status of the refusal, or null where it was let in.</summary>
    public static async Task<int?> RefusalAsync(TelehealthHost server, string token)
    {
        try
        {
            await using var socket = await EnterAsync(server, token);
            return null;
        }
        catch (InvalidOperationException refused)
        {
            return int.Parse(refused.Message.Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        }
    }

    public Task SendAsync(string method, params JsonNode?[] arguments) =>
        WriteAsync(new JsonObject { ["type"] = 1, ["target"] = method, ["arguments"] = new JsonArray(arguments) });

    /// <summary>Calls a method and waits for its end; the error, or null.</summary>
    public async Task<string?> CallAsync(string method, params JsonNode?[] arguments)
    {
        var id = $"{++_invocations}";
        await WriteAsync(new JsonObject { ["type"] = 1, ["invocationId"] = id, ["target"] = method, ["arguments"] = new JsonArray(arguments) });
        var done = await NextAsync(message => message["type"]!.GetValue<int>() == 3 && message["invocationId"]!.GetValue<string>() == id);
        return done["error"]?.GetValue<string>();
    }

    /// <summary>The content of the next message of this name; what comes before it is kept for later.</summary>
    public async Task<JsonNode> WaitAsync(string name, Func<JsonNode, bool>? that = null) =>
        (await NextAsync(message => message["target"]?.GetValue<string>() == name && (that is null || that(message["arguments"]![0]!))))["arguments"]![0]!;

    /// <summary>The names of what has come and was not waited for, after this long.</summary>
    public async Task<string[]> RestAsync(int milliseconds = 400)
    {
        await Task.Delay(milliseconds, Cancel);
        while (_received.Reader.TryRead(out var message))
        {
            _skipped.Add(message);
        }

        return [.. _skipped.Select(message => message["target"]?.GetValue<string>()).OfType<string>()];
    }

    /// <summary>Waits until the server has closed it.</summary>
    public Task ClosedAsync() => _reader.WaitAsync(TimeSpan.FromSeconds(20), Cancel);

    /// <summary>As a cable that is pulled: nothing is said.</summary>
    public void Drop() => _socket.Abort();

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reader.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
    }

    private static async Task<RoomSocket> BeginAsync(WebSocket socket)
    {
        var room = new RoomSocket(socket);
        await room.WriteAsync(new JsonObject { ["protocol"] = "json", ["version"] = 1 });
        room.Joined = await room.WaitAsync("joined");
        room.Id = room.Joined["self"]!.GetValue<string>();
        return room;
    }

    private Task WriteAsync(JsonObject message) =>
        _socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString() + End), WebSocketMessageType.Text, endOfMessage: true, Cancel);

    private async Task<JsonNode> NextAsync(Func<JsonNode, bool> that)
    {
        if (_skipped.Find(message => that(message)) is { } early)
        {
            _skipped.Remove(early);
            return early;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(15));
        await foreach (var message in _received.Reader.ReadAllAsync(patience.Token))
        {
            if (that(message))
            {
                return message;
            }

            _skipped.Add(message);
        }

        throw new InvalidOperationException($"The socket was closed after: {string.Join(' ', _skipped.Select(message => message.ToJsonString()))}");
    }

    private async Task ReadAsync()
    {
        var (buffer, text) = (new byte[16 * 1024], new StringBuilder());
        try
        {
            while (_socket.State == WebSocketState.Open)
            {
                var part = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                text.Append(Encoding.UTF8.GetString(buffer, 0, part.Count));
                if (!part.EndOfMessage)
                {
                    continue;
                }

                foreach (var message in text.ToString().Split(End, StringSplitOptions.RemoveEmptyEntries).Where(message => message != "{}"))
                {
                    _received.Writer.TryWrite(JsonNode.Parse(message)!.Root);
                }

                text.Clear();
            }
        }
        catch (Exception broken) when (broken is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It is over, however.
        }
        finally
        {
            _received.Writer.TryComplete();
        }
    }
}
