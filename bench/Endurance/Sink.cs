using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Bench.Endurance;

/// <summary>A subscriber: takes every notification and remembers when it was first told of what.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _received;
    private int _events;
    private int _repeated;

    private Sink(WebApplication app, string address) => (_app, Address) = (app, address);

    public string Address { get; }

    /// <summary>By reference of the focus.</summary>
    public ConcurrentDictionary<string, long> Told { get; } = new(StringComparer.Ordinal);

    public int Received => _received;

    public int Events => _events;

    public int Repeated => _repeated;

    public static async Task<Sink> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        app.Urls.Add(address);
        var sink = new Sink(app, address);
        app.MapPost("/hook", sink.TakeAsync);
        await app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var bundle = await JsonDocument.ParseAsync(context.Request.Body);
        var now = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref _received);
        foreach (var parameter in bundle.RootElement.GetProperty("entry")[0].GetProperty("resource").GetProperty("parameter").EnumerateArray())
        {
            if (parameter.GetProperty("name").GetString() != "notification-event")
            {
                continue;
            }

            Interlocked.Increment(ref _events);
            foreach (var part in parameter.GetProperty("part").EnumerateArray().Where(part => part.GetProperty("name").GetString() == "focus"))
            {
                var reference = part.GetProperty("valueReference").GetProperty("reference").GetString()!;
                if (!Told.TryAdd(string.Join('/', reference.Split('/')[^2..]), now))
                {
                    Interlocked.Increment(ref _repeated);
                }
            }
        }
    }
}
