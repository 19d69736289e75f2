using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Data.Sqlite;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Tests;
using SqliteDatabase = TeleFhir.Infrastructure.Persistence.SqliteDatabase;

namespace TeleFhir.Bench.Queries;

/// <summary>How the database carried out the statements of a question.</summary>
internal static class Plans
{
    /// <summary>Three uses until a statement is prepared, five more until the planner may choose a plan for all values.</summary>
    private const int UsesUntilGeneric = 12;

    /// <summary>
    /// As the server itself logged it while it ran, after as many uses as it takes to come to a generic plan: what EXPLAIN would
    /// say of the text with values in it can be something else.
    /// </summary>
    public static async Task<string> OfPostgresAsync(PostgresCluster cluster, BenchStore store, Question question)
    {
        await using var explained = store.With(
            "Maximum Pool Size=1;Options=-c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
            + "-c auto_explain.log_analyze=on -c auto_explain.log_buffers=on -c auto_explain.log_timing=off");
        var log = Path.Combine(cluster.SocketFolder, "log");
        var from = 0L;
        for (var i = 0; i < UsesUntilGeneric; i++)
        {
            from = new FileInfo(log).Length;
            await question.AskAsync(explained.Store, new Dice(77, i));
        }

        await Task.Delay(TimeSpan.FromMilliseconds(100));
        await using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = from;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return (await reader.ReadToEndAsync()).Replace("\t", "  ", StringComparison.Ordinal);
    }

    /// <summary>What the planner says to every statement that the question left prepared.</summary>
    public static async Task<string> OfSqliteAsync(BenchStore store, Question question)
    {
        await using var fresh = store.With("Mode=ReadWrite");
        await question.AskAsync(fresh.Store, new Dice(77, 0));
        var text = new StringBuilder();
        await using var connection = new SqliteConnection(store.Settings.ConnectionString);
        await connection.OpenAsync();
        foreach (var slot in Readers((SqliteDatabase)fresh.Get<Database>()))
        {
            foreach (var sql in Statements(slot).Keys)
            {
                text.AppendLine(sql);
                await using var command = new SqliteCommand($"EXPLAIN QUERY PLAN {sql}", connection);
                for (var i = 1; sql.Contains($"${i}", StringComparison.Ordinal); i++)
                {
                    command.Parameters.AddWithValue($"${i}", i);
                }

                await using var reader = await command.ExecuteReaderAsync();
                while (await reader.ReadAsync())
                {
                    text.Append("    ").AppendLine(reader.GetString(3));
                }
            }
        }

        return text.ToString();
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_readers")]
    private static extern ref System.Collections.Concurrent.ConcurrentBag<SqliteSlot> Readers(SqliteDatabase database);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_statements")]
    private static extern ref Dictionary<string, SqliteCommand> Statements(SqliteSlot slot);
}
