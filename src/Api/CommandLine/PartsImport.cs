using System.Collections.Immutable;
using System.Text.Json;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// Imports a file whose resources stand on their own: each is put under its id, or under a new one where it has none. Many go into one
/// commit; what is wrong with one never stops another.
/// </summary>
internal sealed class PartsImport(ImportPlanner planner, string file, string hash, int parallel)
{
    private const int Attempts = 10;

    private readonly List<Rejection> _rejections = [];
    private int? _firstRejected;
    private int _stored;

    /// <summary>What entries of the same Bundle are called by others, and what they are stored as.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>Imports chunk by chunk and tells after each how many parts, from the start, are done, and how many bytes it had.</summary>
    public async Task<FileOutcome> RunAsync(
        IAsyncEnumerable<IReadOnlyList<ImportPart>> chunks, Func<int, long, Task> done, CancellationToken cancellationToken)
    {
        await using var chunk = chunks.GetAsyncEnumerator(cancellationToken);
        for (var next = await PrepareNextAsync(); await next is { } ready;)
        {
            // The next chunk is read and parsed while this one is written.
            next = await PrepareNextAsync();
            await StoreAsync(ready, cancellationToken);
            await done(ready[^1].Part.Index + 1, ready.Sum(item => (long)item.Part.Json.Length));
        }

        // A repeated run starts at the first that was rejected: it is told again, or stored by then.
        if (_firstRejected is { } first)
        {
            await done(first, 0);
        }

        return new FileOutcome(_stored, _rejections);

        async ValueTask<Task<Prepared[]?>> PrepareNextAsync() =>
            await chunk.MoveNextAsync() ? PrepareAsync(chunk.Current, cancellationToken) : Task.FromResult<Prepared[]?>(null);
    }

    private async Task<Prepared[]?> PrepareAsync(IReadOnlyList<ImportPart> parts, CancellationToken cancellationToken)
    {
        var prepared = new Prepared[parts.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, parts.Count, options, async (i, token) => prepared[i] = await PrepareAsync(parts[i], token));
        return prepared;
    }

    private async Task<Prepared> PrepareAsync(ImportPart part, CancellationToken cancellationToken)
    {
        try
        {
            var plan = await planner.PlanAsync([EntryOf(part)], () => ImportPlanner.IdOf(hash, part.Index), cancellationToken);

            // Not a create: after a crash between commit and note it is written again, and then changes nothing.
            var changes = plan.Changes.Changes.Select(change => change is CreateChange create ? new PutChange(create.Key, create.Content) : change);
            return new Prepared(part, plan.Changes with { Changes = [.. changes] }, null);
        }
        catch (FhirException fault)
        {
            return new Prepared(part, null, fault);
        }
    }

    private BundleEntry EntryOf(ImportPart part)
    {
        if (part.Json.IsEmpty)
        {
            throw FhirException.Invalid("There is no resource.");
        }

        var json = part.Json;
        var (type, id) = Identify(json);
        if (type is null)
        {
            throw FhirException.Invalid("resourceType is missing or is no R4 resource type.");
        }

        if (Names.Count > 0)
        {
            FhirJson.Parse(json);
            json = FhirJson.RewriteReferences(json.Span, Names.GetValueOrDefault) ?? json;
        }

        return id is null ? BundleEntry.Create(type, json) : BundleEntry.Update($"{type}/{id}", json);
    }

    /// <summary>Type and id; the parser finds the words where the bytes are too broken to tell.</summary>
    private static (string? Type, string? Id) Identify(ReadOnlyMemory<byte> json)
    {
        try
        {
            var type = FhirJson.TypeOf(json.Span);
            return (ResourceCatalog.IsKnown(type) ? type : null, FhirJson.IdOf(json.Span));
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            FhirJson.Parse(json);
            throw FhirException.Invalid("The resource cannot be read.");
        }
    }

    private async Task StoreAsync(Prepared[] chunk, CancellationToken cancellationToken)
    {
        var pending = new List<Prepared>();
        var keys = new HashSet<ResourceKey>();
        foreach (var item in chunk)
        {
            if (item.Changes is null)
            {
                // It may name a resource that comes just before it in this file.
                if (item.Fault!.Status == System.Net.HttpStatusCode.PreconditionFailed)
                {
                    await FlushAsync(pending, keys, cancellationToken);
                    await StoreAloneAsync(item, cancellationToken);
                }
                else
                {
                    Reject(item.Part, item.Fault);
                }

                continue;
            }

            // One change set writes a resource once; the later line is the newer version.
            if (item.Changes.Changes.Any(change => keys.Contains(change.Key)))
            {
                await FlushAsync(pending, keys, cancellationToken);
            }

            pending.Add(item);
            keys.UnionWith(item.Changes.Changes.Select(change => change.Key));
        }

        await FlushAsync(pending, keys, cancellationToken);
    }

    private async Task FlushAsync(List<Prepared> pending, HashSet<ResourceKey> keys, CancellationToken cancellationToken)
    {
        if (pending.Count == 0)
        {
            return;
        }

        var together = new ChangeSet(
            [.. pending.SelectMany(item => item.Changes!.Changes)],
            [.. pending.SelectMany(item => item.Changes!.Expectations).DistinctBy(expectation => (expectation.Guard, expectation.Condition.Count))]);
        if (await TryCommitAsync(together, cancellationToken))
        {
            _stored += pending.Count;
        }
        else
        {
            foreach (var item in pending)
            {
                await StoreAloneAsync(item, cancellationToken);
            }
        }

        pending.Clear();
        keys.Clear();
    }

    private async Task<bool> TryCommitAsync(ChangeSet changes, CancellationToken cancellationToken)
    {
        try
        {
            return await planner.TryCommitAsync(changes, cancellationToken);
        }
        catch (FhirException)
        {
            // One by one it shows whose fault it was.
            return false;
        }
    }

    private async Task StoreAloneAsync(Prepared item, CancellationToken cancellationToken)
    {
        for (var left = Attempts; ; left--)
        {
            try
            {
                var again = await PrepareAsync(item.Part, cancellationToken);
                if (await planner.TryCommitAsync(again.Changes ?? throw again.Fault!, cancellationToken))
                {
                    _stored++;
                    return;
                }

                if (left == 0)
                {
                    throw FhirException.Conflict("Others keep changing what the criteria match.");
                }
            }
            catch (FhirException fault)
            {
                Reject(item.Part, fault);
                return;
            }
        }
    }

    private void Reject(ImportPart part, FhirException fault)
    {
        _firstRejected ??= part.Index;
        _rejections.AddRange(Rejection.From(fault, file, part.Place));
    }

    private sealed record Prepared(ImportPart Part, ChangeSet? Changes, FhirException? Fault);
}
