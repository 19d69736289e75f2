using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Durability;

/// <summary>
/// Kills the server in the middle of a concurrent write load and looks at what is there after it starts again.
/// <c>TELEFHIR_CRASH_ROUNDS</c> sets how often.
/// </summary>
public sealed class CrashTests
{
    private const int Writers = 8;
    private const int TransactionSize = 5;

    [Fact]
    public async Task SQLite_keeps_every_acknowledged_write()
    {
        var folder = Directory.CreateTempSubdirectory("telefhir-crash-");
        try
        {
            await SurviveAsync(new Dictionary<string, string>
            {
                ["Database:Provider"] = "Sqlite",
                ["ConnectionStrings:TeleFhir"] = $"Data Source={Path.Combine(folder.FullName, "crash.db")}",
            });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task PostgreSQL_keeps_every_acknowledged_write()
    {
        await using var cluster = await PostgresCluster.StartAsync(durable: true);
        await using var database = await cluster.CreateDatabaseAsync();
        await SurviveAsync(new Dictionary<string, string>
        {
            ["Database:Provider"] = "PostgreSql",
            ["ConnectionStrings:TeleFhir"] = database.ConnectionString,
        });
    }

    private static int Rounds()
    {
#pragma warning disable RS0030 // A test run has no configuration but its environment.
        var rounds = Environment.GetEnvironmentVariable("TELEFHIR_CRASH_ROUNDS");
#pragma warning restore RS0030 // As above.
        return int.TryParse(rounds, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 2;
    }

    private static async Task SurviveAsync(Dictionary<string, string> settings)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var acknowledged = new ConcurrentBag<(string Address, string Marker)>();
        var transactions = new ConcurrentBag<(string Tag, bool Acknowledged)>();
        for (var round = 0; round < Rounds(); round++)
        {
            await using var server = await ServerProcess.StartAsync(settings, cancellationToken);
            var before = acknowledged.Count;
            var load = Enumerable.Range(0, Writers)
                .Select(writer => Task.Run(() => WriteAsync(server.Client, writer, acknowledged, transactions), cancellationToken))
                .ToList();
            while (acknowledged.Count < before + Writers && !load.Any(writer => writer.IsCompleted))
            {
                await Task.Delay(20, cancellationToken);
            }

            await Task.Delay(Random.Shared.Next(100, 900), cancellationToken);
            await server.KillAsync();
            await Task.WhenAll(load);
            Assert.True(acknowledged.Count > before, "The load wrote nothing before the kill.");
        }

        await using var again = await ServerProcess.StartAsync(settings, cancellationToken);
        foreach (var (address, marker) in acknowledged)
        {
            using var read = await again.Client.GetAsync($"fhir/{address}", cancellationToken);
            Assert.True(read.StatusCode == HttpStatusCode.OK, $"{address} was acknowledged and is {read.StatusCode}.");
            Assert.Contains(marker, await read.Content.ReadAsStringAsync(cancellationToken), StringComparison.Ordinal);
        }

        foreach (var (tag, wasAcknowledged) in transactions)
        {
            var found = JsonNode.Parse(await again.Client.GetStringAsync($"fhir/Observation?_tag={tag}&_summary=count", cancellationToken))!;
            var total = (int)found["total"]!;
            Assert.True(total == TransactionSize || (total == 0 && !wasAcknowledged), $"{total} of {TransactionSize} resources of a transaction.");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{acknowledged.Count} acknowledged writes, {transactions.Count} transactions");
        var (code, output) = await ServerProcess.RunAsync(settings, ["check"], cancellationToken);
        Assert.True(code == 0, output);
    }

    /// <summary>Creates, updates and transacts until the server is gone.</summary>
    private static async Task WriteAsync(
        HttpClient client, int writer, ConcurrentBag<(string Address, string Marker)> acknowledged, ConcurrentBag<(string Tag, bool Acknowledged)> transactions)
    {
        for (var i = 0; ; i++)
        {
            var marker = $"m{Guid.NewGuid():N}";
            string? tag = null;
            try
            {
                switch (i % 3)
                {
                    case 0:
                        using (var created = await client.PostAsync("fhir/Observation", Body(Observation(marker, "single"))))
                        {
                            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
                            acknowledged.Add((Address(created.Headers.Location!.ToString()), marker));
                        }

                        break;
                    case 1:
                        // All writers put to the same few patients: versions must neither be lost nor skipped.
                        var id = $"crash-{(writer + i) % 4}";
                        using (var put = await client.PutAsync(
                            $"fhir/Patient/{id}", Body($$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{marker}}"}]}""")))
                        {
                            Assert.True(put.IsSuccessStatusCode, put.StatusCode.ToString());
                            acknowledged.Add((Address(put.Headers.Location!.ToString()), marker));
                        }

                        break;
                    default:
                        tag = $"t{Guid.NewGuid():N}";
                        var entries = Enumerable.Range(0, TransactionSize).Select(_ =>
                            $$$"""{"resource":{{{Observation(marker, tag)}}},"request":{"method":"POST","url":"Observation"}}""");
                        using (var transacted = await client.PostAsync(
                            "fhir", Body($$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""")))
                        {
                            Assert.Equal(HttpStatusCode.OK, transacted.StatusCode);
                            transactions.Add((tag, true));
                        }

                        break;
                }
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException or OperationCanceledException)
            {
                if (tag is not null)
                {
                    transactions.Add((tag, false));
                }

                return;
            }
        }
    }

    private static string Observation(string marker, string tag) =>
        $$$$"""{"resourceType":"Observation","meta":{"tag":[{"code":"{{{{tag}}}}"}]},"status":"final","code":{"text":"{{{{marker}}}}"}}""";

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/fhir+json");

    private static string Address(string location) => location[(location.IndexOf("/fhir/", StringComparison.Ordinal) + "/fhir/".Length)..];
}
