using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Binaries;

/// <summary>That a blob belongs to a resource, in some version of it; written in the transaction of that version.</summary>
internal sealed class BlobRow
{
    public string Name { get; set; } = "";

    /// <summary>The storage key of the resource.</summary>
    public long Key { get; set; }
}

/// <summary>The table of <see cref="BlobRow"/>.</summary>
internal static class BlobTable
{
    /// <summary>A version that keeps the content of the one before names the same blob.</summary>
    public const string Conflict = " ON CONFLICT DO NOTHING";

    public static readonly Table<BlobRow> Table = new(
        "blob",
        new Column<BlobRow, string>("name", NpgsqlDbType.Text, row => row.Name),
        new Column<BlobRow, long>("key", NpgsqlDbType.Bigint, row => row.Key));

    public static void AddBlobs(this ModelBuilder modelBuilder) => modelBuilder.Entity<BlobRow>(blob =>
    {
        blob.ToTable(Table.Name).HasKey(row => row.Name);
        blob.Property(row => row.Name).HasMaxLength(64);
        blob.HasIndex(row => row.Key).HasDatabaseName("blob_key");
    });
}
