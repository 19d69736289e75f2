using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ConsistencyCheckTests
{
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_the_store_wrote_is_consistent(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await FillAsync(store);

        var report = await RunAsync(store);

        Assert.Empty(report.Examples);
        Assert.Equal((4, 2, 0), (report.Resources, report.Versions, report.Faults));
        Assert.True(report.IndexRows >= 6);
    }

    [Theory]
    [InlineData("DELETE FROM ix_token WHERE key = (SELECT MIN(key) FROM ix_token)")]
    [InlineData("UPDATE ix_string SET norm = 'else'")]
    [InlineData("UPDATE ix_quantity SET value = value + 1")]
    [InlineData("UPDATE ix_reference SET rank = 7")]
    [InlineData("INSERT INTO ix_date (key, param, ordinal, item, low, high) VALUES (9223372036854775806, 1, 0, 0, 1, 2)")]
    [InlineData("UPDATE ix_token SET system = 7 WHERE system = 0")]
    [InlineData("UPDATE ix_token SET patient = 0")]
    [InlineData("DELETE FROM token_code WHERE code = 'final'")]
    [InlineData("DELETE FROM ix_string WHERE key = (SELECT MIN(key) FROM ix_string)")]
    [InlineData("INSERT INTO ix_reference (key, param, ordinal, item, hash, target_type, rank) SELECT key, 1, 0, 0, 1, 1, 0 FROM resource WHERE deleted")]
    [InlineData("DELETE FROM history")]
    [InlineData("UPDATE history SET version = 5 WHERE version = 1")]
    [InlineData("UPDATE history SET updated = updated + 10000")]
    [InlineData("UPDATE history SET raw = (SELECT raw FROM resource WHERE id = 'o')")]
    [InlineData("UPDATE history SET key = 9223372036854775806 WHERE key = (SELECT MIN(key) FROM history)")]
    [InlineData("UPDATE resource SET version = 2 WHERE id = 'o'")]
    [InlineData("UPDATE resource SET updated = updated + 10000 WHERE id = 'o'")]
    [InlineData("UPDATE resource SET patient = 7 WHERE id = 'o'")]
    [InlineData("UPDATE resource SET id_hash = 7 WHERE id = 'o'")]
    [InlineData("UPDATE resource SET deleted = NOT deleted WHERE id = 'gone'")]
    [InlineData("UPDATE resource SET raw = (SELECT raw FROM resource WHERE id = 'o') WHERE id = 'p'")]
    [InlineData("UPDATE resource SET rank_high = rank_high + 1 WHERE NOT deleted")]
    [InlineData("UPDATE outbox SET version = 99")]
    public async Task Damage_is_found(string damage)
    {
        foreach (var provider in Enum.GetValues<DatabaseProvider>())
        {
            await using var store = await TestStore.CreateAsync(provider);
            await FillAsync(store);
            await ExecuteAsync(store, damage);

            Assert.True((await RunAsync(store)).Faults > 0, $"{provider}: {damage}");
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_write_in_the_middle_is_no_fault(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await FillAsync(store);
        using var stop = new CancellationTokenSource();
        var writing = WriteAsync(store, stop.Token);
        for (var run = 0; run < 25; run++)
        {
            Assert.Empty((await RunAsync(store)).Examples);
        }

        await stop.CancelAsync();
        Assert.InRange(await writing, 5, int.MaxValue);
    }

    private static async Task<int> WriteAsync(TestStore store, CancellationToken stop)
    {
        var writes = 0;
        while (!stop.IsCancellationRequested || writes < 5)
        {
            await Task.Yield();
            await store.PutAsync($$"""{"resourceType":"Patient","id":"p","name":[{"family":"C{{writes++}}"}],"gender":"male"}""");
            await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/p")));
        }

        return writes;
    }

    private static Task<ConsistencyReport> RunAsync(TestStore store) =>
        store.Services.GetRequiredService<IConsistencyCheck>().RunAsync(TestContext.Current.CancellationToken);

    private static async Task FillAsync(TestStore store)
    {
        await store.PutAsync("""{"resourceType":"Patient","id":"p","name":[{"family":"Á"}],"birthDate":"1990-01-01"}""");
        await store.PutAsync("""{"resourceType":"Patient","id":"p","name":[{"family":"B"}],"birthDate":"1990-01-01"}""");
        await store.PutAsync("""
            {"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"system":"s","code":"c"}]},"subject":{"reference":"Patient/p"},
             "effectiveDateTime":"2026-01-01","valueQuantity":{"value":0.1,"unit":"kg"}}
            """);
        await store.PutAsync("""{"resourceType":"Patient","id":"gone"}""");
        await store.CommitAsync(new DeleteChange(new ResourceKey("Patient", "gone")));
        await store.CommitAsync(new CreateChange(
            new ResourceKey("Patient", "given"), TestStore.Content("""{"resourceType":"Patient","id":"asked-for"}""")));
    }

    private static async Task ExecuteAsync(TestStore store, string sql)
    {
        if (store.Settings.Provider == DatabaseProvider.PostgreSql)
        {
            await using var source = NpgsqlDataSource.Create(store.Settings.ConnectionString);
            await using var command = source.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            return;
        }

        await using var connection = new SqliteConnection(store.Settings.ConnectionString + ";Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var statement = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are those above.
        statement.CommandText = sql;
#pragma warning restore CA2100 // As above.
        await statement.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
