using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// Walks a search, or several of one order, along the timeline or the times of change. Where candidates must be probed it goes by stretches: it
/// asks how far so many candidates reach, reads the matches among them, and goes on from there with a longer stretch until the page is
/// full or enough was looked at.
/// </summary>
/// <param name="session">The connection.</param>
/// <param name="searches">One for each type.</param>
/// <param name="limit">How many matches are wanted.</param>
/// <param name="budget">How many candidates may be looked at; null for all.</param>
internal sealed class TimeWalk(Session session, IReadOnlyList<SearchSql> searches, int limit, int? budget)
{
    private const int ShortestStretch = 64;
    private const int Growth = 4;
    private const int LongestStretch = 16_384;

    private readonly List<Match> _matches = [];
    private int _left = budget ?? int.MaxValue;
    private PageCursor? _stopped;

    /// <summary>Reads a page.</summary>
    public async Task<Stretch> ReadAsync(SearchOrder order, PageCursor? after, TotalColumn? total, CancellationToken cancellationToken)
    {
        if (order != SearchOrder.TimelineAscending)
        {
            await WalkAsync(order, after, total, cancellationToken);
            return new Stretch(_matches, _stopped);
        }

        // Those without a place come last in either direction: upwards they are a walk of their own.
        var isAbsent = after is { Values: [0L, ..] };
        if (!isAbsent)
        {
            await WalkAsync(order, after, total: null, cancellationToken);
        }

        if (_matches.Count < limit && _stopped is null)
        {
            await WalkAsync(SearchOrder.TimelineAbsent, isAbsent ? after : null, total: null, cancellationToken);
        }

        return new Stretch(_matches, _stopped);
    }

    private async Task WalkAsync(SearchOrder order, PageCursor? after, TotalColumn? total, CancellationToken cancellationToken)
    {
        var isBounded = budget is not null && searches.Any(search => search.IsProbing);
        for (var stretch = Math.Max(ShortestStretch, limit * Growth); ; stretch = Math.Min(stretch * Growth, LongestStretch))
        {
            stretch = Math.Min(stretch, Math.Max(_left, 1));
            var until = isBounded ? await PlaceAsync(order, after, stretch, cancellationToken) : null;
            _matches.AddRange(await session.QueryAsync(
                Page(order, after, until, total), row => Match.Of(row, columns: 1, total is not null), cancellationToken));
            if (_matches.Count >= limit || until is null)
            {
                return;
            }

            (after, total) = (until, null);
            if ((_left -= stretch) <= 0)
            {
                _stopped = after;
                return;
            }
        }
    }

    private SqlText Page(SearchOrder order, PageCursor? after, PageCursor? until, TotalColumn? total)
    {
        var most = limit - _matches.Count;
        if (searches is [var only])
        {
            return only.Page(order, after, most, until, total);
        }

        var sql = new SqlText().Append("SELECT * FROM (");
        for (var i = 0; i < searches.Count; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            searches[i].AppendPage(sql, order, after, most, until);
            sql.Append($") t{i}");
        }

        var direction = SearchSql.DirectionOf(order);
        return sql.Append($") u ORDER BY u.s0{direction}, u.key{direction}").Append(FormattableString.Invariant($" LIMIT {most}"));
    }

    private async Task<PageCursor?> PlaceAsync(SearchOrder order, PageCursor? after, int candidates, CancellationToken cancellationToken)
    {
        var sql = new SqlText().Append("SELECT s0, key FROM (");
        for (var i = 0; i < searches.Count; i++)
        {
            sql.Append(i == 0 ? "" : " UNION ALL ").Append("SELECT * FROM (");
            searches[i].AppendPlace(sql, order, after, candidates);
            sql.Append($") t{i}");
        }

        // Of several walks the one that comes the least far says how far all are read.
        var direction = SearchSql.DirectionOf(order);
        sql.Append($") u ORDER BY s0{direction}, key{direction} LIMIT 1");
        var places = await session.QueryAsync(sql, row => new PageCursor([Match.ValueOf(row, 0)], row.GetInt64(1)), cancellationToken);
        return places is [var place] ? place : null;
    }
}
