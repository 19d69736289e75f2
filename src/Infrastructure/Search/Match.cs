using System.Collections.Immutable;
using System.Data.Common;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Search;

/// <summary>A resource that a search found, and its place in the order.</summary>
internal sealed record Match(long Key, StoredResource Resource, ImmutableArray<object?> Sort)
{
    /// <summary>Sort values come behind the columns of the resource.</summary>
    private const int FirstSortColumn = 7;

    /// <summary>The number of all matches, where the page was asked for it and is full; the same on each row.</summary>
    public long? Total { get; init; }

    /// <summary>The place behind it.</summary>
    public PageCursor Cursor => new(Sort, Key);

    /// <summary>Reads the resource, so many sort values, and the total where it was asked for.</summary>
    public static Match Of(DbDataReader row, int columns, bool isCounted)
    {
        var values = ImmutableArray.CreateBuilder<object?>(columns);
        for (var at = 0; at < columns; at++)
        {
            values.Add(ValueOf(row, FirstSortColumn + at));
        }

        return new Match(row.GetInt64(0), row.ReadStored(), values.MoveToImmutable())
        {
            Total = isCounted && !row.IsDBNull(FirstSortColumn + columns) ? row.GetInt64(FirstSortColumn + columns) : null,
        };
    }

    /// <summary>A sort value: a long, a double, a string, or none.</summary>
    public static object? ValueOf(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetValue(column) switch
    {
        int number => (long)number,
        short number => (long)number,
        var value => value,
    };
}

/// <summary>What a walk read: the matches in order and, where it ended early, how far it had come.</summary>
/// <param name="Matches">In order, at most as many as were asked for.</param>
/// <param name="Stopped">All matches before this place are among them; null where it came to the end or found enough.</param>
internal sealed record Stretch(List<Match> Matches, PageCursor? Stopped);
