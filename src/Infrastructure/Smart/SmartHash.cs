using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Stands for a secret in the database: SHA-256, base64url. Enough for 256 random bits, which nobody can guess.</summary>
internal static class SmartHash
{
    public static string Of(params ReadOnlySpan<string> parts) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts.ToArray()))));
}
