using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>
/// The tokens this node has looked at lately, by their hash: what is kept could not be used as a token. Bounded by two generations; when
/// the young one is full the old one is dropped, so a token that is in use stays.
/// </summary>
internal sealed class AdmittedTokens(int most)
{
    private volatile Generations _generations = new(NewGeneration(), NewGeneration());

    public AdmittedToken? Find(TokenHash hash)
    {
        var (young, old) = _generations;
        if (young.TryGetValue(hash, out var found))
        {
            return found;
        }

        if (old.TryGetValue(hash, out found))
        {
            Add(hash, found);
            return found;
        }

        return null;
    }

    public void Add(TokenHash hash, AdmittedToken token)
    {
        var generations = _generations;
        generations.Young[hash] = token;

        // Of each generation exactly one addition is the one that fills it.
        if (Interlocked.Increment(ref generations.Additions.Value) == most / 2)
        {
            _generations = new(NewGeneration(), generations.Young);
        }
    }

    private static ConcurrentDictionary<TokenHash, AdmittedToken> NewGeneration() => new();

    private sealed record Generations(
        ConcurrentDictionary<TokenHash, AdmittedToken> Young, ConcurrentDictionary<TokenHash, AdmittedToken> Old)
    {
        public StrongBox<int> Additions { get; } = new();
    }
}

/// <summary>SHA-256 of a token.</summary>
internal readonly record struct TokenHash(UInt128 High, UInt128 Low)
{
    private const int UsualLength = 2048;

    /// <summary>Null for a text that is no token: longer than any should be, or with letters that none has (RFC 6750, 2.1).</summary>
    public static TokenHash? Of(ReadOnlySpan<char> token)
    {
        if (token.Length is 0 or > BearerTokens.MaxLength)
        {
            return null;
        }

        Span<byte> ascii = token.Length <= UsualLength ? stackalloc byte[UsualLength] : new byte[token.Length];
        if (Ascii.FromUtf16(token, ascii, out var length) != OperationStatus.Done)
        {
            return null;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(ascii[..length], digest);
        return new(
            BinaryPrimitives.ReadUInt128LittleEndian(digest),
            BinaryPrimitives.ReadUInt128LittleEndian(digest[16..]));
    }

    /// <inheritdoc />
    public override int GetHashCode() => (int)(uint)Low;
}
