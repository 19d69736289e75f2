using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Persistence;

/// <inheritdoc cref="IImportLog" />
internal sealed class ImportLog(Database database) : IImportLog
{
    public async Task<int> FindAsync(string hash, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var sql = new SqlText();
        sql.Append("SELECT done FROM import WHERE hash = ").Append(sql.Value(hash));
        return (await session.QueryAsync(sql, row => row.GetInt32(0), cancellationToken)).SingleOrDefault();
    }

    public async Task RecordAsync(string hash, int done, CancellationToken cancellationToken)
    {
        // Through the one writer like everything else: on SQLite a second one would wait for it by polling.
        await using var session = await database.BeginAsync(appends: false, cancellationToken);
        var batch = new RowBatch();
        batch.Imports.Add(new ImportRow { Hash = hash, Done = done });
        await session.CommitAsync(batch, cancellationToken);
    }
}
