using Npgsql;

namespace TeleFhir.Infrastructure.Tests;

public sealed class PostgresClusterTests
{
    [Fact]
    public async Task Starts_and_answers_with_a_supported_version()
    {
        var cluster = await PostgresCluster.SharedAsync();
        await using var database = await cluster.CreateDatabaseAsync();

        var version = await ScalarAsync(database.ConnectionString, "SELECT version()");

        Assert.Matches(@"^PostgreSQL (1[5-9]|[2-9]\d)\b", version);
    }

    [Fact]
    public async Task Copies_of_a_template_are_equal_at_first_and_then_independent()
    {
        var cluster = await PostgresCluster.SharedAsync();
        var template = await cluster.TemplateAsync("one row", async connectionString =>
            await ScalarAsync(connectionString, "CREATE TABLE t AS SELECT 1 AS n; SELECT 'made'"));

        var copies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.CreateDatabaseAsync(template)));

        Assert.Equal("made", await ScalarAsync(copies[0].ConnectionString, "INSERT INTO t VALUES (2); SELECT 'made'"));
        Assert.Equal("2", await ScalarAsync(copies[0].ConnectionString, "SELECT count(*)::text FROM t"));
        Assert.Equal("1", await ScalarAsync(copies[1].ConnectionString, "SELECT count(*)::text FROM t"));
        foreach (var copy in copies)
        {
            await copy.DisposeAsync();
        }

        var gone = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(copies[0].ConnectionString, "SELECT 'there'"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, gone.SqlState);
    }

    [Theory]
    [InlineData(true, "on")]
    [InlineData(false, "off")]
    public async Task Flushes_to_the_disk_only_when_durable_and_leaves_nothing_behind(bool durable, string fsync)
    {
        string folder;
        await using (var cluster = await PostgresCluster.StartAsync(durable))
        {
            folder = cluster.SocketFolder;
            Assert.Equal(fsync, await ScalarAsync(cluster.ConnectionStringFor("postgres"), "SHOW fsync"));
            Assert.True(Directory.Exists(folder));
        }

        Assert.False(Directory.Exists(folder));
    }

    private static async Task<string> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
