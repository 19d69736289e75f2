using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Http;

/// <summary>
/// <c>ingest [--readings 300000] [--fill 0] [--patients 1000] [--clients 8] [--batch 100] [--server path]</c>: readings through <c>$ingest</c> of the
/// whole server on PostgreSQL, with access control and audit; the rate of each 100,000, to see whether it falls, and in the end how long a
/// patient's chart and <c>$lastn</c> take. With <c>--fill</c> there are so many before, written through the store without the server around it. <c>alerts [--seconds 20] [--rate 1000]
/// [--out 5]</c>: readings at a steady rate, of which a share is out of range, and how long after the answer each has its Task.
/// </summary>
internal static class IngestCommand
{
    private const int Part = 100_000;
    private const int PerCommit = 1000;

    public static async Task RunAsync(Arguments arguments, bool isAlerts)
    {
        var assembly = arguments.Text("server", Path.Combine(HttpCommand.Repository(), "src/Api/bin/Release/net10.0/TeleFhir.Api.dll"));
        if (!File.Exists(assembly))
        {
            Console.Error.WriteLine($"{assembly} is missing: dotnet build src/Api -c Release");
            return;
        }

        var patients = arguments.Number("patients", 1000);
        await using var cluster = await BenchStore.StartPostgresAsync();
        await using var store = await BenchStore.CreateAsync(cluster);
        await FillAsync(store, patients);
        var stored = arguments.Number("fill", 0);
        await FillReadingsAsync(store, stored, patients);
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(5) };
        await using var server = await ServerProcess.StartAsync(store, assembly, HttpCommand.FreePort(), client, isGuarded: true);
        client.DefaultRequestHeaders.Authorization = new("Bearer", await server.TokenAsync(client, "system/*.cruds"));
        if (isAlerts)
        {
            await AlertsAsync(arguments, client, server.Address, patients);
        }
        else
        {
            await IngestAsync(arguments, client, server.Address, patients, stored);
            await AskAsync(client, server.Address, patients);
        }
    }

    /// <summary>What a page of charts asks for, one after the other, each time of another patient.</summary>
    private static async Task AskAsync(HttpClient client, string address, int patients)
    {
        const int Times = 400;
        const int Warm = 40;
        var from = TimeProvider.System.GetUtcNow().AddDays(-30);
        (string Name, Func<int, string> Of)[] questions =
        [
            ("chart: 30 days of heart rates, newest 500", at => $"Observation?patient=Patient/bench-{at}&code=http://loinc.org|8867-4&date=ge{from:yyyy-MM-dd}&_sort=-date&_count=500"),
            ("the newest 20 of a patient", at => $"Observation?patient=Patient/bench-{at}&code=http://loinc.org|8867-4&_sort=-date&_count=20"),
            ("$lastn of a patient's vital signs", at => $"Observation/$lastn?patient=Patient/bench-{at}&category=vital-signs"),
            ("$lastn, the last 10", at => $"Observation/$lastn?patient=Patient/bench-{at}&category=vital-signs&max=10"),
        ];
        Console.WriteLine("\n| question | p50 ms | p95 ms | p99 ms |\n| --- | ---: | ---: | ---: |");
        foreach (var (name, of) in questions)
        {
            var times = new Latencies();
            for (var at = 0; at < Times + Warm; at++)
            {
                var sent = TimeProvider.System.GetTimestamp();
                var answer = await client.GetStringAsync(new Uri($"{address}/fhir/{of(at * 7919 % patients)}"));
                if (!answer.Contains("/Observation/", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException(answer);
                }

                if (at >= Warm)
                {
                    times.Since(sent);
                }
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {times.Percentile(0.5) / 1000:N1} | {times.Percentile(0.95) / 1000:N1} | {times.Percentile(0.99) / 1000:N1} |"));
        }
    }

    private static async Task IngestAsync(Arguments arguments, HttpClient client, string address, int patients, int stored)
    {
        var (readings, clients, batch) = (arguments.Number("readings", 300_000), arguments.Number("clients", 8), arguments.Number("batch", 100));
        var now = TimeProvider.System.GetUtcNow();
        Console.WriteLine($"| stored | readings/s | p50 ms of {batch} | p99 ms |\n| ---: | ---: | ---: | ---: |");
        for (var done = stored; done < stored + readings; done += Part)
        {
            var (start, next, times) = (TimeProvider.System.GetTimestamp(), done, new Latencies());
            await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
            {
                for (int from; (from = Interlocked.Add(ref next, batch) - batch) < done + Part;)
                {
                    var sent = TimeProvider.System.GetTimestamp();
                    await SendAsync(client, address, Enumerable.Range(from, batch).Select(at => Reading(at, at % patients, 70, now.AddSeconds(-3L * at))));
                    lock (times)
                    {
                        times.Since(sent);
                    }
                }
            })));
            var rate = Part / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {done + Part:N0} | {rate:N0} | {times.Percentile(0.5) / 1000:N0} | {times.Percentile(0.99) / 1000:N0} |"));
        }
    }

    private static async Task AlertsAsync(Arguments arguments, HttpClient client, string address, int patients)
    {
        var (seconds, rate, share, batch) = (arguments.Number("seconds", 20), arguments.Number("rate", 1000), arguments.Number("out", 5), arguments.Number("batch", 100));
        var waiting = new Dictionary<string, long>();
        var times = new Latencies();
        var (sent, number, start) = (0, 0, TimeProvider.System.GetTimestamp());
        var sending = Task.Run(async () =>
        {
            while (TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds)
            {
                var first = number;
                number += batch;
                var now = TimeProvider.System.GetUtcNow();

                // Each patient once out of range, so that each such reading has a Task of its own.
                var ids = await SendAsync(client, address, Enumerable.Range(first, batch).Select(at => Reading(at, at % patients, IsOut(at) ? 150 : 70, now)));
                lock (waiting)
                {
                    for (var at = 0; at < batch; at++)
                    {
                        if (IsOut(first + at))
                        {
                            waiting[ids[at]] = TimeProvider.System.GetTimestamp();
                        }
                    }
                }

                sent += batch;
                var ahead = TimeSpan.FromSeconds((double)sent / rate) - TimeProvider.System.GetElapsedTime(start);
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }

            return TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        });

        var left = 600;
        while (left-- > 0 && (!sending.IsCompleted || waiting.Count > 0))
        {
            var answer = await client.GetStringAsync(new Uri($"{address}/fhir/Task?code=review-reading&_sort=-_lastUpdated&_count=1000&_elements=focus"));
            using var json = JsonDocument.Parse(answer);
            lock (waiting)
            {
                foreach (var entry in json.RootElement.TryGetProperty("entry", out var entries) ? entries.EnumerateArray().ToArray() : [])
                {
                    if (waiting.Remove(entry.GetProperty("resource").GetProperty("focus").GetProperty("reference").GetString()!.Split('/')[1], out var since))
                    {
                        times.Since(since);
                    }
                }
            }

            await Task.Delay(50);
        }

        var took = await sending;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{sent:N0} readings at {sent / took:N0}/s, {times.Count:N0} Tasks (looked for every 50 ms): p50 {times.Percentile(0.5) / 1000:N0} ms, p99 {times.Percentile(0.99) / 1000:N0} ms after the answer; {waiting.Count} without a Task"));

        bool IsOut(int at) => at < patients * 100 / Math.Max(1, share) && at % Math.Max(1, 100 / Math.Max(1, share)) == at / patients % Math.Max(1, 100 / Math.Max(1, share));
    }

    private static async Task<string[]> SendAsync(HttpClient client, string address, IEnumerable<string> readings)
    {
        var entries = string.Join(',', readings.Select(reading => $$"""{"resource":{{reading}} }"""));
        var json = $$"""{"resourceType":"Bundle","type":"collection","entry":[{{entries}}]}""";
        using var content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        using var answer = await client.PostAsync(new Uri($"{address}/fhir/Observation/$ingest"), content);
        var body = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        var stored = body.Split("/Observation/")[1..].Select(part => part[..part.IndexOf('/', StringComparison.Ordinal)]).ToArray();
        return body.Contains("\"outcome\"", StringComparison.Ordinal) ? throw new InvalidOperationException(body) : stored;
    }

    private static string Reading(int number, int patient, int value, DateTimeOffset at) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"resourceType":"Observation","identifier":[{"system":"urn:bench","value":"{{number}}"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/bench-{{patient}}"},"effectiveDateTime":"{{at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}","device":{"reference":"Device/bench-{{patient}}"},"valueQuantity":{"value":{{value}},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"} }""");

    /// <summary>As <c>$ingest</c> writes them: each stands for itself under a name that no other has. Nobody is told of them.</summary>
    private static async Task FillReadingsAsync(BenchStore store, int count, int patients)
    {
        const int Report = 1_000_000;
        var now = TimeProvider.System.GetUtcNow();
        for (var done = 0; done < count; done += Report)
        {
            var first = done;
            var rate = await Loader.ManyAsync(Math.Min(Report, count - done), PerCommit, writers: 3, (from, most) =>
            {
                var changes = Enumerable.Range(first + from, most).Select(at => Loader.Parse(new Written("Observation", "", Encoding.UTF8.GetBytes(Reading(at, at % patients, 70, now.AddSeconds(-3L * at))))))
                    .Select((content, at) => (Change)new CreateChange(new("Observation", Guid.CreateVersion7().ToString()), content) { ReadingName = $"urn:bench|{first + from + at}" });
                return store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []) { IsEach = true, IsOperation = true }, CancellationToken.None);
            });
            await Loader.ExecuteAsync(store.Settings.ConnectionString, "TRUNCATE outbox");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"filled {done + Report:N0}: {rate:N0}/s"));
        }

        if (count > 0)
        {
            await Loader.ExecuteAsync(store.Settings.ConnectionString, "VACUUM ANALYZE", "CHECKPOINT");
        }
    }

    private static async Task FillAsync(BenchStore store, int patients)
    {
        var resources = Enumerable.Range(0, patients).SelectMany(at => (string[])
        [
            $$"""{"resourceType":"Patient","id":"bench-{{at}}","active":true}""",
            $$"""{"resourceType":"Device","id":"bench-{{at}}","patient":{"reference":"Patient/bench-{{at}}"} }""",
            $$"""{"resourceType":"Consent","id":"bench-{{at}}","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},"category":[{"coding":[{"system":"{{Canonicals.Default}}/CodeSystem/consent-category","code":"rpm"}]}],"patient":{"reference":"Patient/bench-{{at}}"},"policyRule":{"coding":[{"code":"OPTIN"}]} }""",
        ]);
        foreach (var some in resources.Chunk(PerCommit))
        {
            var changes = some.Select(json => Encoding.UTF8.GetBytes(json)).Select(bytes => (Resource: FhirJson.Parse(bytes), Bytes: bytes))
                .Select(one => new PutChange(new(one.Resource.TypeName, one.Resource.Id!), new ResourceContent(one.Resource, one.Bytes)));
            await store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []), CancellationToken.None);
        }
    }
}
