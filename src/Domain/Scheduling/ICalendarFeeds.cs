using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>A calendar that programs fetch without signing in, by an address that only its owner was told.</summary>
/// <param name="Subject">The Patient or Practitioner whose Appointments are in it.</param>
/// <param name="Caller">Who asked for it: it shows what they may see and no more.</param>
public sealed record CalendarFeed(ResourceKey Subject, Caller Caller);

/// <summary>
/// The feeds there are. One who asks has one feed of a subject: asking again makes a new address, and the one before leads nowhere. What is
/// kept of an address does not tell it.
/// </summary>
public interface ICalendarFeeds
{
    /// <summary>Makes a feed, in the place of the one that its caller had of the subject. The secret of its address, which is told this once.</summary>
    Task<string> CreateAsync(CalendarFeed feed, CancellationToken cancellationToken);

    /// <summary>The feed of a secret; null where there is none, it was revoked, or its owner was.</summary>
    Task<CalendarFeed?> FindAsync(string secret, CancellationToken cancellationToken);

    /// <summary>Ends every feed of the subject, whoever asked for it; how many there were.</summary>
    Task<int> RevokeAsync(ResourceKey subject, CancellationToken cancellationToken);
}
