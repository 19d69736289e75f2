using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Logging;

namespace TeleFhir.Api.Tests;

/// <summary>The whole server in this process, on an SQLite file of its own that goes when it goes.</summary>
public class TelehealthHost : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-test-");
    private readonly Factory _factory;
    private readonly IBesideHost? _beside;

    public TelehealthHost()
        : this(_ => { })
    {
    }

    protected TelehealthHost(Action<IWebHostBuilder> configure, IBesideHost? beside = null) =>
        (_factory, _beside) = (new Factory(_folder.FullName, configure), beside);

    /// <summary>The connection string of its database, for another server on it.</summary>
    public virtual string Database => ConnectionString(_folder.FullName);

    public IServiceProvider Services => _factory.Services;

    public HttpClient Client { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        if (_beside is not null)
        {
            await _beside.StartAsync();
        }

        Client = _factory.CreateClient();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _factory.DisposeAsync();
        if (_beside is not null)
        {
            await _beside.DisposeAsync();
        }

        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A server that differs from the usual one.</summary>
    public static async Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure)
    {
        var host = new TelehealthHost(configure);
        await host.InitializeAsync();
        return host;
    }

    /// <summary>A browser of its own: keeps cookies, and shows redirects instead of following them.</summary>
    public HttpClient NewBrowser() => _factory.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false });

    /// <summary>Sends a request with a JSON body and headers written as <c>Name: value</c>.</summary>
    public async Task<Answer> SendAsync(string method, string address, string? json = null, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), address);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/fhir+json");
        }

        foreach (var header in headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            var (name, value) = (header[..colon], header[(colon + 1)..].Trim());
            if (name == "Content-Type")
            {
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
                continue;
            }

            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Answer.OfAsync(await Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    public Task<Answer> GetAsync(string address, params string[] headers) => SendAsync("GET", address, null, headers);

    public Task<Answer> PostAsync(string address, string json, params string[] headers) => SendAsync("POST", address, json, headers);

    public Task<Answer> PutAsync(string address, string json, params string[] headers) => SendAsync("PUT", address, json, headers);

    /// <summary>A JSON Patch.</summary>
    public Task<Answer> PatchAsync(string address, string json, params string[] headers) =>
        SendAsync("PATCH", address, json, ["Content-Type: application/json-patch+json", .. headers]);

    public Task<Answer> DeleteAsync(string address, params string[] headers) => SendAsync("DELETE", address, null, headers);

    private static string ConnectionString(string folder) => $"Data Source={Path.Combine(folder, "test.db")}";

    private sealed class Factory(string folder, Action<IWebHostBuilder> configure) : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Development");
            builder.UseSetting("ConnectionStrings:TeleFhir", ConnectionString(folder));
            builder.UseSetting("Auth:Mode", "None");
            builder.UseSetting("Demo:Seed", "false");
            builder.UseSetting("Search:PageTokenKeyFile", Path.Combine(folder, "page.key"));
            builder.UseSetting("Binary:Folder", Path.Combine(folder, "blobs"));
            builder.UseSetting("Limits:ResourceBytes", "100000");
            builder.UseSetting("urls", "http://localhost");
            builder.ConfigureLogging(logging => logging.ClearProviders());
            configure(builder);
        }
    }
}

/// <summary>An answer of the server, read to its end.</summary>
public sealed record Answer(System.Net.HttpStatusCode Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string Id => Json["id"]!.GetValue<string>();

    public string? ETag => Headers.ETag?.ToString();

    /// <summary>The code of the first issue of an OperationOutcome.</summary>
    public string? IssueCode => Json["resourceType"]!.GetValue<string>() == "OperationOutcome" ? Json["issue"]![0]!["code"]!.GetValue<string>() : null;

    public JsonArray Entries => Json["entry"]?.AsArray() ?? [];

    /// <summary>The address of a link of a Bundle, or null.</summary>
    public string? Link(string relation) => Json["link"]!.AsArray()
        .FirstOrDefault(link => link!["relation"]!.GetValue<string>() == relation)?["url"]!.GetValue<string>();

    public IEnumerable<string> EntryIds => Entries
        .Where(entry => entry!["search"]?["mode"]?.GetValue<string>() is null or "match")
        .Select(entry => entry!["resource"]!["id"]!.GetValue<string>());

    public static async Task<Answer> OfAsync(HttpResponseMessage response) =>
        new(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers);
}

/// <summary>What a server of a test talks to: it starts before the server and ends after it.</summary>
public interface IBesideHost : IAsyncDisposable
{
    Task StartAsync();
}
