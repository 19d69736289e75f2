using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.CommandLine;

/// <summary>Something that was not stored, and why.</summary>
/// <param name="File">The file.</param>
/// <param name="Entry">The place in it: <c>Bundle.entry[3]</c> or <c>line 12</c>; null for the file as a whole.</param>
/// <param name="Issue">What is wrong.</param>
/// <param name="Expression">The element, where one is to blame.</param>
/// <param name="Waits">Whether it may yet succeed when other files are stored: it names a resource by a search that finds nothing.</param>
internal sealed record Rejection(string File, string? Entry, string Issue, string? Expression, [property: JsonIgnore] bool Waits)
{
    /// <summary>One for each issue. A transaction's issues name their entries, so <paramref name="entry"/> is taken from there when null.</summary>
    public static IEnumerable<Rejection> From(FhirException fault, string file, string? entry) => fault.Outcome.Issue.Select(issue =>
    {
        var expression = issue.Expression.FirstOrDefault();
        return new Rejection(
            file, entry ?? EntryOf(expression), issue.Details?.Text ?? "", expression, fault.Status == HttpStatusCode.PreconditionFailed);
    });

    public override string ToString() => $"{File}{(Entry is null ? "" : $", {Entry}")}: {Issue}{(Expression is null ? "" : $" ({Expression})")}";

    private static string? EntryOf(string? expression) =>
        expression is not null && expression.StartsWith("Bundle.entry[", StringComparison.Ordinal)
            ? expression[..(expression.IndexOf(']', StringComparison.Ordinal) + 1)]
            : null;
}

/// <summary>How the import of one file ended.</summary>
/// <param name="Stored">How many resources are stored that this run found in it.</param>
/// <param name="Rejections">What was not.</param>
/// <param name="PassedOver">Whether an earlier run had done all of it.</param>
internal sealed record FileOutcome(int Stored, IReadOnlyList<Rejection> Rejections, bool PassedOver = false)
{
    /// <summary>The number of things rejected: several issues may speak of one.</summary>
    public int Rejected => Rejections.Select(rejection => rejection.Entry).Distinct(StringComparer.Ordinal).Count();
}

/// <summary>What the files of one run came to.</summary>
internal sealed class ImportReport
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Lock _lock = new();
    private readonly List<Rejection> _rejections = [];

    public int Files { get; private set; }

    public int PassedOver { get; private set; }

    public int Rejected { get; private set; }

    public long Stored { get; private set; }

    public IReadOnlyList<Rejection> Rejections => _rejections;

    public void Add(FileOutcome outcome)
    {
        lock (_lock)
        {
            Files++;
            PassedOver += outcome.PassedOver ? 1 : 0;
            Stored += outcome.Stored;
            Rejected += outcome.Rejected;
            _rejections.AddRange(outcome.Rejections);
        }
    }

    /// <summary>All rejections, one JSON object per line, in a new file; its path. Imports that run side by side get a file each.</summary>
    public string Write(string name)
    {
        using var file = Create(name);
        using var writer = new StreamWriter(file);
        foreach (var rejection in _rejections)
        {
            writer.WriteLine(JsonSerializer.Serialize(rejection, _json));
        }

        return file.Name;
    }

    public string Summary(TimeSpan elapsed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Files} files, {Stored:N0} resources stored, {Rejected:N0} rejected, {PassedOver} files passed over in {elapsed.TotalSeconds:0.0} s "
        + $"({Stored / Math.Max(elapsed.TotalSeconds, 0.001):N0} resources/s)");

    private static FileStream Create(string name)
    {
        for (var number = 1; ; number++)
        {
            var path = Path.GetFullPath(string.Create(CultureInfo.InvariantCulture, $"{name}{(number == 1 ? "" : $"-{number}")}.ndjson"));
            try
            {
                return new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Taken: the next number.
            }
        }
    }
}
