using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Browser.Tests;

/// <summary>
/// Somebody else's app: static pages on an origin of their own that use the npm package fhirclient and nothing of this project.
/// </summary>
internal sealed class SmartApp : IAsyncDisposable
{
    private const string Library = "fhirclient";
    private const string Version = "2.6.3";

    private readonly WebApplication _app;

    private SmartApp(WebApplication app, string origin) => (_app, Origin) = (app, origin);

    public string Origin { get; }

    /// <summary>What <c>FHIR.oauth2.authorize</c> is called with.</summary>
    public JsonObject Options { get; set; } = [];

    public static async Task<SmartApp> StartAsync()
    {
        var library = Path.Combine(NpmPackage.Folder(Library, Version), "build");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        SmartApp? self = null;
        app.MapGet("/options.json", () => Results.Text(self!.Options.ToJsonString(JsonSerializerOptions.Web), "application/json"));
        app.MapGet("/fhir-client.js", () => Results.File(Path.Combine(library, "fhir-client.js"), "text/javascript"));
        app.UseDefaultFiles(new DefaultFilesOptions { FileProvider = Pages() });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = Pages() });
        await app.StartAsync();
        self = new SmartApp(app, app.Urls.First().TrimEnd('/'));
        return self;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static PhysicalFileProvider Pages() => new(Path.Combine(AppContext.BaseDirectory, "App"));
}
