using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TeleFhir.Api.Tests.Durability;

/// <summary>The real server in a process of its own, so that it can be killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, HttpClient client)
    {
        _process = process;
        Client = client;
    }

    public HttpClient Client { get; }

    /// <summary>Bytes of memory that it holds now.</summary>
    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Bytes of memory that it held at most.</summary>
    public long PeakWorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Starts it on a free port, or on the one given, and waits until it is ready.</summary>
    public static async Task<ServerProcess> StartAsync(IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken, int? onPort = null)
    {
        var port = onPort ?? FreePort();
        var process = Launch(settings, [$"--urls=http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"]);
#pragma warning disable RS0030 // A test's client of a process outside the host has no factory to come from.
        var client = new HttpClient(new HttpClientHandler { AutomaticDecompression = DecompressionMethods.All }) { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = TimeSpan.FromSeconds(30) };
#pragma warning restore RS0030 // As above.
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(50, cancellationToken))
        {
            try
            {
                using var ready = await client.GetAsync("health/ready", cancellationToken);
                if (ready.IsSuccessStatusCode)
                {
                    return new ServerProcess(process, client);
                }
            }
            catch (HttpRequestException) when (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                // Not listening yet.
            }

            if (process.HasExited || waited.Elapsed > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"The server did not start: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
            }
        }
    }

    /// <summary>Runs a command to its end; the exit code and what it printed.</summary>
    public static async Task<(int Code, string Output)> RunAsync(
        IReadOnlyDictionary<string, string> settings, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Launch(settings, arguments);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        Client.Dispose();
        _process.Dispose();
    }

    private static Process Launch(IReadOnlyDictionary<string, string> settings, string[] arguments)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "TeleFhir.Api.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["Auth__Mode"] = "None";
        start.Environment["Demo__Seed"] = "false";
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var process = Process.Start(start)!;
        if (arguments.Any(argument => argument.StartsWith("--urls", StringComparison.Ordinal)))
        {
            // Nobody reads its log; a full pipe would stop it.
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
        }

        return process;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
