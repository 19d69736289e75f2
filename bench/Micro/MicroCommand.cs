using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace TeleFhir.Bench.Micro;

/// <summary><c>micro [--filter Extract]</c>: what the steps of a request cost by themselves, without database or network.</summary>
internal static class MicroCommand
{
    private static readonly Type[] _all = [typeof(ParseBenchmarks), typeof(ExtractBenchmarks), typeof(BundleBenchmarks), typeof(StampBenchmarks), typeof(ValidateBenchmarks)];

    public static void Run(Arguments arguments)
    {
        // In this process: the project would otherwise be built once more for every benchmark.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddExporter(BenchmarkDotNet.Exporters.MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "telefhir-bench-micro"));
        var filter = arguments.Text("filter", "");
        foreach (var type in _all.Where(type => type.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
        {
            BenchmarkRunner.Run(type, config);
        }
    }
}
