using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Smart;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>A feed, under the hash of its secret.</summary>
internal sealed class CalendarFeedRow
{
    /// <summary><c>Type/id</c></summary>
    public string Subject { get; set; } = "";

    /// <summary>Hash of who asked for it.</summary>
    public string Owner { get; set; } = "";

    public string Hash { get; set; } = "";

    /// <summary>A <see cref="CallerDocument"/>.</summary>
    public string Caller { get; set; } = "";

    /// <summary>UTC ticks.</summary>
    public long Created { get; set; }
}

/// <inheritdoc cref="ICalendarFeeds" />
internal sealed class CalendarFeeds(Func<TeleFhirDb> open, IRevocations revocations, IUserDirectory users, TimeProvider clock) : ICalendarFeeds
{
    private const int SecretBytes = 32;

    public async Task<string> CreateAsync(CalendarFeed feed, CancellationToken cancellationToken)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var (subject, owner, hash) = (feed.Subject.ToString(), OwnerOf(feed.Caller), SmartHash.Of(secret));

        // What is lent for an emergency is not taken home.
        var (caller, created) = (CallerDocument.Write(feed.Caller with { EmergencyPatients = [] }), clock.GetUtcNow().UtcTicks);
        await using var db = open();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO calendar_feed (subject, owner, hash, caller, created) VALUES ({subject}, {owner}, {hash}, {caller}, {created})
            ON CONFLICT (subject, owner) DO UPDATE SET hash = excluded.hash, caller = excluded.caller, created = excluded.created
            """,
            cancellationToken);
        return secret;
    }

    public async Task<CalendarFeed?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        var hash = SmartHash.Of(secret);
        await using var db = open();
        if (await db.Set<CalendarFeedRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Hash == hash, cancellationToken) is not { } row)
        {
            return null;
        }

        var caller = CallerDocument.Read(row.Caller);
        if (await IsOverAsync(caller, row.Created, cancellationToken))
        {
            await db.Set<CalendarFeedRow>().Where(one => one.Hash == hash).ExecuteDeleteAsync(cancellationToken);
            return null;
        }

        return ResourceKey.TryParse(row.Subject, out var subject) ? new CalendarFeed(subject, caller) : throw new InvalidDataException("A feed is of nobody.");
    }

    public async Task<int> RevokeAsync(ResourceKey subject, CancellationToken cancellationToken)
    {
        var name = subject.ToString();
        await using var db = open();
        return await db.Set<CalendarFeedRow>().Where(row => row.Subject == name).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Ends the feeds of those whose access was revoked. To be done more often than revocations are forgotten.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        foreach (var row in await db.Set<CalendarFeedRow>().AsNoTracking().ToListAsync(cancellationToken))
        {
            if (await IsOverAsync(CallerDocument.Read(row.Caller), row.Created, cancellationToken))
            {
                var hash = row.Hash;
                await db.Set<CalendarFeedRow>().Where(one => one.Hash == hash).ExecuteDeleteAsync(cancellationToken);
            }
        }
    }

    private async ValueTask<bool> IsOverAsync(Caller caller, long created, CancellationToken cancellationToken) =>
        revocations.Contains(null, null, caller.UserId, caller.ClientId, new DateTimeOffset(created, TimeSpan.Zero))
        || (caller.UserId is { } user && await users.FindAsync(user, cancellationToken) is { IsDisabled: true });

    // A person has one feed, by whatever application they asked for it.
    private static string OwnerOf(Caller caller) =>
        SmartHash.Of(caller.Kind.ToString(), caller.UserId ?? caller.ClientId ?? "");
}
