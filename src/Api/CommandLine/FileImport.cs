using System.Collections.Immutable;
using System.Text.Json;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>Imports one file, or what an earlier run left of it.</summary>
internal sealed class FileImport(ImportPlanner planner, IImportLog log, ImportProgress progress, int parallel)
{
    private const int Attempts = 10;

    public async Task<FileOutcome> RunAsync(string file, CancellationToken cancellationToken)
    {
        var hash = await ImportFiles.HashAsync(file, cancellationToken);
        var start = await log.FindAsync(hash, cancellationToken);
        try
        {
            return ImportFiles.IsLines(file)
                ? await PartsAsync(file, hash, start, ImportFiles.LinesAsync(file, start, cancellationToken), names: null, cancellationToken)
                : await JsonAsync(file, hash, start, cancellationToken);
        }
        catch (FhirException fault)
        {
            return new FileOutcome(0, [.. Rejection.From(fault, file, entry: null)]);
        }
    }

    private async Task<FileOutcome> JsonAsync(string file, string hash, int start, CancellationToken cancellationToken)
    {
        var json = await ImportFiles.ReadAsync(file, cancellationToken);
        using var document = ImportFiles.ParseJson(json);
        var bundleType = ImportFiles.TypeOf(document.RootElement) == "Bundle" ? ImportFiles.TextOf(document.RootElement, "type") : null;
        switch (bundleType)
        {
            case "transaction":
                return await TransactionAsync(json, hash, start, cancellationToken);
            case "batch" or "collection" or "searchset":
            case null when ImportFiles.TypeOf(document.RootElement) != "Bundle":
                var parts = ImportFiles.PartsOf(document);
                var rest = parts.Where(part => part.Index >= start).Chunk(500).ToAsyncEnumerable();
                return await PartsAsync(file, hash, start, rest, NamesIn(parts, hash), cancellationToken);
            default:
                throw FhirException.Invalid(
                    "A Bundle is imported where it is a transaction, batch, collection or searchset.", "Bundle.type");
        }
    }

    private async Task<FileOutcome> PartsAsync(
        string file,
        string hash,
        int start,
        IAsyncEnumerable<IReadOnlyList<ImportPart>> chunks,
        IReadOnlyDictionary<string, string>? names,
        CancellationToken cancellationToken)
    {
        var any = false;
        var import = new PartsImport(planner, file, hash, parallel) { Names = names ?? ImmutableDictionary<string, string>.Empty };
        var outcome = await import.RunAsync(chunks, NoteAsync, cancellationToken);
        return any || start == 0 ? outcome : outcome with { PassedOver = true };

        Task NoteAsync(int done, long bytes)
        {
            any = true;
            progress.Advanced(file, done, bytes);
            return log.RecordAsync(hash, done, cancellationToken);
        }
    }

    private async Task<FileOutcome> TransactionAsync(ReadOnlyMemory<byte> json, string hash, int start, CancellationToken cancellationToken)
    {
        if (start > 0)
        {
            return new FileOutcome(0, [], PassedOver: true);
        }

        var entries = BundleReader.Read(json).Entries();
        for (var left = Attempts; left > 0; left--)
        {
            var number = 0;
            var plan = await planner.PlanAsync(entries, () => ImportPlanner.IdOf(hash, number++), cancellationToken);

            // Committed by a run that was cut off before it could take note: its resources are there, all of them.
            var isDone = plan.Changes.Changes.OfType<CreateChange>().FirstOrDefault() is { } create
                && await planner.Store.ReadAsync(ImportPlanner.Caller, create.Key, cancellationToken) is not null;
            if (isDone || await planner.TryCommitAsync(plan.Changes, cancellationToken))
            {
                await log.RecordAsync(hash, 1, cancellationToken);
                return new FileOutcome(plan.Entries.Count(entry => entry.Answer != EntryAnswer.Read), []);
            }
        }

        throw FhirException.Conflict("Others keep changing what the criteria match; try again.");
    }

    /// <summary>In a collection the entries may call each other by <c>urn:uuid</c>, which means nothing outside of it.</summary>
    private static Dictionary<string, string> NamesIn(IReadOnlyList<ImportPart> parts, string hash)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Where(part => part.FullUrl?.StartsWith("urn:", StringComparison.Ordinal) == true && !part.Json.IsEmpty))
        {
            using var resource = JsonDocument.Parse(part.Json, new JsonDocumentOptions { MaxDepth = FhirJson.MaxDepth + 3 });
            if (ImportFiles.TypeOf(resource.RootElement) is { } type)
            {
                names[part.FullUrl!] = $"{type}/{ImportFiles.TextOf(resource.RootElement, "id") ?? ImportPlanner.IdOf(hash, part.Index)}";
            }
        }

        return names;
    }
}
