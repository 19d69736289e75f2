using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>What indexes would have to read, counted no further than it matters.</summary>
internal static class Reach
{
    /// <summary>The candidate that reads the least and how much, where that is less than the limit.</summary>
    public static async Task<(SearchDriver Driver, int Rows)?> LeastAsync(
        Database database, Session session, string type, IEnumerable<SearchDriver> candidates, int limit, CancellationToken cancellationToken)
    {
        (SearchDriver Driver, int Rows)? best = null;
        foreach (var candidate in candidates)
        {
            var rows = await OfAsync(session, new SearchSql(database, type, [], candidate), limit, cancellationToken);
            if (rows < limit)
            {
                (best, limit) = ((candidate, rows), rows);
            }
        }

        return best;
    }

    /// <summary>How many candidates a walk has, counted no further than the limit.</summary>
    public static async Task<int> OfAsync(Session session, SearchSql search, int limit, CancellationToken cancellationToken) =>
        (int)(await session.QueryAsync(search.Reach(limit), row => row.GetInt64(0), cancellationToken))[0];
}
