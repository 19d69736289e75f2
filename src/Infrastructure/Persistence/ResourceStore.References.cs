using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Referential integrity, where it is asked for: a reference to a resource of this server leads to one that is there, and what is referred to is
/// not deleted. Whoever refers to a row holds it until the commit, so that of a reference and a deletion at the same time one is refused.
/// </summary>
internal sealed partial class ResourceStore
{
    /// <summary>What tells of the past stays true when what it tells of is gone, or never was.</summary>
    private static readonly ImmutableArray<string> _unbound = ["AuditEvent", "Provenance"];

    private readonly Lazy<IReadOnlyList<long>> _bindingParameters = new(() =>
    [
        .. ResourceCatalog.Types.Except(_unbound).SelectMany(type => catalog.For(type)).Where(parameter => parameter.Kind == IndexKind.Reference)
            .SelectMany(parameter => parameter.Sources).Select(source => (long)source.ParameterId).Distinct(),
    ]);

    /// <summary>Throws 422 where something written refers to what is not there, or to what this caller does not see: the two must look alike.</summary>
    private async Task DemandTargetsAsync(
        Session session, Caller caller, RowBatch batch, Dictionary<long, ResourceRow> stored, CancellationToken cancellationToken)
    {
        var written = batch.NewResources.Concat(batch.ChangedResources).Where(row => !row.Deleted).ToList();
        var here = written.Select(row => row.IdHash).ToHashSet();
        var bound = written.Where(row => !_unbound.Contains(ResourceCatalog.NameOf(row.Type)));
        var demanded = new Dictionary<long, (ResourceKey Target, string Expression)>();
        foreach (var (reference, expression) in bound.SelectMany(Added))
        {
            if (indexWriter.LocalKey(reference) is { } key && StorageHash.OfReference(key.Type, key.Id) is var hash && !here.Contains(hash))
            {
                demanded.TryAdd(hash, (key, expression));
            }
        }

        if (demanded.Count == 0)
        {
            return;
        }

        // What was referred to before stays; whoever changes something else need not see it (a busy Slot, for a patient).
        IEnumerable<(string Reference, string Expression)> Added(ResourceRow row)
        {
            var before = stored.GetValueOrDefault(row.IdHash) is { Deleted: false } replaced
                ? FhirJson.ReferencesIn(replaced.Raw).Select(one => one.Reference).ToHashSet(StringComparer.Ordinal)
                : [];
            return FhirJson.ReferencesIn(row.Raw).Select(one => (one.Reference, one.Expression)).Where(one => !before.Contains(one.Reference));
        }

        var sql = new SqlText();
        sql.Append("SELECT r.id_hash FROM resource r WHERE NOT r.deleted AND ").Append(database.AnyOf("r.id_hash", [.. demanded.Keys.Order()], sql));
        AppendVisible(sql, SightOf(caller, Interaction.Read), [.. demanded.Values.Select(one => one.Target.Type).Distinct()]);
        sql.Append($" ORDER BY r.id_hash{database.ShareLock}");
        var found = await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken);
        var missing = demanded.Where(one => !found.Contains(one.Key)).Select(one => new OperationOutcome.IssueComponent
        {
            Severity = OperationOutcome.IssueSeverity.Error,
            Code = OperationOutcome.IssueType.NotFound,
            Details = new CodeableConcept { Text = $"{one.Value.Target} does not exist." },
            Expression = [one.Value.Expression],
        }).ToList();
        if (missing.Count > 0)
        {
            throw new FhirException(HttpStatusCode.UnprocessableEntity, missing);
        }
    }

    /// <summary>Throws 409 where something deleted is referred to by what stays, so far as search parameters tell of references.</summary>
    private async Task DemandUnreferencedAsync(Session session, RowBatch batch, CancellationToken cancellationToken)
    {
        var deleted = batch.ChangedResources.Where(row => row.Deleted).ToDictionary(row => row.IdHash);
        if (deleted.Count == 0)
        {
            return;
        }

        // What changes in the same commit refers to what its new content says.
        var changed = batch.ChangedResources.Select(row => row.Key).ToHashSet();
        var kept = batch.References.Where(row => deleted.ContainsKey(row.Hash)).Select(row => row.Hash).ToHashSet();
        foreach (var hash in deleted.Keys.Where(hash => !kept.Contains(hash)))
        {
            var sql = new SqlText();
            sql.Append("SELECT DISTINCT x.key FROM ix_reference x WHERE ")
                .Append(database.AnyOf("x.param", _bindingParameters.Value, sql))
                .Append($" AND x.hash = {sql.Value(hash)}")
                .Append(FormattableString.Invariant($" LIMIT {changed.Count + 1}"));
            if ((await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken)).Any(key => !changed.Contains(key)))
            {
                kept.Add(hash);
            }
        }

        if (kept.Count > 0)
        {
            var names = kept.Select(hash => $"{ResourceCatalog.NameOf(deleted[hash].Type)}/{deleted[hash].Id}");
            throw FhirException.Conflict($"Other resources refer to {string.Join(", ", names)}, which cannot be deleted.");
        }
    }
}
