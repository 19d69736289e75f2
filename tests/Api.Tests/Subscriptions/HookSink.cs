using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>A notification as a subscriber got it.</summary>
internal sealed record Hook(string Method, Dictionary<string, string> Headers, string Text)
{
    public JsonNode Bundle => JsonNode.Parse(Text)!;

    public JsonArray Status => Bundle["entry"]![0]!["resource"]!["parameter"]!.AsArray();

    public string Type => Value("type")!;

    public string? Value(string name) => Status.FirstOrDefault(one => one!["name"]!.GetValue<string>() == name) is { } found ? ValueOf(found) : null;

    /// <summary>Each event as its number and, where it is told, what it is about.</summary>
    public IEnumerable<string> Events => Status.Where(one => one!["name"]!.GetValue<string>() == "notification-event")
        .Select(one => string.Join(' ', one!["part"]!.AsArray().Where(part => part!["name"]!.GetValue<string>() is "event-number" or "focus").Select(part => ValueOf(part!))));

    private static string ValueOf(JsonNode parameter) =>
        (parameter["valueString"] ?? parameter["valueCode"] ?? parameter["valueCanonical"] ?? parameter["valueReference"]!["reference"])!.GetValue<string>();
}

/// <summary>Subscribers: each path is one. What it answers can be set, and it can be made to wait.</summary>
internal sealed class HookSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Hook>> _taken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _inside = new(StringComparer.Ordinal);
    private int _refused;

    private HookSink(WebApplication app) => _app = app;

    public string Origin => _app.Urls.Single();

    /// <summary>What paths answer that do not answer 204.</summary>
    public ConcurrentDictionary<string, int> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths that answer when they are let.</summary>
    public ConcurrentDictionary<string, TaskCompletionSource> Gates { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths that take a moment to answer, so that two requests at once would be seen.</summary>
    public ConcurrentDictionary<string, TimeSpan> Pauses { get; } = new(StringComparer.Ordinal);

    /// <summary>Paths that were asked a second time while they still answered the first.</summary>
    public ConcurrentBag<string> Overlaps { get; } = [];

    /// <summary>How many requests were not answered with a success.</summary>
    public int Refused => _refused;

    /// <summary>What a path has taken, in order.</summary>
    public IReadOnlyList<Hook> Of(string path) => _taken.TryGetValue(path, out var queue) ? [.. queue] : [];

    /// <summary>The events that a path has taken, in order.</summary>
    public IReadOnlyList<string> Events(string path) => [.. Of(path).Where(hook => hook.Type == "event-notification").SelectMany(hook => hook.Events)];

    public static async Task<HookSink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var sink = new HookSink(app);
        app.Run(sink.TakeAsync);
        await app.StartAsync();
        return sink;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gate in Gates.Values)
        {
            gate.TrySetResult();
        }

        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (_inside.AddOrUpdate(path, 1, (_, count) => count + 1) > 1)
        {
            Overlaps.Add(path);
        }

        try
        {
            using var reader = new StreamReader(context.Request.Body);
            var text = await reader.ReadToEndAsync(context.RequestAborted);
            if (Gates.TryGetValue(path, out var gate))
            {
                await gate.Task.WaitAsync(context.RequestAborted);
            }

            if (Pauses.TryGetValue(path, out var pause))
            {
                await Task.Delay(pause, TimeProvider.System, context.RequestAborted);
            }

            context.Response.StatusCode = Answers.GetValueOrDefault(path, 204);
            if (context.Response.StatusCode is >= 300 and < 400)
            {
                context.Response.Headers.Location = path + "-elsewhere";
            }

            if (context.Response.StatusCode >= 300)
            {
                Interlocked.Increment(ref _refused);
                return;
            }

            _taken.GetOrAdd(path, _ => []).Enqueue(
                new Hook(context.Request.Method, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), text));
        }
        finally
        {
            _inside.AddOrUpdate(path, 0, (_, count) => count - 1);
        }
    }
}
