using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Somebody who is signed in.</summary>
/// <param name="Account">Who, as the account is now.</param>
/// <param name="SessionId">Their session.</param>
/// <param name="AuthenticatedAt">When they proved it.</param>
internal sealed record Person(UserAccount Account, string SessionId, DateTimeOffset AuthenticatedAt)
{
    /// <summary>As whom the pages look for patients; the store shows what this person may see.</summary>
    public Caller Caller => Caller.User(Account.Id, "telefhir-pages") with
    {
        FhirUser = ResourceKey.TryParse(Account.FhirUser, out var key) ? key : null,
        Clearance = Account.Clearance,
        Scopes = SmartScope.ParseAll("user/Patient.rs user/Encounter.rs"),
    };
}

/// <summary>Who is in front of the browser: signs in, out, and tells who it is.</summary>
internal sealed class People(ISessions sessions, AuthorizationEvents events, TimeProvider clock)
{
    // To the millisecond: whether a person signed in before or after a request for it matters within one second too.
    private const string Moment = "telefhir.at";

    /// <summary>Who is signed in, or null; also sets the user that forms are bound to.</summary>
    public static async Task<Person?> IdentifyAsync(HttpContext context)
    {
        if (context.Features.Get<Person>() is { } known)
        {
            return known;
        }

        var ticket = await context.AuthenticateAsync(SessionCookie.Scheme);
        if (ticket.Principal is not { } principal
            || context.Features.Get<UserAccount>() is not { } account
            || principal.FindFirst(SessionCookie.SessionId)?.Value is not { } id
            || !long.TryParse(principal.FindFirst(Moment)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var moment))
        {
            return null;
        }

        var person = new Person(account, id, new DateTimeOffset(moment, TimeSpan.Zero));
        context.User = principal;
        context.Features.Set(person);
        return person;
    }

    /// <summary>Begins a new session, whose id nobody knew before; one that this browser had ends.</summary>
    public async Task SignInAsync(HttpContext context, UserAccount account)
    {
        await EndAsync(context);
        var now = clock.GetUtcNow();
        var id = await sessions.StartAsync(account.Id, context.RequestAborted);
        var identity = new ClaimsIdentity(SessionCookie.Scheme, SessionCookie.Name, SessionCookie.Role);
        identity.AddClaim(new Claim(SessionCookie.Subject, account.Id));
        identity.AddClaim(new Claim(SessionCookie.Name, account.DisplayName));
        identity.AddClaim(new Claim(SessionCookie.Role, account.Role.ToString()));
        identity.AddClaim(new Claim(SessionCookie.SessionId, id));
        identity.AddClaim(new Claim(SessionCookie.AuthenticatedAt, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        identity.AddClaim(new Claim(Moment, now.UtcTicks.ToString(CultureInfo.InvariantCulture)));
        if (account.FhirUser is { } fhirUser)
        {
            identity.AddClaim(new Claim(SessionCookie.FhirUser, fhirUser));
        }

        await context.SignInAsync(SessionCookie.Scheme, new ClaimsPrincipal(identity));
        await events.RecordAsync(context, AuditKind.Login, "login", StatusCodes.Status200OK, account);
    }

    public async Task SignOutAsync(HttpContext context)
    {
        if (await IdentifyAsync(context) is { } person)
        {
            await events.RecordAsync(context, AuditKind.Login, "logout", StatusCodes.Status200OK, person.Account);
        }

        await EndAsync(context);
        await context.SignOutAsync(SessionCookie.Scheme);
    }

    private async Task EndAsync(HttpContext context)
    {
        if ((await context.AuthenticateAsync(SessionCookie.Scheme)).Principal?.FindFirst(SessionCookie.SessionId)?.Value is { } id)
        {
            await sessions.EndAsync(id, context.RequestAborted);
        }
    }
}
