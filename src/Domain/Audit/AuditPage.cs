using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Domain.Audit;

/// <summary>
/// What one commit appends to the log: some entries of one chain, one line each, and a hash over them and the page before. A chain is what
/// one process wrote from its start to its stop.
/// </summary>
/// <param name="Chain">Sixteen hexadecimal digits, random.</param>
/// <param name="Sequence">The number in the chain of the page's first entry; numbers start at 0 and have no gaps.</param>
/// <param name="Entries">How many entries; at least one.</param>
/// <param name="Recorded">UTC ticks of the append.</param>
/// <param name="Payload">The lines, with a line break between two.</param>
/// <param name="Hash">See <see cref="HashOf"/>.</param>
public sealed record AuditPage(string Chain, long Sequence, int Entries, long Recorded, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Hash)
{
    /// <summary>Length of a hash in bytes.</summary>
    public const int HashLength = HMACSHA256.HashSizeInBytes;

    private const byte RuleVersion = 1;
    private const byte LineBreak = (byte)'\n';

    /// <summary>The number that the chain's next entry gets.</summary>
    public long Next => Sequence + Entries;

    /// <summary>What comes before the first page of a chain.</summary>
    public static ReadOnlyMemory<byte> Origin { get; } = new byte[HashLength];

    /// <summary>The next page of a chain.</summary>
    /// <param name="key">The secret that makes hashes unforgeable for whoever can write to the database; empty where there is none.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="sequence">The number of the first line.</param>
    /// <param name="recorded">Now, in UTC ticks.</param>
    /// <param name="lines">The records; at least one.</param>
    /// <param name="previous">The hash of the page before.</param>
    public static AuditPage Of(
        ReadOnlySpan<byte> key, string chain, long sequence, long recorded, IReadOnlyList<byte[]> lines, ReadOnlySpan<byte> previous)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var payload = new byte[lines.Sum(line => line.Length + 1) - 1];
        var at = 0;
        foreach (var line in lines)
        {
            if (at > 0)
            {
                payload[at++] = LineBreak;
            }

            line.CopyTo(payload, at);
            at += line.Length;
        }

        var page = new AuditPage(chain, sequence, lines.Count, recorded, payload, default);
        return page with { Hash = page.HashOf(key, previous) };
    }

    /// <summary>
    /// HMAC-SHA256 over: 1 (this rule), the hash before, chain, sequence, entries and recorded (big-endian, 8, 4 and 8 bytes), payload. So
    /// neither content, order nor number of what was logged can change without changing every hash after it.
    /// </summary>
    public byte[] HashOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> previous)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Span<byte> numbers = stackalloc byte[sizeof(long) + sizeof(int) + sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(numbers, Sequence);
        BinaryPrimitives.WriteInt32BigEndian(numbers[sizeof(long)..], Entries);
        BinaryPrimitives.WriteInt64BigEndian(numbers[(sizeof(long) + sizeof(int))..], Recorded);
        hash.AppendData([RuleVersion]);
        hash.AppendData(previous);
        hash.AppendData(Encoding.UTF8.GetBytes(Chain));
        hash.AppendData(numbers);
        hash.AppendData(Payload.Span);
        return hash.GetHashAndReset();
    }

    /// <summary>The lines, each with its number in the chain.</summary>
    public IEnumerable<(long Number, ReadOnlyMemory<byte> Line)> Lines()
    {
        var rest = Payload;
        for (var number = Sequence; ; number++)
        {
            var end = rest.Span.IndexOf(LineBreak);
            yield return (number, end < 0 ? rest : rest[..end]);
            if (end < 0)
            {
                yield break;
            }

            rest = rest[(end + 1)..];
        }
    }
}
