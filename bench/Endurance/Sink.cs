using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Bench.Endurance;

/// <summary>Where subscribers listen: one as it should be, one that answers 500 for a while, and one that takes its time.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Sink(WebApplication app, string address) => (_app, Address) = (app, address);

    public string Address { get; }

    public Inbox Prompt { get; } = new("prompt", perNotification: 1, TimeSpan.Zero);

    public Inbox Down { get; } = new("down", perNotification: 1, TimeSpan.Zero);

    public Inbox Slow { get; } = new("slow", perNotification: 20, TimeSpan.FromSeconds(1));

    public static async Task<Sink> StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        app.Urls.Add(address);
        var sink = new Sink(app, address);
        foreach (var inbox in (Inbox[])[sink.Prompt, sink.Down, sink.Slow])
        {
            app.MapPost($"/{inbox.Name}", async (HttpContext context) => context.Response.StatusCode = await inbox.TakeAsync(context.Request.Body, Stopwatch.GetTimestamp()));
        }

        await app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
