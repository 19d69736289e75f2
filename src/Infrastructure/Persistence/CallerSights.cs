using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Search;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>What a caller may see of a type, and the statement that finds a current row so far as it is seen.</summary>
/// <param name="Visible">Conditions on the resource; empty where nothing is withheld.</param>
/// <param name="Row">Of the columns version, updated, method, raw and key. A deleted row is found: it is judged by what it was.</param>
internal readonly record struct CallerSight(ImmutableArray<Criterion> Visible, Statement Row);

/// <summary>
/// What callers see, kept while the same caller reads on: conditions and statement would be made anew for every read and be the same. For a
/// second only, since Consents begin and end; what is stored is judged by the statement and always as it is now.
/// </summary>
internal sealed class CallerSights(Database database, Visibility visibility, TimeProvider clock)
{
    private readonly ConditionalWeakTable<Caller, ConcurrentDictionary<(Interaction, string), Kept>> _kept = [];

    public CallerSight Of(Caller caller, Interaction interaction, string type)
    {
        if (caller.IsUnrestricted)
        {
            return new([], CurrentRow.Any);
        }

        var ofCaller = _kept.GetValue(caller, _ => []);
        var now = clock.GetUtcNow();
        if (ofCaller.TryGetValue((interaction, type), out var kept) && now < kept.Until && now >= kept.From)
        {
            return kept.Sight;
        }

        var visible = visibility.Of(caller, interaction, type);
        var sight = new CallerSight(visible, visible.IsEmpty ? CurrentRow.Any : CurrentRow.Seen(database, type, visible));
        ofCaller[(interaction, type)] = new(sight, now, now + TimeSpan.FromSeconds(1));
        return sight;
    }

    private sealed record Kept(CallerSight Sight, DateTimeOffset From, DateTimeOffset Until);
}

/// <summary>Statements that find the current row of a resource by the hash of its name.</summary>
internal static class CurrentRow
{
    /// <summary>Whoever asks.</summary>
    public static Statement Any { get; } = new("SELECT r.version, r.updated, r.method, r.raw, r.key FROM resource r WHERE r.id_hash = $1", []);

    /// <summary>Where it is seen or deleted.</summary>
    public static Statement Seen(Database database, string type, ImmutableArray<Criterion> visible)
    {
        var sql = new SqlText();
        sql.Value(0L);
        sql.Append(Any.Text).Append(" AND (r.deleted OR (1 = 1");
        new CriteriaSql(database, sql, _ => visible).AppendVisible(type, new Subject("r.key", "r", "r.rank"));
        sql.Append("))");
        return Statement.Of(sql);
    }
}
