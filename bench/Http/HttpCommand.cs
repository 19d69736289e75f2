using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Queries;
using TeleFhir.Bench.Stores;

namespace TeleFhir.Bench.Http;

/// <summary>
/// <c>http [--provider postgres|sqlite] [--count 100000] [--rounds 5] [--seconds 5] [--connections 32] [--server path] [--only names]</c>: the whole server
/// under load, in turn with the least that the same work could cost on this machine, and with and without access control and audit.
/// </summary>
internal static class HttpCommand
{
    private const int Different = 5000;

    public static async Task RunAsync(Arguments arguments)
    {
        if (!Wrk.IsInstalled())
        {
            Console.Error.WriteLine("wrk is not on the PATH (Debian: apt-get install wrk); nothing was measured.");
            return;
        }

        var assembly = arguments.Text("server", Path.Combine(Repository(), "src/Api/bin/Release/net10.0/TeleFhir.Api.dll"));
        if (!File.Exists(assembly))
        {
            Console.Error.WriteLine($"{assembly} is missing: dotnet build src/Api -c Release");
            return;
        }

        var postgres = arguments.Text("provider", "postgres") != "sqlite";
        await using var cluster = postgres ? await BenchStore.StartPostgresAsync() : null;
        await using var store = await BenchStore.CreateAsync(cluster);
        var town = new Town(arguments.Number("count", 100_000));
        await Loader.LoadAsync(store, town, 4);
        using var wrk = new Wrk(arguments.Number("connections", 32), TimeSpan.FromSeconds(arguments.Number("seconds", 5)));
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        var yardAddress = Local(FreePort());
        await using var yard = await Yardsticks.StartAsync(store, yardAddress);
        await using var server = await ServerProcess.StartAsync(store, assembly, FreePort(), client, isGuarded: false);
        await using var guarded = await ServerProcess.StartAsync(store, assembly, FreePort(), client, isGuarded: true);
        await using var raw = await RawTable.CreateAsync(store);
        var only = arguments.Text("only", "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var contestants = Contestants(town, wrk, server.Address, (guarded.Address, await guarded.TokenAsync(client)), yardAddress, raw, postgres)
            .Where(contestant => only.Length == 0 || only.Contains(contestant.Name)).ToList();
        var rates = contestants.ToDictionary(contestant => contestant.Name, _ => new List<(double PerSecond, double P99)>());
        for (var round = 0; round <= arguments.Number("rounds", 5); round++)
        {
            foreach (var (name, runAsync) in contestants)
            {
                var rate = await runAsync();
                if (round > 0)
                {
                    rates[name].Add(rate);
                }
            }
        }

        Print(rates.ToDictionary(pair => pair.Key, pair => (
            PerSecond: InsertRates.Median([.. pair.Value.Select(rate => rate.PerSecond)]),
            P99: InsertRates.Median([.. pair.Value.Select(rate => rate.P99)]),
            Least: pair.Value.Min(rate => rate.PerSecond),
            Most: pair.Value.Max(rate => rate.PerSecond))));
    }

    private static List<(string Name, Func<Task<(double, double)>> RunAsync)> Contestants(
        Town town, Wrk wrk, string server, (string Address, string Token) guarded, string yard, RawTable raw, bool postgres)
    {
        var observations = Enumerable.Range(0, Different).Select(at => new Dice(91, at).Below(town.Observations)).ToList();
        string[] names = [.. observations.Select(at => $"/fhir/Observation/{Town.ObservationId(at)}")];
        var read = wrk.Script("read", names);
        var readByToken = wrk.Script("read-by-token", names, token: guarded.Token);
        var row = wrk.Script("row", [.. observations.Select(at => $"/row/{Town.ObservationId(at)}")]);
        var constant = wrk.Script("constant", ["/constant"]);

        // Only what fills a page of twenty, so that both have as much to write.
        var pages = observations.Where(at => town.OfObservation(at).Code == Codes.Panel)
            .Select(at => $"patient={Town.PatientId(town.OfObservation(at).Patient)}&code=http%3A%2F%2Floinc.org%7C{Codes.Panel.Code}&_sort=-date&_count=20")
            .ToList();
        string[] searches = [.. pages.Select(page => $"/fhir/Observation?{page}")];
        var search = wrk.Script("search", searches);
        var searchByToken = wrk.Script("search-by-token", searches, token: guarded.Token);
        var poco = wrk.Script("poco", [.. pages.Select(page => $"/poco?{page}")]);
        var spliced = wrk.Script("spliced", [.. pages.Select(page => $"/spliced?{page}")]);
        var bodies = Enumerable.Range(town.Observations, 2000).Select(at => town.Observation(at).Json).ToList();
        var create = wrk.Script("create", ["/fhir/Observation"], bodies);
        var pool = Enumerable.Range(0, 400_000).Select(at => bodies[at % bodies.Count]).ToArray();
        List<(string, Func<Task<(double, double)>>)> all =
        [
            ("read", () => wrk.RunAsync(server, read)),
            ("read by token", () => wrk.RunAsync(guarded.Address, readByToken)),
            ("constant", () => wrk.RunAsync(yard, constant)),
            ("search", () => wrk.RunAsync(server, search)),
            ("search by token", () => wrk.RunAsync(guarded.Address, searchByToken)),
            ("spliced search", () => wrk.RunAsync(yard, spliced)),
            ("poco search", () => wrk.RunAsync(yard, poco)),
            ("create", () => wrk.RunAsync(server, create)),
            ("raw insert", async () => (await InsertRates.RateAsync(pool, 1, wrk.Connections, rows => raw.InsertAsync(rows)), 0)),
        ];
        if (postgres)
        {
            all.Insert(2, ("row by key", () => wrk.RunAsync(yard, row)));
        }

        return all;
    }

    private static void Print(Dictionary<string, (double PerSecond, double P99, double Least, double Most)> rates)
    {
        Console.WriteLine("\n| what | median /s | range | p99 ms |\n| --- | ---: | ---: | ---: |");
        foreach (var (name, (rate, p99, least, most)) in rates)
        {
            Console.WriteLine($"| {name} | {rate:N0} | {least:N0} to {most:N0} | {p99:N1} |");
        }

        Console.WriteLine("\n| ratio | measured | goal |\n| --- | ---: | ---: |");
        (string Of, string By, string Goal)[] goals =
        [
            ("read", "row by key", ">= 0.80"),
            ("read", "constant", ">= 0.50 on SQLite"),
            ("read by token", "read", ">= 0.75"),
            ("search by token", "search", "-"),
            ("search", "spliced search", "-"),
            ("search", "poco search", ">= 5"),
            ("create", "raw insert", ">= 0.30"),
        ];
        foreach (var (of, by, goal) in goals.Where(goal => rates.ContainsKey(goal.By) && rates.ContainsKey(goal.Of)))
        {
            Console.WriteLine($"| {of} / {by} | {rates[of].PerSecond / rates[by].PerSecond:N2} | {goal} |");
        }
    }

    internal static string Local(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    internal static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TeleFhir.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? Directory.GetCurrentDirectory();
    }
}
