using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// A link to a meeting elsewhere (Zoom, Teams, a telephone number with its code) that a client put into a virtual service. Whoever has it is in the
/// meeting, so it is told by <c>$join</c> alone: what is stored, searched and sent about shows a page of this server in its place.
/// </summary>
public static class VisitLink
{
    /// <summary>The longest that is kept.</summary>
    public const int Longest = 2048;

    /// <summary>What is shown while there is no visit whose page could be: the pages of this server.</summary>
    public static string Page(string origin) => $"{origin}/app/";

    /// <summary>Whether an address is a page of this server, which asks for a login.</summary>
    public static bool IsOwn(string address, string origin) =>
        address == Page(origin) || address.StartsWith($"{origin}/visit/", StringComparison.Ordinal);

    /// <summary>
    /// The link in a resource; null where there is none, or only pages of this server. 422 <c>virtual-service-link</c> where there is more than one or it
    /// is too long.
    /// </summary>
    public static (string? Link, Refusal? Refusal) Find(DomainResource resource, string origin)
    {
        var links = resource.GetExtensions(VirtualServiceDetail.UrlOn(resource.TypeName))
            .SelectMany(VirtualServiceDetail.AddressesOf)
            .Where(address => !IsOwn(address, origin))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return links switch
        {
            [] => (null, null),
            [{ Length: <= Longest } link] => (link, null),
            _ => (null, Refusal.BusinessRule(
                "virtual-service-link", $"A visit has one link, of at most {Longest} characters.", $"{resource.TypeName}.extension")),
        };
    }

    /// <summary>A copy in which the page stands wherever a link was.</summary>
    public static T Hide<T>(T resource, string page, string origin)
        where T : DomainResource
    {
        var shown = (T)resource.DeepCopy();
        var url = VirtualServiceDetail.UrlOn(resource.TypeName);
        for (var i = 0; i < shown.Extension.Count; i++)
        {
            if (shown.Extension[i].Url == url && VirtualServiceDetail.AddressesOf(shown.Extension[i]).Any(address => !IsOwn(address, origin)))
            {
                shown.Extension[i] = (VirtualServiceDetail.Read(shown.Extension[i]) with { Address = page }).ToExtension(resource.TypeName);
            }
        }

        return shown;
    }
}

/// <summary>Makes links unreadable for whoever has the database alone. All servers on it can open what one has sealed, also after a restart.</summary>
public interface ILinkSeal
{
    /// <summary>Gets the keys ready: to be called before a transaction, for they may be read from the database, or written to it.</summary>
    void Prepare();

    /// <summary>The sealed form.</summary>
    string Seal(string link);

    /// <summary>The link.</summary>
    string Open(string sealedLink);
}

/// <summary>The links of visits.</summary>
public interface IVisitLinks
{
    /// <summary>The link of the first of these resources that has one; null where none has.</summary>
    /// <param name="of">Encounters, Appointments and Locations.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    Task<string?> FindAsync(IReadOnlyList<ResourceKey> of, CancellationToken cancellationToken);
}
