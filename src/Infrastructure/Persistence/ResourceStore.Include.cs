using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>What a page of a search brings along (https://hl7.org/fhir/R4/search.html#include).</summary>
internal sealed partial class ResourceStore
{
    private async Task<(ImmutableArray<StoredResource> Included, ImmutableArray<string> Warnings)> IncludeAsync(
        Session session, SearchQuery query, List<Match> page, Visible? visible, CancellationToken cancellationToken)
    {
        if (page.Count == 0 || (query.Includes.IsEmpty && query.ReverseIncludes.IsEmpty))
        {
            return ([], []);
        }

        var seen = page.Select(match => match.Key).ToHashSet();
        var included = ImmutableArray.CreateBuilder<StoredResource>();
        var warnings = ImmutableArray.CreateBuilder<string>();
        var from = page.Select(match => (match.Key, match.Resource)).ToList();
        for (var round = 0; from.Count > 0 && (round == 0 || included.Count < limits.IncludeLimit); round++)
        {
            var found = new List<(long Key, StoredResource Resource)>();
            foreach (var include in query.Includes.Where(include => round == 0 || include.Iterates))
            {
                await TakeAsync(include, Forward(include, from), include.TargetType is null ? SearchTargets(include) : [include.TargetType], found);
            }

            foreach (var include in query.ReverseIncludes.Where(include => round == 0 || include.Iterates))
            {
                await TakeAsync(include, Backward(include, from), include.SourceType is null ? ResourceCatalog.Types : [include.SourceType], found);
            }

            from = found;
        }

        return (included.ToImmutable(), [.. warnings.Distinct()]);

        async Task TakeAsync(Include include, SqlText? sql, ImmutableArray<string> types, List<(long, StoredResource)> found)
        {
            if (sql is null)
            {
                return;
            }

            AppendVisible(sql, visible, types);
            sql.Append(FormattableString.Invariant($" LIMIT {limits.IncludeLimit + 1}"));
            var rows = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Stored: row.ReadStored()), cancellationToken);
            if (rows.Count > limits.IncludeLimit)
            {
                warnings.Add($"{include} would include more than {limits.IncludeLimit} resources; the rest is left out.");
            }

            foreach (var (key, stored) in rows.Take(limits.IncludeLimit))
            {
                if (seen.Add(key))
                {
                    included.Add(stored);
                    found.Add((key, stored));
                }
            }
        }
    }

    /// <summary>What these refer to, as row <c>r</c>; null where none of them can.</summary>
    private SqlText? Forward(Include include, List<(long Key, StoredResource Resource)> from)
    {
        var keys = from.Where(one => include.SourceType is null || one.Resource.Key.Type == include.SourceType).Select(one => one.Key).ToList();
        if (keys.Count == 0)
        {
            return null;
        }

        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns} FROM (SELECT DISTINCT x.hash AS hash FROM ix_reference x WHERE ")
            .Append(database.AnyOf("x.key", keys, sql));
        if (include.Parameter is { } parameter)
        {
            sql.Append(" AND ").Append(new CriteriaSql(database, sql).Sources(parameter.Sources, "x", true));
        }

        sql.Append(") t JOIN resource r ON r.id_hash = t.hash AND NOT r.deleted");
        return include.TargetType is { } target ? sql.Append($" AND r.type = {sql.Value(ResourceCatalog.NumberOf(target))}") : sql;
    }

    /// <summary>What refers to these, as row <c>r</c>; null where nothing can.</summary>
    private SqlText? Backward(Include include, List<(long Key, StoredResource Resource)> from)
    {
        var targets = from.Select(one => one.Resource.Key).Where(key => include.TargetType is null || key.Type == include.TargetType).ToList();
        var types = targets.Select(key => key.Type).ToHashSet(StringComparer.Ordinal);
        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns} FROM (SELECT DISTINCT x.key AS key FROM ix_reference x WHERE ");
        if (include.Parameter is { } parameter)
        {
            sql.Append(new CriteriaSql(database, sql).Sources(parameter.Sources, "x", true));
        }
        else
        {
            // Each parameter that may name one of the types is a range of the index of its own.
            var numbers = (include.SourceType is { } source ? [source] : ResourceCatalog.Types)
                .SelectMany(type => catalog.For(type))
                .Where(one => one.Kind == IndexKind.Reference && (one.Targets.IsEmpty || one.Targets.Any(types.Contains)))
                .SelectMany(one => one.Sources)
                .Select(one => (long)one.ParameterId).Distinct().ToList();
            if (numbers.Count == 0)
            {
                return null;
            }

            sql.Append(database.AnyOf("x.param", numbers, sql));
        }

        return targets.Count == 0 ? null : sql.Append(" AND ")
            .Append(database.AnyOf("x.hash", [.. targets.Select(key => StorageHash.OfReference(key.Type, key.Id))], sql))
            .Append(") t JOIN resource r ON r.key = t.key AND NOT r.deleted");
    }

    private static ImmutableArray<string> SearchTargets(Include include) => include.Parameter is { Targets.IsEmpty: false } parameter
        ? parameter.Targets
        : ResourceCatalog.Types;

    /// <summary>The row <c>r</c> is of one of the types and seen by the caller; types of which everything is seen are one list.</summary>
    private void AppendVisible(SqlText sql, Visible? visible, ImmutableArray<string> types)
    {
        if (visible is null)
        {
            return;
        }

        var write = new CriteriaSql(database, sql);
        var sights = types.Select(type => (Type: type, Criteria: visible(type))).Where(sight => !sight.Criteria.Contains(AnyCriterion.Nothing)).ToList();
        sql.Append(" AND (");
        sql.Append(write.AnyOf(
            "r.type", [.. sights.Where(sight => sight.Criteria.IsEmpty).Select(sight => (long)ResourceCatalog.NumberOf(sight.Type))]));
        foreach (var (type, criteria) in sights.Where(sight => !sight.Criteria.IsEmpty))
        {
            sql.Append($" OR (r.type = {sql.Value(ResourceCatalog.NumberOf(type))}");
            foreach (var criterion in criteria)
            {
                sql.Append(" AND ");
                write.Append(criterion, new Subject("r.key", "r", "r.rank"));
            }

            sql.Append(")");
        }

        sql.Append(")");
    }
}
