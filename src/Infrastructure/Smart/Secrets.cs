using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Random values that are given out, and the hashes under which they are stored.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
