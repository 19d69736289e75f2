using System.Collections.Immutable;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>
/// Reads a page of one type in the order of any sort keys. Few matches are gathered and sorted. Of many, those whose first key lies in a stretch
/// of its index are, and then those of the next stretch. What is equal in the first key for longer than a stretch is a search of its own,
/// ordered by the keys that are left; so is what has no value for it, which comes last. Ids, which end every order, are never equal.
/// </summary>
/// <param name="database">Whose dialect.</param>
/// <param name="session">The connection.</param>
/// <param name="type">The type searched.</param>
/// <param name="visible">What is seen of other types.</param>
/// <param name="sort">The keys.</param>
/// <param name="limit">How many matches are wanted.</param>
/// <param name="gathered">So many matches are few.</param>
/// <param name="budget">How many candidates may be looked at; null for all.</param>
internal sealed class SortedWalk(
    Database database, Session session, string type, Visible? visible, ImmutableArray<SortKey> sort, int limit, int gathered, int? budget)
{
    /// <summary>What is equal in a key is gathered up to here: with more, the walk by the keys that are left meets enough soon.</summary>
    private const int MostOfEqual = 2000;
    private const int Growth = 4;
    private const int LongestStretch = 4096;

    private static readonly SearchParameter _id = SearchParameterCatalog.R4.Find("Patient", "_id")!;

    private readonly List<Match> _matches = [];
    private int _left = budget ?? int.MaxValue;
    private int _stretch = 64;
    private PageCursor? _stopped;

    /// <summary>Reads a page.</summary>
    public async Task<Stretch> ReadAsync(
        ImmutableArray<Criterion> criteria, PageCursor? after, TotalColumn? total, CancellationToken cancellationToken)
    {
        // As long as the page at least, and no longer than the budget.
        _stretch = Math.Min(Math.Max(_stretch, limit * 2), _left);
        await WalkAsync([], criteria, after, total, cancellationToken);
        return new Stretch(_matches, _stopped);
    }

    /// <summary>Reads what begins with these values in the order. False when the page is done.</summary>
    private async Task<bool> WalkAsync(
        ImmutableArray<object?> values, ImmutableArray<Criterion> criteria, PageCursor? after, TotalColumn? total, CancellationToken cancellationToken)
    {
        var candidates = SearchDriver.For(type, criteria).OrderBy(candidate => candidate.Cost);
        if (await Reach.LeastAsync(
            database, session, type, candidates, values.IsEmpty ? gathered : Math.Min(gathered, MostOfEqual), cancellationToken) is { } few)
        {
            await AddAsync(new SearchSql(database, type, criteria, few.Driver, visible), values, after, range: null, total, cancellationToken);
            _left -= few.Rows;
            return _matches.Count < limit;
        }

        var key = values.Length < sort.Length ? sort[values.Length] : new SortKey(_id, false);
        var isAbsent = after is not null && after.Values.Length > values.Length && after.Values[values.Length] is null;
        if (!isAbsent && !await WalkPresentAsync(key, values, criteria, after, cancellationToken))
        {
            return false;
        }

        if (!SearchSql.MayBeAbsent(key))
        {
            return true;
        }

        values = values.Add(null);
        return _left <= 0
            ? Stop(values)
            : await WalkAsync(values, criteria.Add(new FirstValueCriterion(key, null)), isAbsent ? after : null, total: null, cancellationToken);
    }

    private async Task<bool> WalkPresentAsync(
        SortKey key, ImmutableArray<object?> values, ImmutableArray<Criterion> criteria, PageCursor? after, CancellationToken cancellationToken)
    {
        var from = after is not null && after.Values.Length > values.Length ? after.Values[values.Length] : null;
        while (true)
        {
            if (_left <= 0)
            {
                return Stop(from is null ? values : values.Add(from));
            }

            var part = new KeyRange(type, key, from);
            var to = await ValueAtAsync(part, _stretch, cancellationToken);
            if (from is not null && from.Equals(to))
            {
                // Longer than the stretch.
                if (!await WalkAsync(values.Add(from), criteria.Add(new FirstValueCriterion(key, from)), after, total: null, cancellationToken))
                {
                    return false;
                }

                to = await ValueAtAsync(part with { IsBehindFrom = true }, 0, cancellationToken);
            }
            else
            {
                part = part with { To = to };
                await AddAsync(new SearchSql(database, type, criteria, part.Driver(), visible), values, after, (values.Length, part), total: null, cancellationToken);
                _left -= _stretch;
                if (_matches.Count >= limit)
                {
                    return false;
                }
            }

            if (to is null)
            {
                return true;
            }

            (from, after) = (to, null);
            _stretch = Math.Max(1, Math.Min(Math.Min(_stretch * Growth, LongestStretch), _left));
        }
    }

    private async Task AddAsync(
        SearchSql search, ImmutableArray<object?> values, PageCursor? after, (int Place, KeyRange Range)? range, TotalColumn? total, CancellationToken cancellationToken) =>
        _matches.AddRange(await session.QueryAsync(
            search.Sorted(sort, values, after, limit - _matches.Count, range, total),
            row => Match.Of(row, sort.Length + 1, total is not null),
            cancellationToken));

    private async Task<object?> ValueAtAsync(KeyRange range, int rows, CancellationToken cancellationToken)
    {
        var values = await session.QueryAsync(SearchSql.ValueAt(range, rows), row => Match.ValueOf(row, 0), cancellationToken);
        return values is [var value] ? value : null;
    }

    private bool Stop(ImmutableArray<object?> values)
    {
        _stopped = new PageCursor(values, long.MinValue);
        return false;
    }
}
