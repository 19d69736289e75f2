using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>A <see cref="Receipt"/> and what was written under it.</summary>
internal sealed class ReceiptRow
{
    /// <summary>Hash of the key.</summary>
    public long Key { get; set; }

    public string Digest { get; set; } = "";

    /// <summary>Versions, with a space between them.</summary>
    public string Written { get; set; } = "";

    /// <summary>UTC ticks from which it is not known any more.</summary>
    public long Expires { get; set; }
}

/// <inheritdoc cref="IReceipts" />
internal sealed class Receipts(Database database, Func<TeleFhirDb> open, TimeProvider clock) : IReceipts
{
    public async Task<KeptReceipt?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await FindAsync(session, key, clock.GetUtcNow(), cancellationToken);
    }

    /// <summary>Removes those that are not known any more.</summary>
    public async Task PruneAsync(CancellationToken cancellationToken)
    {
        await using var db = open();
        var now = clock.GetUtcNow().UtcTicks;
        await db.Set<ReceiptRow>().Where(row => row.Expires <= now).ExecuteDeleteAsync(cancellationToken);
    }

    internal static async Task<KeptReceipt?> FindAsync(Session session, string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        sql.Append($"SELECT digest, written FROM receipt WHERE key = {sql.Value(StorageHash.Of(key))} AND expires > {sql.Value(now.UtcTicks)}");
        var found = await session.QueryAsync(sql, row => new KeptReceipt(row.GetString(0), Read(row.GetString(1))), cancellationToken);
        return found.SingleOrDefault();
    }

    internal static ReceiptRow Row(Receipt receipt, IEnumerable<ChangeResult> results, DateTimeOffset now) => new()
    {
        Key = StorageHash.Of(receipt.Key),
        Digest = receipt.Digest,
        Written = string.Join(' ', results.Select(result => result.Resource?.Key).OfType<ResourceKey>()),
        Expires = (now + Receipt.Kept).UtcTicks,
    };

    private static ImmutableArray<ResourceKey> Read(string written) =>
    [
        .. written.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => ResourceKey.TryParse(text, out var key)
            ? key
            : throw new InvalidDataException($"A receipt names {text}.")),
    ];
}

/// <summary>The table of <see cref="ReceiptRow"/>.</summary>
internal static class ReceiptTable
{
    public static readonly Table<ReceiptRow> Table = new(
        "receipt",
        new Column<ReceiptRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<ReceiptRow, string>("digest", NpgsqlDbType.Text, row => row.Digest),
        new Column<ReceiptRow, string>("written", NpgsqlDbType.Text, row => row.Written),
        new Column<ReceiptRow, long>("expires", NpgsqlDbType.Bigint, row => row.Expires));

    public static void AddReceipts(this ModelBuilder modelBuilder) => modelBuilder.Entity<ReceiptRow>(receipt =>
    {
        receipt.ToTable(Table.Name).HasKey(row => row.Key);
        receipt.Property(row => row.Key).ValueGeneratedNever();
        receipt.HasIndex(row => row.Expires).HasDatabaseName("receipt_expires");
    });
}
