using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TeleFhir.Bench.Stores;

namespace TeleFhir.Bench.Http;

/// <summary>The server itself, as a release build in a process of its own, on a store that is already filled.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    /// <summary>Of 0.2 seconds: on a busy machine a start takes a minute.</summary>
    private const int MostTries = 600;

    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private ServerProcess(Process process, DirectoryInfo folder, string address) => (_process, _folder, Address) = (process, folder, address);

    public string Address { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="store">Filled already.</param>
    /// <param name="assembly">The server's.</param>
    /// <param name="port">Where it listens.</param>
    /// <param name="client">Asks whether it does.</param>
    /// <param name="settings">More settings, as environment variables.</param>
    /// <param name="isGuarded">With access control and audit trail, as it runs everywhere else; without both it is compared with what has neither.</param>
    public static async Task<ServerProcess> StartAsync(BenchStore store, string assembly, int port, HttpClient client, bool isGuarded, IReadOnlyDictionary<string, string>? settings = null)
    {
        var address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");
        var folder = Directory.CreateTempSubdirectory("telefhir-server-");
        var start = new ProcessStartInfo("dotnet", [assembly, "--urls", address])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            Environment =
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["Auth__Mode"] = isGuarded ? "Embedded" : "None",
                ["Auth__AccessTokenLife"] = "01:00:00",
                ["Audit__Enabled"] = isGuarded ? "true" : "false",
                ["Demo__Seed"] = isGuarded ? "true" : "false",
                ["Database__Provider"] = store.Settings.Provider.ToString(),
                ["ConnectionStrings__TeleFhir"] = store.Settings.ConnectionString,
                ["Logging__LogLevel__Default"] = "Warning",
                ["Logging__LogLevel__Microsoft.Hosting.Lifetime"] = "Warning",
                ["AllowedHosts"] = "*",
            },
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Print(line.Data);
        process.BeginOutputReadLine();
        var server = new ServerProcess(process, folder, address);
        for (var tries = 0; ; tries++)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"{address}/fhir/metadata"));
                if (answer.IsSuccessStatusCode)
                {
                    return server;
                }
            }
            catch (HttpRequestException) when (!process.HasExited && tries < MostTries)
            {
                // Not listening yet.
            }

            if (process.HasExited || tries == MostTries)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException($"{assembly} does not answer at {address}.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    /// <summary>A token; one that may read everything where nothing else is asked for.</summary>
    public async Task<string> TokenAsync(HttpClient client, string scope = "system/*.rs")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{Address}/auth/token"))
        {
            Content = new FormUrlEncodedContent([new("grant_type", "client_credentials"), new("scope", scope)]),
        };
        request.Headers.Authorization = new("Basic", Convert.ToBase64String("demo-backend:demo-backend-secret"u8));
        using var answer = await client.SendAsync(request);
        using var json = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync());
        return json.RootElement.GetProperty("access_token").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private static void Print(string? line)
    {
        if (line is not null)
        {
            Console.Error.WriteLine(line);
        }
    }
}
