using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using OpenIddict.Abstractions;
using TeleFhir.Api.Smart.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>A grant as its person sees it.</summary>
internal sealed record GrantLine(string Id, string ClientName, ImmutableArray<string> Scopes, string Since);

/// <summary>The apps that act on a person's behalf, each to be stopped with one press.</summary>
internal sealed class AppsModel(
    SessionCookie cookie,
    IOpenIddictAuthorizationManager authorizations,
    IOpenIddictTokenManager tokens,
    IOpenIddictApplicationManager applications,
    IRevocations revocations) : PageModel
{
    public ImmutableArray<GrantLine> Grants { get; private set; } = [];

    public string UserName { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync()
    {
        if (await cookie.FindAsync(HttpContext) is not { User: { } user })
        {
            return Redirect("/auth/login?returnUrl=%2Fauth%2Fapps");
        }

        UserName = user.DisplayName;
        var lines = ImmutableArray.CreateBuilder<GrantLine>();
        await foreach (var grant in authorizations.FindBySubjectAsync(user.Id, HttpContext.RequestAborted))
        {
            if (await authorizations.HasStatusAsync(grant, OpenIddictConstants.Statuses.Valid, HttpContext.RequestAborted))
            {
                lines.Add(await LineAsync(grant));
            }
        }

        Grants = lines.ToImmutable();
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string? grant)
    {
        if (await cookie.FindAsync(HttpContext) is not { User: { } user })
        {
            return Redirect("/auth/login?returnUrl=%2Fauth%2Fapps");
        }

        // Somebody else's grant is to this person one that does not exist.
        if (grant is not null
            && await authorizations.FindByIdAsync(grant, HttpContext.RequestAborted) is { } found
            && await authorizations.GetSubjectAsync(found, HttpContext.RequestAborted) == user.Id)
        {
            await tokens.RevokeByAuthorizationIdAsync(grant, HttpContext.RequestAborted);
            await authorizations.TryRevokeAsync(found, HttpContext.RequestAborted);
            await revocations.AddAsync(RevokedKind.Authorization, grant, HttpContext.RequestAborted);
        }

        return Redirect("/auth/apps");
    }

    private async Task<GrantLine> LineAsync(object grant)
    {
        var cancellationToken = HttpContext.RequestAborted;
        var application = await authorizations.GetApplicationIdAsync(grant, cancellationToken) is { } id
            ? await applications.FindByIdAsync(id, cancellationToken)
            : null;
        var name = application is null ? null : await applications.GetDisplayNameAsync(application, cancellationToken);
        var since = await authorizations.GetCreationDateAsync(grant, cancellationToken);
        return new(
            await authorizations.GetIdAsync(grant, cancellationToken) ?? "",
            name ?? "An app that is gone",
            await authorizations.GetScopesAsync(grant, cancellationToken),
            since?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "");
    }
}
