using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace TeleFhir.Bench.Http;

/// <summary>The load generator wrk (https://github.com/wg/wrk), which must be on the PATH.</summary>
internal sealed partial class Wrk(int connections, TimeSpan duration) : IDisposable
{
    private const int MostTries = 5;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-wrk-");

    public int Connections { get; } = connections;

    public static bool IsInstalled()
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("wrk", "-v") { RedirectStandardOutput = true, RedirectStandardError = true });
            return process is not null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>A script that asks for one of these paths at a time, or posts one of these bodies to the only path.</summary>
    public string Script(string name, IReadOnlyList<string> paths, IReadOnlyList<byte[]>? bodies = null, string? token = null)
    {
        var list = Path.Combine(_folder.FullName, $"{name}.txt");
        File.WriteAllLines(list, bodies is null ? paths : bodies.Select(System.Text.Encoding.UTF8.GetString));
        var script = Path.Combine(_folder.FullName, $"{name}.lua");
        var request = bodies is null
            ? $"wrk.format('GET', lines[math.random(#lines)]{(token is null ? "" : $", {{ ['Authorization'] = 'Bearer {token}' }}")})"
            : $"wrk.format('POST', '{paths[0]}', {{ ['Content-Type'] = 'application/fhir+json' }}, lines[math.random(#lines)])";
        File.WriteAllText(script, $$"""
            local lines = {}
            for line in io.lines('{{list}}') do lines[#lines + 1] = line end
            request = function() return {{request}} end
            """);
        return script;
    }

    /// <summary>Runs a script; requests a second and the 99th percentile in milliseconds. Any other answer than 2xx is a fault.</summary>
    public async Task<(double PerSecond, double P99)> RunAsync(string address, string script)
    {
        var (output, errors) = await StartAsync(address, script);
        for (var tries = 1; tries < MostTries && errors.Contains("unable to connect", StringComparison.Ordinal); tries++)
        {
            // A machine that has just closed thousands of connections may refuse the next for a moment.
            await Task.Delay(TimeSpan.FromSeconds(1));
            (output, errors) = await StartAsync(address, script);
        }

        if (output.Contains("Non-2xx", StringComparison.Ordinal) || RequestsPerSecond().Match(output) is not { Success: true } rate)
        {
            throw new InvalidOperationException($"wrk against {address} with {script}:\n{output}{errors}");
        }

        var last = Last().Match(output);
        var factor = last.Groups[2].Value switch
        {
            "us" => 0.001,
            "ms" => 1,
            _ => 1000,
        };
        return (
            double.Parse(rate.Groups[1].Value, CultureInfo.InvariantCulture), double.Parse(last.Groups[1].Value, CultureInfo.InvariantCulture) * factor);
    }

    private async Task<(string Output, string Errors)> StartAsync(string address, string script)
    {
        string[] arguments = ["-t1", $"-c{Connections}", $"-d{duration.TotalSeconds:0}s", "--latency", "-s", script, address];
        var start = new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (output, await errors);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RequestsPerSecond();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Last();
}
