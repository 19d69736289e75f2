using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using TeleFhir.Bench.Http;
using TeleFhir.Bench.Stores;

namespace TeleFhir.Bench.Endurance;

/// <summary>Servers on one database, of which one after the other is killed.</summary>
internal sealed class Nodes : IAsyncDisposable
{
    private readonly BenchStore _store;
    private readonly string _assembly;
    private readonly Dictionary<string, string> _settings;
    private readonly int[] _ports;
    private readonly ServerProcess[] _servers;
    private readonly SocketsHttpHandler _handler = new() { ConnectTimeout = TimeSpan.FromSeconds(1) };
    private readonly HttpClient _client;

    private Nodes(BenchStore store, string assembly, int[] ports, Dictionary<string, string> settings)
    {
        (_store, _assembly, _ports, _settings) = (store, assembly, ports, settings);
        _servers = new ServerProcess[ports.Length];
        _client = new HttpClient(_handler) { Timeout = TimeSpan.FromSeconds(30) };
    }

    public int Kills { get; private set; }

    public static async Task<Nodes> StartAsync(BenchStore store, string assembly, int count, string callbacks)
    {
        var ports = Enumerable.Range(0, count).Select(_ => HttpCommand.FreePort()).ToArray();
        var nodes = new Nodes(store, assembly, ports, new Dictionary<string, string>
        {
            // One name for all: tokens of one are good for the others.
            ["Fhir__PublicBaseUrl"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{ports[0]}/fhir"),
            ["Subscriptions__AllowedCallbacks__0"] = callbacks,
            ["Subscriptions__MostPerSubscriber"] = "10000",
        });
        for (var node = 0; node < count; node++)
        {
            nodes._servers[node] = await nodes.StartAsync(node);
        }

        return nodes;
    }

    /// <summary>Patients with a device each who agreed to be monitored.</summary>
    public async Task PrepareAsync(int patients)
    {
        _client.DefaultRequestHeaders.Authorization = new("Bearer", await _servers[0].TokenAsync(_client, "system/*.cruds"));
        foreach (var some in Enumerable.Range(0, patients).Chunk(50))
        {
            var entries = some.SelectMany(number => new[]
            {
                Entry($"Patient/bench-{number}", $$"""{"resourceType":"Patient","id":"bench-{{number}}","name":[{"family":"Bench {{number}}"}]}"""),
                Entry($"Device/bench-{number}", $$$"""{"resourceType":"Device","id":"bench-{{{number}}}","patient":{"reference":"Patient/bench-{{{number}}}"}}"""),
                Entry($"Consent/bench-{number}", $$$"""
                    {"resourceType":"Consent","id":"bench-{{{number}}}","status":"active","patient":{"reference":"Patient/bench-{{{number}}}"},"dateTime":"2026-01-01",
                     "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
                     "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]},{"coding":[{"system":"https://telefhir.dev/fhir/CodeSystem/consent-category","code":"rpm"}]}],
                     "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]},"provision":{"type":"permit"}}
                    """),
            });
            await PostAsync("", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""");
        }

    }

    /// <summary>Somebody wants to be told of readings out of range, so many at a time.</summary>
    public Task SubscribeAsync(string endpoint, int most) => PostAsync("/Subscription", $$$"""
        {"resourceType":"Subscription","status":"requested","reason":"bench","criteria":"https://telefhir.dev/fhir/SubscriptionTopic/observation-out-of-range",
         "channel":{"type":"rest-hook","endpoint":"{{{endpoint}}}","payload":"application/fhir+json",
         "extension":[{"url":"http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-max-count","valuePositiveInt":{{{most}}}}]}}
        """);

    /// <summary>Many want to be told of readings of a patient each, none of whom has any.</summary>
    public async Task SubscribeOthersAsync(int count, string endpoint)
    {
        foreach (var some in Enumerable.Range(0, count).Chunk(200))
        {
            var entries = some.Select(number => Entry($"Subscription/other-{number}", $$$"""
                {"resourceType":"Subscription","id":"other-{{{number}}}","status":"requested","reason":"bench","criteria":"Observation?patient=Patient/other-{{{number}}}&status=final",
                 "channel":{"type":"rest-hook","endpoint":"{{{endpoint}}}","payload":"application/fhir+json"}}
                """));
            await PostAsync("", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""");
        }
    }

    /// <summary>Sends readings to one of the servers; false where they are to be sent again.</summary>
    public async Task<bool> SendAsync(IReadOnlyList<Sent> readings, int tries, Readings all)
    {
        var port = _ports[(int.Parse(readings[0].Name, CultureInfo.InvariantCulture) / readings.Count + tries) % _ports.Length];
        var body = $$"""{"resourceType":"Bundle","type":"collection","entry":[{{string.Join(',', readings.Select(EntryOf))}}]}""";
        try
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/fhir+json");
            using var answer = await _client.PostAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/fhir/Observation/$ingest")), content);
            if (!answer.IsSuccessStatusCode)
            {
                if ((int)answer.StatusCode is not (429 or >= 500))
                {
                    throw new InvalidOperationException($"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                }

                return false;
            }

            using var bundle = await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync());
            var now = Stopwatch.GetTimestamp();
            var at = 0;
            foreach (var entry in bundle.RootElement.GetProperty("entry").EnumerateArray())
            {
                var status = entry.GetProperty("response").GetProperty("status").GetString()!;
                if (status[0] != '2')
                {
                    throw new InvalidOperationException(entry.GetRawText());
                }

                all.Acknowledged.TryAdd(readings[at++].Name, now);
            }

            return true;
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or TaskCanceledException or JsonException)
        {
            return false;
        }
    }

    /// <summary>Kills one after the other and starts it again, until it is over.</summary>
    public async Task KillAsync(TimeSpan period, CancellationToken over)
    {
        for (var node = 0; ; node = (node + 1) % _servers.Length)
        {
            try
            {
                await Task.Delay(period, over);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await _servers[node].DisposeAsync();
            Kills++;
            _servers[node] = await StartAsync(node);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Where(server => server is not null))
        {
            await server.DisposeAsync();
        }

        _client.Dispose();
        _handler.Dispose();
    }

    private static string Entry(string url, string resource) => $$$"""{"resource":{{{resource}}},"request":{"method":"PUT","url":"{{{url}}}"}}""";

    private static string EntryOf(Sent reading) => $$$"""{"resource":{{{reading.Json}}}}""";

    private Task<ServerProcess> StartAsync(int node) => ServerProcess.StartAsync(_store, _assembly, _ports[node], _client, isGuarded: true, _settings);

    private async Task PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        using var answer = await _client.PostAsync(new Uri($"{_servers[0].Address}/fhir{path}"), content);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
    }
}
