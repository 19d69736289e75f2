using System.Runtime.InteropServices;
using Spectre.Console;

namespace TeleFhir.Api.CommandLine;

/// <summary>Plain text on a console.</summary>
internal static class Terminal
{
    /// <summary>One line as it is: not wrapped where output goes into a file, and brackets in it are no markup.</summary>
    public static void Say(this IAnsiConsole console, string line) => console.Profile.Out.Writer.WriteLine(line);

    /// <summary>Whether somebody watches, so that a line may be drawn over.</summary>
    public static bool IsWatched(this IAnsiConsole console) => console.Profile.Out.IsTerminal && console.Profile.Capabilities.Ansi;
}

/// <summary>Turns Ctrl+C and a request to end into a token, so that what is under way is finished or left whole.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignal() => _registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        _source.Cancel();
    }
}
