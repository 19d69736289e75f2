using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace TeleFhir.Api.CommandLine;

/// <summary>How far an import is: a bar by bytes on a terminal; where output is kept, a line per file and now and then one for a long file.</summary>
internal sealed class ImportProgress
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, double> _done = new(StringComparer.Ordinal);
    private readonly IAnsiConsole _console;
    private readonly ProgressTask? _bar;
    private readonly Lock _lock = new();
    private long _told = Stopwatch.GetTimestamp();

    private ImportProgress(IAnsiConsole console, ProgressTask? bar)
    {
        _console = console;
        _bar = bar;
    }

    public static async Task RunAsync(IAnsiConsole console, IReadOnlyCollection<string> files, Func<ImportProgress, Task> work)
    {
        if (!console.IsWatched())
        {
            await work(new ImportProgress(console, bar: null));
            return;
        }

        await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new ImportProgress(
                console, context.AddTask(string.Create(CultureInfo.InvariantCulture, $"{files.Count} files"), maxValue: files.Sum(Weight)))));
    }

    /// <summary>Another piece of a file is stored.</summary>
    public void Advanced(string file, int parts, long bytes)
    {
        // A file that waited for others is gone through again, and counts once.
        var before = _done.GetValueOrDefault(file);
        var now = _done[file] = Math.Min(before + bytes, Weight(file));
        _bar?.Increment(now - before);
        lock (_lock)
        {
            if (_bar is null && Stopwatch.GetElapsedTime(_told) > _pause)
            {
                _told = Stopwatch.GetTimestamp();
                _console.Say(string.Create(CultureInfo.InvariantCulture, $"{file}: at {parts:N0}"));
            }
        }
    }

    public void Finished(string file, FileOutcome outcome)
    {
        if (_bar is not null)
        {
            _bar.Increment(Weight(file) - _done.GetValueOrDefault(file));
            return;
        }

        var rejected = outcome.Rejected > 0 ? string.Create(CultureInfo.InvariantCulture, $", {outcome.Rejected:N0} rejected") : "";
        var line = outcome.PassedOver ? $"{file}: imported before" : string.Create(CultureInfo.InvariantCulture, $"{file}: {outcome.Stored:N0} stored{rejected}");
        lock (_lock)
        {
            _console.Say(line);
        }
    }

    private static double Weight(string file) => 1 + new FileInfo(file).Length;
}
