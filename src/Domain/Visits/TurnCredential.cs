using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// A name and a password for a relay, which works them out for itself from the secret that it shares (coturn's <c>use-auth-secret</c>,
/// https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00).
/// </summary>
/// <param name="UserName">When it ends, in seconds since 1970, and whose it is.</param>
/// <param name="Password">HMAC-SHA1 of the name under the secret, base64.</param>
public sealed record TurnCredential(string UserName, string Password)
{
    /// <summary>The credential of a participant until a time.</summary>
    [SuppressMessage("Security", "CA5350", Justification = "The relay's protocol says so; it is a keyed hash, which SHA-1 is still good for.")]
    public static TurnCredential Of(string participant, DateTimeOffset until, string secret)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{until.ToUnixTimeSeconds()}:{participant}");
        return new(name, Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(name))));
    }
}
