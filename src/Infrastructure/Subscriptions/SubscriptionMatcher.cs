using System.Collections.Immutable;
using System.Globalization;
using NpgsqlTypes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>
/// One version of a resource, to be judged by the conditions of searches. The rows that it is indexed as are handed to the database under the
/// names of the index tables, so that what is asked is word for word what a search asks, and no row of other resources is read.
/// </summary>
internal sealed class SubscriptionMatcher
{
    // More than anybody writes into what is searched by; a statement has room for so many values.
    private const int MostRows = 5_000;

    private readonly Database _database;
    private readonly ResourceRow _row;
    private readonly RowBatch _rows = new();

    public SubscriptionMatcher(Database database, IndexWriter index, StoredResource version)
    {
        _database = database;
        _row = new ResourceRow
        {
            Key = 1,
            IdHash = StorageHash.OfReference(version.Key.Type, version.Key.Id),
            Type = ResourceCatalog.NumberOf(version.Key.Type),
            Id = version.Key.Id,
            Version = version.Key.Version ?? 1,
            Updated = version.LastUpdated.UtcTicks,
        };
        index.Write(_rows, _row, FhirJson.Parse(version.Json));
    }

    /// <summary>Hashes of what it refers to, and of itself.</summary>
    public IEnumerable<long> References => _rows.References.Select(row => row.Hash).Append(_row.IdHash).Distinct();

    /// <summary>Whether somebody sees it who sees what satisfies these.</summary>
    public Task<bool> IsVisibleAsync(Session session, ImmutableArray<Criterion> visible, CancellationToken cancellationToken) =>
        new RowJudge(_database, session, _row, _rows).HoldAsync(visible, cancellationToken);

    /// <summary>Whether a search with these conditions would find it.</summary>
    public async Task<bool> MatchesAsync(Session session, ImmutableArray<Criterion> criteria, CancellationToken cancellationToken)
    {
        // What can be told from the rows alone comes first: it decides most of the time, and costs the database nothing.
        var judge = new RowJudge(_database, session, _row, _rows);
        var plain = criteria.RemoveAll(criterion => !RowJudge.IsPlain(criterion));
        if (!await judge.HoldAsync(plain, cancellationToken))
        {
            return false;
        }

        criteria = criteria.RemoveAll(RowJudge.IsPlain);
        if (criteria.IsEmpty)
        {
            return true;
        }

        var asked = ParametersOf(criteria);
        var sql = new SqlText().Append("WITH ");
        Table(sql, Tables.Resource, [_row], except: "raw");
        Table(sql.Append(", "), Tables.Token, Of(_rows.Tokens, asked), except: "code");
        Table(sql.Append(", "), Tables.Reference, Of(_rows.References, asked));
        Table(sql.Append(", "), Tables.Date, Of(_rows.Dates, asked));
        Table(sql.Append(", "), Tables.Quantity, Of(_rows.Quantities, asked));
        Table(sql.Append(", "), Tables.String, Of(_rows.Strings, asked));
        sql.Append(" SELECT 1 FROM resource r WHERE NOT r.deleted");
        var write = new CriteriaSql(_database, sql);
        foreach (var criterion in criteria)
        {
            sql.Append(" AND ");
            write.Append(criterion, new Subject("r.key", "r", "r.rank"));
        }

        return (await session.QueryAsync(sql, _ => true, cancellationToken)).Count > 0;
    }

    /// <summary>The rows that the conditions look at, of every kind of row that a parameter has.</summary>
    private static HashSet<int> ParametersOf(IEnumerable<Criterion> criteria)
    {
        var found = new HashSet<int>();
        foreach (var criterion in criteria)
        {
            switch (criterion)
            {
                case ValueCriterion value:
                    Add(value.Parameter);
                    break;
                case MissingCriterion missing:
                    Add(missing.Parameter);
                    break;
                case NotCriterion not:
                    found.UnionWith(ParametersOf([not.Criterion]));
                    break;
                case AllCriterion all:
                    found.UnionWith(ParametersOf(all.Parts));
                    break;
                case AnyCriterion any:
                    found.UnionWith(ParametersOf(any.Alternatives));
                    break;
                default:
                    throw new NotSupportedException(criterion.GetType().Name);
            }
        }

        return found;

        void Add(SearchParameter parameter)
        {
            foreach (var source in parameter.Sources.Concat(parameter.Components.SelectMany(component => component.Sources)))
            {
                found.Add(source.ParameterId);
                found.UnionWith(Enum.GetValues<IndexFacet>().Select(facet => source.Of(facet).ParameterId));
            }
        }
    }

    private static List<TRow> Of<TRow>(List<TRow> rows, HashSet<int> parameters)
        where TRow : IndexRow => [.. rows.Where(row => parameters.Contains(row.Param)).Take(MostRows)];

    /// <summary>Rows under the name of a table. Numbers of our own making are written as they are; texts go as values.</summary>
    private static void Table<TRow>(SqlText sql, Table<TRow> table, IReadOnlyList<TRow> rows, string except = "")
    {
        var columns = table.Columns.Where(column => column.Name != except).ToList();
        sql.Append($"{table.Name} ({string.Join(", ", columns.Select(column => column.Name))}) AS (");
        if (rows.Count == 0)
        {
            sql.Append($"SELECT {string.Join(", ", columns.Select(column => $"CAST(NULL AS {TypeOf(column.Type)})"))} WHERE 1 = 0)");
            return;
        }

        for (var i = 0; i < rows.Count; i++)
        {
            sql.Append(i == 0 ? "VALUES (" : ", (")
                .Append(string.Join(", ", columns.Select(column => $"CAST({Value(sql, column.ValueOf(rows[i]))} AS {TypeOf(column.Type)})")))
                .Append(")");
        }

        sql.Append(")");
    }

    private static string Value(SqlText sql, object value) => value switch
    {
        DBNull => "NULL",
        bool truth => truth ? "true" : "false",
        string or double => sql.Value(value),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string TypeOf(NpgsqlDbType type) => type switch
    {
        NpgsqlDbType.Bigint => "bigint",
        NpgsqlDbType.Integer => "integer",
        NpgsqlDbType.Smallint => "smallint",
        NpgsqlDbType.Boolean => "boolean",
        NpgsqlDbType.Double => "double precision",
        _ => "text",
    };
}
