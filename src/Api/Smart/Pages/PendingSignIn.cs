using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>Remembers for a few minutes, in a sealed cookie, whose password was right while the second factor is still outstanding.</summary>
internal sealed class PendingSignIn(IDataProtectionProvider protection, FhirAddress address, IUserDirectory users)
{
    private static readonly TimeSpan _life = TimeSpan.FromMinutes(10);

    private readonly ITimeLimitedDataProtector _seal = protection.CreateProtector("telefhir.pending-sign-in").ToTimeLimitedDataProtector();
    private readonly PageCookie _cookie = new("telefhir.pending", address);

    public void Begin(HttpContext context, UserAccount account) => _cookie.Write(context, _seal.Protect(account.Id, _life));

    public void End(HttpContext context) => _cookie.Remove(context);

    /// <summary>Whose it is, or null.</summary>
    public async Task<UserAccount?> FindAsync(HttpContext context)
    {
        try
        {
            return _cookie.Read(context) is { } value && await users.FindAsync(_seal.Unprotect(value), context.RequestAborted) is { IsDisabled: false } account
                ? account
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
