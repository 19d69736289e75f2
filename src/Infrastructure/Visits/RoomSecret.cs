using System.Buffers.Text;
using System.Security.Cryptography;
using TeleFhir.Infrastructure.Smart;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>Join tokens, codes of invitations and sessions of guests: 256 random bits, of which only a hash is kept.</summary>
internal static class RoomSecret
{
    private const int Bytes = 32;
    private const int Length = 43;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>The hash of one; of anything else an empty text, under which nothing is kept.</summary>
    public static string HashOf(string kind, string secret) =>
        secret.Length == Length && Base64Url.IsValid(secret) ? SmartHash.Of(kind, secret) : "";
}
