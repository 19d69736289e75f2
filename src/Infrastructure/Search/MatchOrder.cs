using System.Collections.Immutable;
using System.Text;
using TeleFhir.Domain.Search;
using SortKey = TeleFhir.Domain.Search.SortKey;

namespace TeleFhir.Infrastructure.Search;

/// <summary>The order of sort keys as the databases have it, for what several searches of them brought.</summary>
internal sealed class MatchOrder(ImmutableArray<SortKey> keys) : IComparer<PageCursor>
{
    /// <summary>The stretches of several types as one, which ends where the first of them ended early.</summary>
    public static Stretch Merge(ImmutableArray<SortKey> keys, IReadOnlyCollection<Stretch> stretches)
    {
        var order = new MatchOrder(keys);
        var stopped = stretches.Select(stretch => stretch.Stopped).OfType<PageCursor>().Min(order);
        var matches = stretches.SelectMany(stretch => stretch.Matches)
            .Where(match => stopped is null || order.Compare(match.Cursor, stopped) < 0)
            .OrderBy(match => match.Cursor, order);
        return new Stretch([.. matches], stopped);
    }

    /// <summary>By the values, then the id and the key; the place before all that begin like it comes before them.</summary>
    public int Compare(PageCursor? x, PageCursor? y)
    {
        var (left, right) = (x!.Values, y!.Values);
        for (var at = 0; at < Math.Min(left.Length, right.Length); at++)
        {
            var compared = Compare(left[at], right[at], at < keys.Length && keys[at].Descending);
            if (compared != 0)
            {
                return compared;
            }
        }

        return left.Length != right.Length ? left.Length.CompareTo(right.Length) : x.Key.CompareTo(y.Key);
    }

    private static int Compare(object? left, object? right, bool descending)
    {
        // What has no value comes last in either direction.
        if (left is null || right is null)
        {
            return (left is null).CompareTo(right is null);
        }

        var compared = left is string text
            ? Encoding.UTF8.GetBytes(text).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes((string)right))
            : Comparer<object>.Default.Compare(left, right);
        return descending ? -compared : compared;
    }
}
