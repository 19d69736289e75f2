using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TeleFhir.Api.Tests.Subscriptions;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Durability;

/// <summary>Kills the server between what happened and what is told of it.</summary>
public sealed class DeliveryCrashTests
{
    private const int Writes = 40;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SQLite_tells_of_every_acknowledged_write()
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
    public async Task PostgreSQL_tells_of_every_acknowledged_write()
    {
        await using var cluster = await PostgresCluster.StartAsync(durable: true);
        await using var database = await cluster.CreateDatabaseAsync();
        await SurviveAsync(new Dictionary<string, string>
        {
            ["Database:Provider"] = "PostgreSql",
            ["ConnectionStrings:TeleFhir"] = database.ConnectionString,
        });
    }

    private static async Task SurviveAsync(Dictionary<string, string> settings)
    {
        await using var sink = await HookSink.StartAsync();
        settings["Subscriptions:AllowedCallbacks:0"] = sink.Origin + "/";
        var acknowledged = new ConcurrentBag<string>();
        await using (var server = await ServerProcess.StartAsync(settings, Cancel))
        {
            var subscription = SubscriptionSteps.Subscription("crash", "Observation?status=final", $"{sink.Origin}/crash");
            Assert.True(await PutAsync(server.Client, "Subscription/crash", subscription.ToJsonString()));
            await Eventually.TrueAsync(async () => (await server.Client.GetStringAsync("fhir/Subscription/crash", Cancel)).Contains("\"active\"", StringComparison.Ordinal));
            sink.Answers["/crash"] = 500;
            var writing = Enumerable.Range(0, Writes).Select(async n =>
            {
                var id = string.Create(CultureInfo.InvariantCulture, $"crash-{n}");
                if (await PutAsync(server.Client, $"Observation/{id}", $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"} }"""))
                {
                    acknowledged.Add(id);
                }
            }).ToList();
            while (acknowledged.Count < Writes / 2 && !writing.TrueForAll(one => one.IsCompleted))
            {
                await Task.Delay(5, Cancel);
            }

            await server.KillAsync();
            await Task.WhenAll(writing);
        }

        Assert.Empty(sink.Events("/crash"));
        Assert.NotEmpty(acknowledged);
        sink.Answers.TryRemove("/crash", out _);
        await using var again = await ServerProcess.StartAsync(settings, Cancel);

        // What the dead server had is its own for a minute yet.
        for (var tries = 0; tries < 900 && !acknowledged.All(id => sink.Events("/crash").Any(one => one.EndsWith($"/{id}", StringComparison.Ordinal))); tries++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
        }

        Assert.DoesNotContain(acknowledged, id => !sink.Events("/crash").Any(one => one.EndsWith($"/{id}", StringComparison.Ordinal)));
        var numbers = sink.Events("/crash").Select(one => int.Parse(one.Split(' ')[0], CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
    }

    private static async Task<bool> PutAsync(HttpClient client, string address, string json)
    {
        try
        {
            using var content = new StringContent(json, Encoding.UTF8, "application/fhir+json");
            using var answer = await client.PutAsync(new Uri($"fhir/{address}", UriKind.Relative), content, Cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It was killed before it answered.
            return false;
        }
    }
}
