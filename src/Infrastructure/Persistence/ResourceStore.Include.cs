using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>The resources that a page of matches refers to, and those that refer to it.</summary>
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
        var keys = page.Select(match => match.Key).ToList();
        foreach (var include in query.Includes)
        {
            var sql = new SqlText();
            sql.Append($"SELECT {RowReader.StoredColumns} FROM (SELECT DISTINCT x.hash AS hash FROM ix_reference x WHERE ");
            sql.Append(database.AnyOf("x.key", keys, sql)).Append(" AND ")
                .Append(new CriteriaSql(database, sql).Sources(include.Parameter.Sources, "x", true))
                .Append(") t JOIN resource r ON r.id_hash = t.hash AND NOT r.deleted");
            await TakeAsync(include, sql, include.TargetType, SearchTargets(include));
        }

        foreach (var include in query.ReverseIncludes)
        {
            var hashes = page
                .Where(match => include.TargetType is null || match.Resource.Key.Type == include.TargetType)
                .Select(match => StorageHash.OfReference(match.Resource.Key.Type, match.Resource.Key.Id))
                .ToList();
            if (hashes.Count > 0)
            {
                var sql = new SqlText();
                sql.Append($"SELECT {RowReader.StoredColumns} FROM (SELECT DISTINCT x.key AS key FROM ix_reference x WHERE ");
                sql.Append(new CriteriaSql(database, sql).Sources(include.Parameter.Sources, "x", true)).Append(" AND ")
                    .Append(database.AnyOf("x.hash", hashes, sql))
                    .Append(") t JOIN resource r ON r.key = t.key AND NOT r.deleted");
                await TakeAsync(include, sql, targetType: null, [include.SourceType]);
            }
        }

        return (included.ToImmutable(), warnings.ToImmutable());

        async Task TakeAsync(Include include, SqlText sql, string? targetType, ImmutableArray<string> targetTypes)
        {
            if (targetType is not null)
            {
                sql.Append($" AND r.type = {sql.Value(ResourceCatalog.NumberOf(targetType))}");
            }

            AppendVisible(sql, visible, targetTypes);

            sql.Append(FormattableString.Invariant($" LIMIT {limits.IncludeLimit + 1}"));
            var rows = await session.QueryAsync(sql, row => (Key: row.GetInt64(0), Stored: row.ReadStored()), cancellationToken);
            if (rows.Count > limits.IncludeLimit)
            {
                warnings.Add($"{include.SourceType}:{include.Parameter.Code} would include more than {limits.IncludeLimit} resources; the rest is left out.");
            }

            foreach (var (key, stored) in rows.Take(limits.IncludeLimit))
            {
                if (seen.Add(key))
                {
                    included.Add(stored);
                }
            }
        }
    }

    private static ImmutableArray<string> SearchTargets(Include include) => include.TargetType is { } only ? [only]
        : include.Parameter.Targets.IsEmpty ? ResourceCatalog.Types
        : include.Parameter.Targets;

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
