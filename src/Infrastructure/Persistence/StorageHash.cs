using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// The 64-bit key under which codes, systems and references are indexed: the first eight bytes of SHA-256 of the UTF-8 text, never 0.
/// A cryptographic hash, because a caller who could build an id that collides with another patient's would see that patient's data.
/// </summary>
internal static class StorageHash
{
    public static long Of(string text)
    {
        Span<byte> buffer = stackalloc byte[512];
        var count = Encoding.UTF8.GetByteCount(text);
        var utf8 = count <= buffer.Length ? buffer[..count] : new byte[count];
        Encoding.UTF8.GetBytes(text, utf8);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8, digest);
        var hash = BinaryPrimitives.ReadInt64BigEndian(digest);
        return hash == 0 ? 1 : hash;
    }

    /// <summary>0 for nothing: a token without a system, a quantity without a unit.</summary>
    public static long OfOptional(string? text) => string.IsNullOrEmpty(text) ? 0 : Of(text);

    public static long OfReference(string type, string id) => Of($"{type}/{id}");
}
