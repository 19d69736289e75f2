using TeleFhir.Domain.Audit;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Audit;

/// <summary>Reads the tables of the audit trail.</summary>
internal static class AuditLog
{
    /// <summary>All chains and how much of each has become AuditEvents, the longest untouched first.</summary>
    public static async Task<List<ChainState>> ChainsAsync(Session session, CancellationToken cancellationToken)
    {
        var sql = new SqlText().Append(
            "SELECT c.chain, c.next, c.hash, c.updated, coalesce(p.done, 0) FROM audit_chain c LEFT JOIN audit_progress p ON p.chain = c.chain "
            + "ORDER BY c.updated, c.chain");
        return await session.QueryAsync(
            sql,
            row => new ChainState(row.GetString(0), row.GetInt64(1), row.GetFieldValue<byte[]>(2), row.GetInt64(3), row.GetInt64(4)),
            cancellationToken);
    }

    /// <summary>Some pages of a chain in order, from the one that holds an entry on.</summary>
    public static async Task<List<AuditPage>> PagesAsync(
        Session session, string chain, long from, int limit, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        var name = sql.Value(chain);
        sql.Append($"SELECT {Tables.AuditLog.ColumnNames} FROM audit_log WHERE chain = {name} AND sequence >= ")
            .Append($"coalesce((SELECT max(sequence) FROM audit_log WHERE chain = {name} AND sequence <= {sql.Value(from)}), 0) ")
            .Append($"ORDER BY sequence LIMIT {sql.Value(limit)}");
        return await session.QueryAsync(
            sql,
            row => new AuditPage(
                row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4), row.GetFieldValue<byte[]>(5)),
            cancellationToken);
    }
}

/// <summary>A chain as the tables beside the log know it.</summary>
/// <param name="Chain">Its name.</param>
/// <param name="Next">The number of its next entry.</param>
/// <param name="Hash">The hash of its last page.</param>
/// <param name="Updated">When that was written.</param>
/// <param name="Done">All entries below have become AuditEvents.</param>
internal sealed record ChainState(string Chain, long Next, byte[] Hash, long Updated, long Done);
