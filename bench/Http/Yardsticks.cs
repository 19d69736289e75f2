using System.Buffers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;
using TeleFhir.Bench.Micro;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Http;

/// <summary>
/// What the server is held against, served by the same web server from the same database: the least that a read can be (one row by
/// primary key, its bytes written out), a constant, and a search that goes through objects.
/// </summary>
internal sealed class Yardsticks : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly NpgsqlDataSource? _source;

    private Yardsticks(WebApplication app, NpgsqlDataSource? source) => (_app, _source) = (app, source);

    public static async Task<Yardsticks> StartAsync(BenchStore store, string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        var app = builder.Build();
        var constant = Samples.Of("Panel").Json;
        app.MapGet("/constant", (HttpContext http) => WriteAsync(http, constant));
        app.MapGet("/poco", async (HttpContext http) => await WriteAsync(http, PocoBundle.Serialise(await SearchAsync(store, http))));
        app.MapGet("/spliced", async (HttpContext http) =>
        {
            var buffer = new ArrayBufferWriter<byte>(64 * 1024);
            SplicedBundle.Write(buffer, await SearchAsync(store, http));
            await WriteAsync(http, buffer.WrittenMemory);
        });
        NpgsqlDataSource? source = null;
        if (store.Settings.Provider == DatabaseProvider.PostgreSql)
        {
            await Loader.ExecuteAsync(
                store.Settings.ConnectionString,
                "CREATE TABLE bench_row (id text COLLATE \"C\" PRIMARY KEY, raw bytea NOT NULL)",
                "INSERT INTO bench_row SELECT id, raw FROM resource ON CONFLICT DO NOTHING",
                "VACUUM ANALYZE bench_row");
            source = NpgsqlDataSource.Create(
                store.Settings.ConnectionString + ";Max Auto Prepare=10;Auto Prepare Min Usages=2;No Reset On Close=true");
            app.MapGet("/row/{id}", async (HttpContext http, string id) => await WriteAsync(http, await RowAsync(source, id)));
        }

        await app.StartAsync();
        return new(app, source);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }
    }

    private static async Task<IEnumerable<byte[]>> SearchAsync(BenchStore store, HttpContext http)
    {
        var query = BenchStore.Parser.Parse(
            ["Observation"], http.Request.Query.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToString())), strict: true);
        var page = await store.Store.SearchAsync(BenchStore.Caller, query, http.RequestAborted);
        return page.Matches.Select(match => match.Json.ToArray());
    }

    private static async Task<byte[]> RowAsync(NpgsqlDataSource source, string id)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT raw FROM bench_row WHERE id = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        return (byte[]?)await command.ExecuteScalarAsync() ?? throw new KeyNotFoundException(id);
    }

    private static async Task WriteAsync(HttpContext http, ReadOnlyMemory<byte> body)
    {
        http.Response.ContentType = "application/fhir+json";
        http.Response.ContentLength = body.Length;
        await http.Response.BodyWriter.WriteAsync(body);
    }
}
