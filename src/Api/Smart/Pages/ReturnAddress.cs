using Microsoft.AspNetCore.WebUtilities;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Where a person goes after signing in: a path of this server, whatever was asked.</summary>
internal sealed class ReturnAddress(IAuthorizationInteractions interactions, IClients clients)
{
    private const string Home = "/auth/apps";
    private const string Waiting = "/auth/interaction/";
    private const string Launching = "/auth/launch?";

    /// <summary>
    /// The address where it is local, the start page otherwise. Where it leads on to an application, forms may lead there too, since
    /// signing in may be all that was missing.
    /// </summary>
    public async Task<string> CheckAsync(HttpContext context, string? address)
    {
        if (!IsLocal(address))
        {
            return Home;
        }

        if (address!.StartsWith(Waiting, StringComparison.Ordinal)
            && await interactions.FindAsync(address[Waiting.Length..], context.RequestAborted) is { } interaction)
        {
            PageHeaders.AllowForm(context, interaction.RedirectOrigin);
        }
        else if (address.StartsWith(Launching, StringComparison.Ordinal)
            && QueryHelpers.ParseQuery(address[Launching.Length..]).TryGetValue("client_id", out var client)
            && await clients.FindAsync(client.ToString(), context.RequestAborted) is { InitiateLoginUri: { } application })
        {
            PageHeaders.AllowForm(context, new Uri(application).GetLeftPart(UriPartial.Authority));
        }

        return address;
    }

    /// <summary>A path from the root; what browsers could read as another host is not: two slashes, backslashes, control characters.</summary>
    public static bool IsLocal(string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(letter => char.IsControl(letter) || letter == '\\');
}
