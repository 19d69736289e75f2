using System.Buffers.Text;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Text that only this server can read or make: compressed where that helps, encrypted and authenticated, fit for a URL.
/// Nodes with the same key read each other's tokens. A token of one purpose does not open as one of another.
/// </summary>
public sealed class SealedToken
{
    private const int SaltLength = 16;
    private const int MaxContent = 1 << 20;

    /// <summary>Below this a token is short enough as it is, and compressing would cost more than all else of an ordinary search.</summary>
    private const int WorthCompressing = 600;

    private static readonly int _tagLength = AesGcm.TagByteSizes.MaxSize;

    private readonly byte[] _key;
    private readonly byte[] _purpose;

    /// <summary>A kind of token; the key is secret, random, and at least 32 bytes.</summary>
    public SealedToken(byte[] key, string purpose)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, 32);
        _key = key;
        _purpose = Encoding.UTF8.GetBytes(purpose);
    }

    /// <summary>Seals what is written.</summary>
    public string Seal(Action<BinaryWriter> write)
    {
        using var content = new MemoryStream();
        using (var writer = new BinaryWriter(content, Encoding.UTF8, leaveOpen: true))
        {
            write(writer);
        }

        var plain = Pack(content.ToArray());
        var token = new byte[SaltLength + plain.Length + _tagLength];
        var salt = token.AsSpan(0, SaltLength);
        RandomNumberGenerator.Fill(salt);
        using var cipher = CipherFor(salt);
        cipher.Encrypt(
            new byte[AesGcm.NonceByteSizes.MaxSize],
            plain,
            token.AsSpan(SaltLength, plain.Length),
            token.AsSpan(SaltLength + plain.Length));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Reads what was sealed; 400 where this server did not make it.</summary>
    public T Open<T>(string token, Func<BinaryReader, T> read)
    {
        using var reader = new BinaryReader(new MemoryStream(Unpack(Decrypt(token))), Encoding.UTF8);
        return read(reader);
    }

    private byte[] Decrypt(string token)
    {
        // Longer than any token: not worth decoding.
        if (token.Length > MaxContent || !Base64Url.IsValid(token, out var length) || length <= SaltLength + _tagLength)
        {
            throw Broken();
        }

        var bytes = Base64Url.DecodeFromChars(token);
        var plain = new byte[bytes.Length - SaltLength - _tagLength];
        using var cipher = CipherFor(bytes.AsSpan(0, SaltLength));
        try
        {
            cipher.Decrypt(
                new byte[AesGcm.NonceByteSizes.MaxSize],
                bytes.AsSpan(SaltLength, plain.Length),
                bytes.AsSpan(SaltLength + plain.Length),
                plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw Broken();
        }

        return plain;
    }

    // A key of its own for each token: one key with random 96-bit nonces would be worn out after 2^32 of them.
    private AesGcm CipherFor(ReadOnlySpan<byte> salt)
    {
        byte[] source = [.. salt, .. _purpose];
        return new AesGcm(HMACSHA256.HashData(_key, source), _tagLength);
    }

    private static byte[] Pack(byte[] content)
    {
        if (content.Length < WorthCompressing)
        {
            return [0, .. content];
        }

        var packed = new byte[BrotliEncoder.GetMaxCompressedLength(content.Length)];
        return BrotliEncoder.TryCompress(content, packed, out var length, quality: 9, window: 18) && length < content.Length
            ? [1, .. packed.AsSpan(0, length)]
            : [0, .. content];
    }

    private static byte[] Unpack(byte[] plain)
    {
        if (plain[0] == 0)
        {
            return plain[1..];
        }

        using var content = new MemoryStream();
        using var brotli = new BrotliStream(new MemoryStream(plain, 1, plain.Length - 1), CompressionMode.Decompress);
        brotli.CopyTo(content);
        return content.ToArray();
    }

    private static FhirException Broken() =>
        FhirException.Invalid("This page link is not one of this server's, or it was changed on the way; start the search again.");
}
