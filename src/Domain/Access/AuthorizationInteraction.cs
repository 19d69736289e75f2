using System.Collections.Immutable;

namespace TeleFhir.Domain.Access;

/// <summary>
/// An authorization request, checked already, that waits for the person in front of the browser to sign in, pick a patient and consent.
/// It lives a few minutes, is bound to one browser and is used once.
/// </summary>
/// <param name="Id">256 random bits, base64url.</param>
/// <param name="ClientId">The client that asks.</param>
/// <param name="ClientName">Its name for people; text only.</param>
/// <param name="Scopes">What it asks for, reduced to what it is registered for, in its order.</param>
/// <param name="Parameters">The authorization request as a query string without a launch, to return to <c>/auth/authorize</c> with.</param>
/// <param name="RedirectOrigin">Origin of the redirect address, for the page's policy.</param>
/// <param name="Expires">When it is gone.</param>
public sealed record AuthorizationInteraction(
    string Id, string ClientId, string ClientName, ImmutableArray<string> Scopes, string Parameters, string RedirectOrigin, DateTimeOffset Expires)
{
    /// <summary>The patient that an EHR launch brought, or null.</summary>
    public string? LaunchPatient { get; init; }

    /// <summary>The encounter that an EHR launch brought, or null.</summary>
    public string? LaunchEncounter { get; init; }

    /// <summary>The one account that may answer, where an EHR launch was made by it.</summary>
    public string? LaunchUserId { get; init; }

    /// <summary>What an EHR launch is kept under (<see cref="LaunchContext.Id"/>), or null; its token is nowhere.</summary>
    public string? LaunchId { get; init; }

    /// <summary>The session that an EHR launch was made in.</summary>
    public string? LaunchSessionId { get; init; }

    /// <summary>Sign in again even if a session exists (<c>prompt=login</c>, <c>max_age</c>).</summary>
    public bool MustAuthenticate { get; init; }

    /// <summary>Ask again even if the same was granted before (<c>prompt=consent</c>).</summary>
    public bool MustConsent { get; init; }

    /// <summary>When it was asked; the store notes it.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>What the person decided; null until then.</summary>
    public InteractionDecision? Decision { get; init; }

    /// <summary>
    /// Whether this user may answer in this session. An EHR launch is for the session that it was made in, which ends where the request
    /// itself has the user sign in again.
    /// </summary>
    public bool IsFor(string userId, string sessionId) =>
        LaunchUserId is null || (LaunchUserId == userId && (MustAuthenticate || LaunchSessionId == sessionId));
}

/// <summary>What a person answered to an authorization request.</summary>
/// <param name="UserId">Who.</param>
/// <param name="SessionId">Their session; online access ends with it.</param>
/// <param name="AuthenticatedAt">When they signed in.</param>
/// <param name="IsGranted">False where they refused.</param>
/// <param name="Scopes">What they granted; may hold narrower scopes than were asked for.</param>
public sealed record InteractionDecision(
    string UserId, string SessionId, DateTimeOffset AuthenticatedAt, bool IsGranted, ImmutableArray<string> Scopes)
{
    /// <summary>The patient picked or brought, or null.</summary>
    public string? Patient { get; init; }

    /// <summary>The encounter picked or brought, or null.</summary>
    public string? Encounter { get; init; }
}

/// <summary>Authorization requests that wait for a person; shared by all nodes.</summary>
public interface IAuthorizationInteractions
{
    /// <summary>Keeps one until it expires.</summary>
    Task AddAsync(AuthorizationInteraction interaction, CancellationToken cancellationToken);

    /// <summary>The one with this id, or null where there is none or it has expired.</summary>
    Task<AuthorizationInteraction?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Binds it to a browser, known by a random value that it keeps; false where it is bound to another or gone. The first browser that
    /// shows it is the one.
    /// </summary>
    Task<bool> BindAsync(string id, string browser, CancellationToken cancellationToken);

    /// <summary>Notes the decision; false where there was one already or the interaction is gone.</summary>
    Task<bool> DecideAsync(string id, InteractionDecision decision, CancellationToken cancellationToken);

    /// <summary>Takes a decided one away; exactly one caller gets it.</summary>
    Task<AuthorizationInteraction?> TakeAsync(string id, CancellationToken cancellationToken);
}
