using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>An OpenID Connect issuer of its own (<c>tests/Issuer</c>) in a process of its own.</summary>
public sealed class IssuerProcess : IAsyncLifetime
{
    private Process? _process;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Its address, which is its name too.</summary>
    public string Address { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var port = FreePort();
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "TeleFhir.Issuer.dll"), $"--urls={Address}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
#pragma warning disable RS0030 // A test's client of a process outside the host has no factory to come from.
        Client = new HttpClient { BaseAddress = new Uri(Address) };
#pragma warning restore RS0030 // As above.
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            try
            {
                await Client.GetStringAsync(new Uri("/jwks", UriKind.Relative));
                return;
            }
            catch (HttpRequestException) when (!_process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                // Not listening yet.
            }
        }
    }

    /// <summary>A server that trusts this issuer, and others if told so.</summary>
    public Task<TelehealthHost> TrustedAsync(Action<Action<string, string>>? settings = null) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "External");
        builder.UseSetting("Auth:Issuers:0:Authority", Address);
        settings?.Invoke((key, value) => builder.UseSetting(key, value));
    });

    /// <summary>A token of this shape; a claim or header that is changed to null is left out.</summary>
    public async Task<string> MintAsync(
        string shape = "duende",
        string scopes = "system/*.cruds",
        string? subject = null,
        string? patient = null,
        string? fhirUser = null,
        string algorithm = "RS256",
        int seconds = 300,
        JsonObject? header = null,
        JsonObject? claims = null)
    {
        var order = new JsonObject
        {
            ["shape"] = shape,
            ["algorithm"] = algorithm,
            ["header"] = header,
            ["claims"] = claims,
            ["grant"] = new JsonObject
            {
                ["subject"] = subject,
                ["patient"] = patient,
                ["fhirUser"] = fhirUser,
                ["audience"] = "http://localhost/fhir",
                ["seconds"] = seconds,
                ["scopes"] = new JsonArray([.. scopes.Split(' ').Select(scope => JsonValue.Create(scope))]),
            },
        };
        using var response = await Client.PostAsJsonAsync("/test/mint", order, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A new key; the old ones are no longer published unless kept.</summary>
    public async Task RotateAsync(string id, bool keep = false)
    {
        using var response = await Client.PostAsync(
            new Uri($"/test/rotate?id={id}&keep={keep}", UriKind.Relative), null, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    public async Task RevokeAsync(string token)
    {
        using var content = new StringContent(token);
        using var response = await Client.PostAsync(new Uri("/test/revoke", UriKind.Relative), content, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>How often its metadata was fetched.</summary>
    public async Task<int> FetchesAsync() =>
        int.Parse(await Client.GetStringAsync(new Uri("/test/fetches", UriKind.Relative), TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);

    public async Task StopAsync()
    {
        if (_process is { HasExited: false } running)
        {
            running.Kill();
            await running.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        _process?.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
