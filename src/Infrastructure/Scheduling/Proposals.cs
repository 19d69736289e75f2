using System.IO.Compression;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>The proposals of one answer.</summary>
internal sealed class ProposalRow
{
    /// <summary>The name of the answer.</summary>
    public string Answer { get; set; } = "";

    /// <summary>Who asked.</summary>
    public string Owner { get; set; } = "";

    /// <summary>UTC ticks.</summary>
    public long Expires { get; set; }

    /// <summary>Their JSON, a line for each, compressed: they are much alike.</summary>
    public byte[] Content { get; set; } = [];
}

/// <inheritdoc cref="IProposals" />
internal sealed class Proposals(Func<TeleFhirDb> open, TimeProvider clock) : IProposals
{
    private const byte Line = (byte)'\n';

    public async Task AddAsync(
        Caller caller, string answer, IReadOnlyList<ReadOnlyMemory<byte>> proposals, CancellationToken cancellationToken)
    {
        await using var db = open();
        db.Add(new ProposalRow
        {
            Answer = answer,
            Owner = OwnerOf(caller),
            Expires = new ProposalId(answer, 0).Expires.UtcTicks,
            Content = Pack(proposals),
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    public async Task<Decision<Proposal>> FindAsync(Caller caller, ProposalId id, CancellationToken cancellationToken)
    {
        if (BookingRules.CheckProposal(id.Expires, clock.GetUtcNow()) is { } expired)
        {
            return expired;
        }

        await using var db = open();
        var owner = OwnerOf(caller);
        var content = await db.Set<ProposalRow>().AsNoTracking()
            .Where(row => row.Answer == id.Answer && row.Owner == owner)
            .Select(row => row.Content)
            .FirstOrDefaultAsync(cancellationToken);
        return content is not null && Unpack(content, id.Number) is { } json ? new Proposal(id, json) : Proposal.Unknown(id);
    }

    /// <summary>Removes what has run out.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        var now = clock.GetUtcNow().UtcTicks;
        await db.Set<ProposalRow>().Where(row => row.Expires <= now).ExecuteDeleteAsync(cancellationToken);
    }

    private static string OwnerOf(Caller caller) =>
        string.Join('\n', caller.Kind, caller.ClientId, caller.UserId, caller.FhirUser, caller.Patient);

    private static byte[] Pack(IReadOnlyList<ReadOnlyMemory<byte>> proposals)
    {
        using var packed = new MemoryStream();
        using (var zip = new DeflateStream(packed, CompressionLevel.Fastest))
        {
            foreach (var proposal in proposals)
            {
                zip.Write(proposal.Span);
                zip.WriteByte(Line);
            }
        }

        return packed.ToArray();
    }

    private static ReadOnlyMemory<byte>? Unpack(byte[] packed, int number)
    {
        using var zip = new DeflateStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        zip.CopyTo(unpacked);
        ReadOnlyMemory<byte> rest = unpacked.GetBuffer().AsMemory(0, (int)unpacked.Length);
        for (var line = 0; rest.Span.IndexOf(Line) is >= 0 and var end; line++)
        {
            if (line == number)
            {
                return rest[..end];
            }

            rest = rest[(end + 1)..];
        }

        return null;
    }
}
