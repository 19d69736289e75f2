using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Monitoring;

/// <summary>
/// That a reading of this name is stored, and where. The primary key is what keeps it from being stored twice: 128 bits of SHA-256, since
/// of two names with one hash the second would be lost, and there are many.
/// </summary>
internal sealed class ReadingRow
{
    /// <summary>The first 64 bits of the hash.</summary>
    public long High { get; set; }

    /// <summary>The next 64 bits.</summary>
    public long Low { get; set; }

    /// <summary>Storage key of the Observation.</summary>
    public long Key { get; set; }

    public static ReadingRow Of(string name, long key)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(name), digest);
        return new ReadingRow
        {
            High = BinaryPrimitives.ReadInt64BigEndian(digest),
            Low = BinaryPrimitives.ReadInt64BigEndian(digest[8..]),
            Key = key,
        };
    }
}

/// <summary>The table of <see cref="ReadingRow"/>.</summary>
internal static class ReadingTable
{
    public static readonly Table<ReadingRow> Table = new(
        "reading",
        new Column<ReadingRow, long>("high", NpgsqlDbType.Bigint, row => row.High),
        new Column<ReadingRow, long>("low", NpgsqlDbType.Bigint, row => row.Low),
        new Column<ReadingRow, long>("key", NpgsqlDbType.Bigint, row => row.Key));

    public static void AddReadings(this ModelBuilder modelBuilder) =>
        modelBuilder.Entity<ReadingRow>(reading => reading.ToTable(Table.Name).HasKey(row => new { row.High, row.Low }));

    /// <summary>In one order for everybody, so that two who write the same names never wait for each other.</summary>
    public static List<ReadingRow> InOrder(List<ReadingRow> rows)
    {
        rows.Sort((one, other) => one.High != other.High ? one.High.CompareTo(other.High) : one.Low.CompareTo(other.Low));
        return rows;
    }
}

/// <summary>Another write of the same group has the name: look again, it is stored now.</summary>
internal sealed class NameTakenException : Exception;
