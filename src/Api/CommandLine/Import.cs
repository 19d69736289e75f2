using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>import</c>: transactions as they are, every other resource under its id. What an earlier run has stored is passed over; what cannot
/// be stored is reported, and the rest goes on.
/// </summary>
internal static class Import
{
    private const int MostTold = 20;

    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (arguments.Operands.IsEmpty)
        {
            throw new UsageException("Say which files or folders to import.");
        }

        var parallel = arguments.Number("parallel", most: 64, otherwise: Math.Clamp(Environment.ProcessorCount, 2, 8));
        var files = ImportFiles.Find(arguments.Operands);
        await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        await services.GetRequiredService<IReindexing>().LoadAsync(cancellationToken);
        var clock = services.GetRequiredService<TimeProvider>();
        var start = Stopwatch.GetTimestamp();
        var planner = services.GetRequiredService<ImportPlanner>();
        var log = services.GetRequiredService<IImportLog>();
        var report = new ImportReport();
        await ImportProgress.RunAsync(console, files, progress => RunAsync(
            new FileImport(planner, log, progress, parallel), files, parallel, report, progress, cancellationToken));

        foreach (var rejection in report.Rejections.Take(MostTold))
        {
            console.Say($"rejected: {rejection}");
        }

        if (report.Rejections.Count > 0)
        {
            Tell(report, clock.GetUtcNow(), console);
        }

        console.Say(report.Summary(Stopwatch.GetElapsedTime(start)));
        return report.Rejected > 0 ? 1 : 0;
    }

    /// <summary>Writes all issues to a file where the user is. Where that cannot be, the summary and the exit code still tell.</summary>
    private static void Tell(ImportReport report, DateTimeOffset now, IAnsiConsole console)
    {
        try
        {
            var path = report.Write($"import-rejected-{now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}");
            console.Say($"All {report.Rejections.Count} issues are in {path}.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            console.Say($"The issues could not be written to a file: {fault.Message}");
        }
    }

    /// <summary>
    /// A file that names resources of others by a search that finds nothing yet waits for the rest, and so on for as long as that helps:
    /// whoever exports patients and practitioners into files of their own does not sort them for us.
    /// </summary>
    private static async Task RunAsync(
        FileImport import,
        IReadOnlyCollection<string> files,
        int parallel,
        ImportReport report,
        ImportProgress progress,
        CancellationToken cancellationToken)
    {
        var mayWait = true;
        for (var queue = files; queue.Count > 0;)
        {
            var waiting = new ConcurrentBag<string>();
            var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(queue, options, async (file, token) =>
            {
                var outcome = await import.RunAsync(file, token);
                if (mayWait && outcome.Rejections.Any(rejection => rejection.Waits))
                {
                    waiting.Add(file);
                    return;
                }

                report.Add(outcome);
                progress.Finished(file, outcome);
            });
            mayWait = waiting.Count < queue.Count;
            queue = [.. waiting.Order(StringComparer.Ordinal)];
        }
    }
}
