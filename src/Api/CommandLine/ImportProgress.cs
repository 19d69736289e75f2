using System.Globalization;
using Spectre.Console;

namespace TeleFhir.Api.CommandLine;

/// <summary>How far an import is: a bar by bytes on a terminal, a line per file where output is kept.</summary>
internal sealed class ImportProgress
{
    private readonly IAnsiConsole _console;
    private readonly ProgressTask? _bar;
    private readonly Lock _lock = new();

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

    public void Finished(string file, FileOutcome outcome)
    {
        if (_bar is not null)
        {
            _bar.Increment(Weight(file));
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
