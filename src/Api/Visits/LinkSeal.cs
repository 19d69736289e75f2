using Microsoft.AspNetCore.DataProtection;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>Seals links with the key ring that all servers on the database share.</summary>
internal sealed class LinkSeal(IDataProtectionProvider protection) : ILinkSeal
{
    private readonly IDataProtector _protector = protection.CreateProtector("TeleFhir.Visits.Link");

    public void Prepare() => _protector.Protect([]);

    public string Seal(string link) => _protector.Protect(link);

    public string Open(string sealedLink) => _protector.Unprotect(sealedLink);
}
