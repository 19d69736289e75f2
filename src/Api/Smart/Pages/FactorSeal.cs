using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Seals the secrets of second factors, so that the database alone gives none away.</summary>
internal sealed class FactorSeal(IDataProtectionProvider protection)
{
    private static readonly TimeSpan _setUpLife = TimeSpan.FromMinutes(30);
    private readonly IDataProtector _kept = protection.CreateProtector("telefhir.second-factor");

    public string Seal(byte[] secret) => Convert.ToBase64String(_kept.Protect(secret));

    public byte[] Open(string sealedSecret) => _kept.Unprotect(Convert.FromBase64String(sealedSecret));

    /// <summary>A secret on its way through a form, for this account alone.</summary>
    public string Offer(byte[] secret, string userId) => Offered(userId).Protect(Convert.ToBase64String(secret), _setUpLife);

    /// <summary>The secret that a form brought back; null where it is none of ours or too old.</summary>
    public byte[]? Accept(string offer, string userId)
    {
        try
        {
            return Convert.FromBase64String(Offered(userId).Unprotect(offer));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private ITimeLimitedDataProtector Offered(string userId) =>
        protection.CreateProtector("telefhir.second-factor-offer", userId).ToTimeLimitedDataProtector();
}
