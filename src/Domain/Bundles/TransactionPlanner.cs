using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// Makes one plan: first which resource each entry is about, then where references lead, and only then, with references resolved in
/// the bytes, the one parse of each resource.
/// </summary>
internal sealed class TransactionPlanner(
    ImmutableArray<BundleEntry> entries, Conditions conditions, Action<Resource, string?> validate, Func<string> newId)
{
    private const int _maxDeletes = 1000;

    private readonly Target?[] _targets = new Target?[entries.Length];
    private readonly HashSet<ResourceKey> _deleted = [];
    private readonly Dictionary<ResourceKey, int> _owners = [];
    private readonly Dictionary<(string Type, string Guard), ResourceKey> _promised = [];

    /// <summary>What an entry is about.</summary>
    private sealed record Target(ImmutableArray<ResourceKey> Keys, bool IsExisting = false, bool MustNotExist = false)
    {
        public ResourceKey? Single => Keys.Length == 1 ? Keys[0] : null;
    }

    public async Task<TransactionPlan> PlanAsync(CancellationToken cancellationToken)
    {
        // In the order of processing: what is deleted is no longer found by the conditions of those that come after.
        await TargetAsync(Interaction.Delete, FindDeletedAsync, cancellationToken);
        await TargetAsync(Interaction.Create, FindCreatedAsync, cancellationToken);
        await TargetAsync(Interaction.Update, FindUpdatedAsync, cancellationToken);
        await TargetAsync(Interaction.Patch, FindPatchedAsync, cancellationToken);

        var references = new ReferenceMap(entries, [.. _targets.Select(target => target?.Single)]);
        var changes = ImmutableArray.CreateBuilder<Change>(entries.Length);
        var planned = new PlannedEntry[entries.Length];
        foreach (var i in InOrder())
        {
            try
            {
                planned[i] = await PlanEntryAsync(i, references, changes, cancellationToken);
            }
            catch (FhirException fault)
            {
                throw fault.At(entries[i].ResourceSource);
            }
        }

        return new TransactionPlan(new ChangeSet(changes.ToImmutable(), conditions.Expectations), [.. planned]);
    }

    private async Task TargetAsync(
        Interaction interaction, Func<BundleEntry, CancellationToken, Task<Target>> find, CancellationToken cancellationToken)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = entries[i];
            if (entry.Interaction != interaction)
            {
                continue;
            }

            try
            {
                var target = await find(entry, cancellationToken);
                _targets[i] = target;
                Claim(i, target);
            }
            catch (FhirException fault)
            {
                throw fault.At(entry.Source is null ? null : $"{entry.Source}.request");
            }
        }
    }

    private void Claim(int index, Target target)
    {
        foreach (var key in target.IsExisting ? [] : target.Keys)
        {
            if (!_owners.TryAdd(key, index))
            {
                throw FhirException.Invalid($"{key} is written twice: here and by entry {_owners[key]}.");
            }

            if (entries[index].Interaction == Interaction.Delete)
            {
                _deleted.Add(key);
            }
        }
    }

    private async Task<Target> FindDeletedAsync(BundleEntry entry, CancellationToken cancellationToken)
    {
        var type = entry.Url.Type!;
        if (entry.Url.Id is { } id)
        {
            return new([new(type, id)]);
        }

        // A client that says how many it is ready to delete may delete several; any other gets one.
        var allowed = CountOf(entry.Url.Query!);
        var condition = await conditions.ResolveAsync(type, entry.Url.Query!, allowed ?? 2, cancellationToken);
        if (allowed is null && condition.MatchedIds.Length > 1)
        {
            throw FhirException.MultipleMatches(
                $"Several resources of type {type} match the criteria; say how many may be deleted with _count.");
        }

        return new([.. condition.MatchedIds.Select(match => new ResourceKey(type, match))]);
    }

    private async Task<Target> FindCreatedAsync(BundleEntry entry, CancellationToken cancellationToken)
    {
        var type = entry.Url.Type!;
        if (entry.IfNoneExist is not { } query)
        {
            return new([new(type, newId())]);
        }

        var matches = await MatchesAsync(type, query, cancellationToken);
        if (matches is [var match])
        {
            return new([match], IsExisting: true);
        }

        if (matches.Length > 1)
        {
            throw FhirException.MultipleMatches($"Several resources of type {type} match the criteria of If-None-Exist.");
        }

        var key = new ResourceKey(type, newId());
        return _promised.TryAdd((type, conditions.GuardOf(type, query)), key)
            ? new([key])
            : throw FhirException.Invalid("Two entries create a resource under the same condition.");
    }

    private async Task<Target> FindUpdatedAsync(BundleEntry entry, CancellationToken cancellationToken)
    {
        var type = entry.Url.Type!;
        Check(entry);
        var bodyId = FhirJson.IdOf(entry.Resource.Span);
        if (bodyId is not null && !ResourceKey.IsId(bodyId))
        {
            throw FhirException.Invalid("The id in the body is not an id.", $"{entry.ResourceSource ?? type}.id");
        }

        if (entry.Url.Id is { } id)
        {
            return bodyId == id ? new([new(type, id)]) : throw OtherId(entry, id, bodyId);
        }

        var matches = await MatchesAsync(type, entry.Url.Query!, cancellationToken);
        if (matches.Length > 1)
        {
            throw FhirException.MultipleMatches($"Several resources of type {type} match the criteria.");
        }

        if (matches is [var match])
        {
            return bodyId is null || bodyId == match.Id ? new([match]) : throw OtherId(entry, match.Id, bodyId);
        }

        // A resource that has this id already is another one, for it does not match.
        var key = new ResourceKey(type, bodyId ?? newId());
        _promised.TryAdd((type, conditions.GuardOf(type, entry.Url.Query!)), key);
        return new([key], MustNotExist: true);
    }

    private async Task<Target> FindPatchedAsync(BundleEntry entry, CancellationToken cancellationToken)
    {
        var type = entry.Url.Type!;
        if (entry.Url.Id is { } id)
        {
            return new([new(type, id)]);
        }

        var matches = await MatchesAsync(type, entry.Url.Query!, cancellationToken);
        return matches.Length switch
        {
            1 => new(matches),
            0 => throw FhirException.NotFound($"No resource of type {type} matches the criteria."),
            _ => throw FhirException.MultipleMatches($"Several resources of type {type} match the criteria."),
        };
    }

    private async Task<ImmutableArray<ResourceKey>> MatchesAsync(string type, string query, CancellationToken cancellationToken)
    {
        // Two more than are deleted here, so that what is left tells one match from several.
        var limit = 2 + Math.Min(_maxDeletes, _deleted.Count(key => key.Type == type));
        var condition = await conditions.ResolveAsync(type, query, limit, cancellationToken);
        return [.. condition.MatchedIds.Select(id => new ResourceKey(type, id)).Where(key => !_deleted.Contains(key))];
    }

    private async Task<PlannedEntry> PlanEntryAsync(
        int index, ReferenceMap references, ImmutableArray<Change>.Builder changes, CancellationToken cancellationToken)
    {
        var entry = entries[index];
        if (_targets[index] is not { } target)
        {
            return new(entry, EntryAnswer.Read, [], null);
        }

        if (target.IsExisting)
        {
            // Not written, yet a faulty body is an error whether or not it is needed.
            FhirJson.Parse(entry.Resource, entry.Url.Type, entry.ResourceSource);
            return new(entry, EntryAnswer.Existing, [], target.Single);
        }

        var first = changes.Count;
        if (entry.Interaction == Interaction.Delete)
        {
            changes.AddRange(target.Keys.Select(key => new DeleteChange(key) { IfMatch = entry.IfMatch, Source = entry.Source }));
            return new(entry, EntryAnswer.Changed, [.. Enumerable.Range(first, target.Keys.Length)], target.Single);
        }

        if (entry.Interaction == Interaction.Patch)
        {
            changes.Add(await PatchAsync(index, target.Keys[0], references, cancellationToken));
            return new(entry, EntryAnswer.Changed, [first], target.Single);
        }

        var content = await ReadAsync(index, references, cancellationToken);
        changes.Add(entry.Interaction == Interaction.Create
            ? new CreateChange(target.Keys[0], content) { Source = entry.Source }
            : new PutChange(target.Keys[0], content)
            {
                IfMatch = entry.IfMatch,
                MustNotExist = MustNotExist(entry, target),
                Source = entry.Source,
            });
        return new(entry, EntryAnswer.Changed, [first], target.Single);
    }

    private async Task<ResourceContent> ReadAsync(int index, ReferenceMap references, CancellationToken cancellationToken)
    {
        var entry = entries[index];
        Check(entry);
        var json = await LinkAsync(index, references, cancellationToken);
        if (entry.Source is not null)
        {
            ReferenceMap.RefuseDangling(json.Span, entry.ResourceSource!);
        }

        var resource = FhirJson.Parse(json, entry.Url.Type, entry.ResourceSource);
        validate(resource, entry.ResourceSource);
        return new(resource, json);
    }

    private async Task<PatchChange> PatchAsync(int index, ResourceKey key, ReferenceMap references, CancellationToken cancellationToken)
    {
        var (entry, source) = (entries[index], entries[index].ResourceSource);

        // Read twice, since references may be looked for only in what is sound.
        Read(entry.Resource);
        var patch = Read(await LinkAsync(index, references, cancellationToken));
        return new PatchChange(key, Apply) { IfMatch = entry.IfMatch, Source = entry.Source };

        ResourcePatch Read(ReadOnlyMemory<byte> body) =>
            entry.PatchFormat == PatchFormat.Json ? ResourcePatch.OfJson(body, source) : ResourcePatch.OfParameters(body, source);

        ResourceContent Apply(StoredResource stored)
        {
            try
            {
                var json = patch.Apply(stored.Json);
                var resource = FhirJson.Parse(json, key.Type, source);
                ReferenceMap.RefuseDangling(json, source ?? key.Type);
                validate(resource, source);
                return FhirJson.FindConditionalReferences(json, source) is [var unresolved, ..]
                    ? throw FhirException.BusinessRule("A patch takes a reference by search as a whole Reference only.", unresolved.Expression)
                    : new(resource, json);
            }
            catch (FhirException fault)
            {
                throw fault.At(source);
            }
        }
    }

    /// <summary>The entry's content with its references led to where they are to lead.</summary>
    private async Task<ReadOnlyMemory<byte>> LinkAsync(int index, ReferenceMap references, CancellationToken cancellationToken)
    {
        var entry = entries[index];
        var resolved = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var reference in FhirJson.FindConditionalReferences(entry.Resource.Span, entry.ResourceSource))
        {
            resolved[reference.Reference] = await ResolveAsync(reference, cancellationToken);
        }

        var map = references.From(index, resolved);
        return FhirJson.RewriteReferences(entry.Resource.Span, map) is { } rewritten ? rewritten : entry.Resource;
    }

    private async Task<string> ResolveAsync(ConditionalReference reference, CancellationToken cancellationToken)
    {
        try
        {
            var matches = await MatchesAsync(reference.Type, reference.Query, cancellationToken);
            var guard = conditions.GuardOf(reference.Type, reference.Query);
            if (matches.IsEmpty && _promised.TryGetValue((reference.Type, guard), out var promised))
            {
                return promised.ToString();
            }

            return matches.Length switch
            {
                1 => matches[0].ToString(),
                0 => throw FhirException.PreconditionFailed("The reference is a search that finds nothing.", reference.Expression),
                _ => throw FhirException.MultipleMatches("The reference is a search that finds several resources.", reference.Expression),
            };
        }
        catch (FhirException fault)
        {
            throw fault.At(reference.Expression);
        }
    }

    // Bytes are searched and changed only after this; a body that fails it is parsed for the sake of a full list of its faults.
    private static void Check(BundleEntry entry)
    {
        if (JsonScan.Run(entry.Resource.Span, entry.ResourceSource).Issues.Count > 0)
        {
            FhirJson.Parse(entry.Resource, entry.Url.Type, entry.ResourceSource);
        }
    }

    private static bool MustNotExist(BundleEntry entry, Target target)
    {
        if (entry.IfNoneMatch.IsEmpty || entry.IfNoneMatch is [EntityTags.Any])
        {
            return target.MustNotExist || !entry.IfNoneMatch.IsEmpty;
        }

        throw FhirException.Invalid(
            "An update takes If-None-Match with * only.", entry.Source is { } source ? $"{source}.request.ifNoneMatch" : null);
    }

    private static FhirException OtherId(BundleEntry entry, string expected, string? found) => FhirException.Invalid(
        found is null
            ? "The body of an update has the id of its address."
            : $"The body has the id {found}, but {expected} is to be updated.",
        $"{entry.ResourceSource ?? entry.Url.Type}.id");

    private static int? CountOf(string query)
    {
        foreach (var pair in query.Split('&'))
        {
            if (pair.StartsWith("_count=", StringComparison.Ordinal))
            {
                var isNumber = int.TryParse(pair.AsSpan("_count=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
                return isNumber && count is >= 1 and <= _maxDeletes
                    ? count
                    : throw FhirException.Invalid($"_count of a deletion is between 1 and {_maxDeletes}.");
            }
        }

        return null;
    }

    private IEnumerable<int> InOrder() => Enumerable.Range(0, entries.Length).OrderBy(i => entries[i].Interaction switch
    {
        Interaction.Delete => 0,
        Interaction.Create => 1,
        Interaction.Update or Interaction.Patch => 2,
        _ => 3,
    });
}
