using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Where a person goes after signing in: a path of this server, whatever was asked.</summary>
internal sealed class ReturnAddress(IAuthorizationInteractions interactions)
{
    private const string Home = "/auth/apps";
    private const string Waiting = "/auth/interaction/";

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

        return address;
    }

    /// <summary>A path from the root; what browsers could read as another host is not: two slashes, backslashes, control characters.</summary>
    public static bool IsLocal(string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(letter => char.IsControl(letter) || letter == '\\');
}
