using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Makes the stores' short-lived contexts, and tells the one error that is an answer.</summary>
internal sealed class SmartDb(Func<TeleFhirDb> context)
{
    private const int SqliteConstraint = 19;

    public TeleFhirDb Open() => context();

    /// <summary>Inserts one row; false where its key is taken.</summary>
    public async Task<bool> TryInsertAsync<TRow>(TRow row, CancellationToken cancellationToken)
        where TRow : class
    {
        await using var db = context();
        db.Add(row);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException failed) when (IsTaken(failed.InnerException as DbException))
        {
            return false;
        }
    }

    private static bool IsTaken(DbException? error) => error switch
    {
        PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UniqueViolation,
        SqliteException sqlite => sqlite.SqliteErrorCode == SqliteConstraint,
        _ => false,
    };
}
