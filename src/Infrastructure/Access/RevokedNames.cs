using System.Collections.Concurrent;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Access;

/// <summary>The revocations that hold, in memory, by kind and name. Any thread may ask while others add.</summary>
internal sealed class RevokedNames
{
    private readonly ConcurrentDictionary<string, Moment>[] _byKind =
        [.. Enum.GetValues<RevokedKind>().Select(_ => new ConcurrentDictionary<string, Moment>(StringComparer.Ordinal))];

    private volatile bool _any;

    /// <summary>False in the usual case that nothing is revoked.</summary>
    public bool Any => _any;

    public void Add(RevocationRow row)
    {
        var moment = new Moment(row.Revoked, row.Expires);
        _byKind[row.Kind].AddOrUpdate(row.Value, moment, (_, old) => old.Revoked >= moment.Revoked ? old : moment);
        _any = true;
    }

    public bool Contains(RevokedKind kind, string? value) => value is not null && _byKind[(int)kind].ContainsKey(value);

    /// <summary>
    /// Whether the revocation came after the token. Tokens tell whole seconds: one of the same second is taken for older, since refusing a
    /// good one costs a new token and letting a bad one pass costs more.
    /// </summary>
    public bool Contains(RevokedKind kind, string? value, DateTimeOffset issued) =>
        value is not null && _byKind[(int)kind].TryGetValue(value, out var moment) && issued.UtcTicks <= moment.Revoked;

    /// <summary>Lets go of those whose tokens have all run out.</summary>
    public void Forget(long now)
    {
        if (!_any)
        {
            return;
        }

        foreach (var names in _byKind)
        {
            foreach (var entry in names.Where(entry => entry.Value.Expires <= now))
            {
                // Only as it was seen: it may have been revoked anew just now.
                names.TryRemove(entry);
            }
        }
    }

    private readonly record struct Moment(long Revoked, long Expires);
}
