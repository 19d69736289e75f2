using System.Data.Common;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>Rows of a result as objects.</summary>
internal static class RowReader
{
    /// <summary>The columns that <see cref="ReadStored"/> reads, of a table or subquery named <c>r</c>.</summary>
    public const string StoredColumns = "r.key, r.type, r.id, r.version, r.updated, r.method, r.raw";

    /// <summary>In the order of <see cref="Tables.Resource"/>.</summary>
    public static ResourceRow ReadResourceRow(this DbDataReader reader) => new()
    {
        Key = reader.GetInt64(0),
        IdHash = reader.GetInt64(1),
        Type = reader.GetInt16(2),
        Id = reader.GetString(3),
        Version = reader.GetInt32(4),
        Deleted = reader.GetBoolean(5),
        Updated = reader.GetInt64(6),
        Method = reader.GetInt16(7),
        Rank = reader.GetInt64(8),
        RankHigh = reader.GetInt64(9),
        Patient = reader.GetInt64(10),
        Raw = reader.GetFieldValue<byte[]>(11),
    };

    /// <summary>In the order of <see cref="StoredColumns"/>.</summary>
    public static StoredResource ReadStored(this DbDataReader reader) => Stored(
        reader.GetInt16(1),
        reader.GetString(2),
        reader.GetInt32(3),
        reader.GetInt64(4),
        reader.GetInt16(5),
        reader.GetFieldValue<byte[]>(6));

    public static StoredResource Stored(this ResourceRow row) => Stored(row.Type, row.Id, row.Version, row.Updated, row.Method, row.Raw);

    private static StoredResource Stored(short type, string id, int version, long updated, short method, byte[] raw) => new(
        new ResourceKey(ResourceCatalog.NameOf(type), id, version),
        new DateTimeOffset(updated, TimeSpan.Zero),
        (VersionMethod)method,
        raw);
}
