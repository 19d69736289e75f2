using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Takes webhooks and checks that they are signed.</summary>
internal sealed class WebhookSink : IAsyncDisposable
{
    public const string Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    private readonly WebApplication _app;
    private int _connections;

    private WebhookSink(WebApplication app) => _app = app;

    public ConcurrentQueue<JsonNode> Received { get; } = [];

    /// <summary>What it answers.</summary>
    public int Status { get; set; } = 204;

    public int Connections => _connections;

    public string Origin => _app.Urls.Single();

    public static async Task<WebhookSink> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var sink = new WebhookSink(app);
        app.Run(sink.TakeAsync);
        await app.StartAsync();
        return sink;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _connections);
        using var reader = new StreamReader(context.Request.Body);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var headers = context.Request.Headers;
        var signed = HMACSHA256.HashData(
            Convert.FromBase64String(Secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}.{body}"));
        context.Response.StatusCode = headers["webhook-signature"] != $"v1,{Convert.ToBase64String(signed)}" ? 401 : Status;
        if (context.Response.StatusCode == 302)
        {
            context.Response.Headers.Location = "/elsewhere";
        }
        else if (context.Response.StatusCode == 204)
        {
            Received.Enqueue(JsonNode.Parse(body)!);
        }
    }
}
