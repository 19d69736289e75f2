using System.Globalization;
using System.Text;
using TeleFhir.Bench.Population;
using TeleFhir.Bench.Stores;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Bench.Http;

/// <summary>
/// <c>find [--provider postgres|sqlite] [--schedules 200] [--days 30] [--busy 50] [--calls 200] [--server path]</c>: <c>$find</c> of the whole
/// server, with access control and audit, over calendars of half-hour Slots on working days of which a share is taken; on the first two days
/// by Appointments. One client, one call after the other.
/// </summary>
internal static class FindCommand
{
    private const int SlotsPerDay = 16;
    private const int Warm = 30;
    private const int PerCommit = 1000;
    private const int DaysOfAppointments = 2;

    public static async Task RunAsync(Arguments arguments)
    {
        var assembly = arguments.Text("server", Path.Combine(HttpCommand.Repository(), "src/Api/bin/Release/net10.0/TeleFhir.Api.dll"));
        if (!File.Exists(assembly))
        {
            Console.Error.WriteLine($"{assembly} is missing: dotnet build src/Api -c Release");
            return;
        }

        var (schedules, days) = (arguments.Number("schedules", 200), arguments.Number("days", 30));
        await using var cluster = arguments.Text("provider", "postgres") != "sqlite" ? await BenchStore.StartPostgresAsync() : null;
        await using var store = await BenchStore.CreateAsync(cluster);
        var first = new DateTimeOffset(TimeProvider.System.GetUtcNow().Date.AddDays(1), TimeSpan.Zero);
        var slots = await FillAsync(store, schedules, first, days, arguments.Number("busy", 50));
        Console.WriteLine($"{schedules} schedules, {slots:N0} slots in {days} days, {arguments.Number("busy", 50)} % of them taken");

        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        await using var server = await ServerProcess.StartAsync(store, assembly, HttpCommand.FreePort(), client, isGuarded: true);
        client.DefaultRequestHeaders.Authorization = new("Bearer", await server.TokenAsync(client));
        var wishes = Wishes(schedules, first, days);
        foreach (var (_, wish) in wishes)
        {
            await MeasureAsync(client, server.Address, wish, Warm);
        }

        Console.WriteLine("\n| $find | p50 ms | p95 ms | proposals |\n| --- | ---: | ---: | ---: |");
        foreach (var (name, wish) in wishes)
        {
            var (times, found) = await MeasureAsync(client, server.Address, wish, arguments.Number("calls", 200));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {times.Percentile(0.5) / 1000:N1} | {times.Percentile(0.95) / 1000:N1} | {(double)found / times.Count:N1} |"));
        }
    }

    private static async Task<(Latencies Times, int Found)> MeasureAsync(HttpClient client, string address, Func<Dice, string> wish, int calls)
    {
        var (times, found) = (new Latencies(), 0);
        for (var call = 0; call < calls; call++)
        {
            var start = TimeProvider.System.GetTimestamp();
            using var answer = await client.GetAsync(new Uri($"{address}/fhir/Appointment/$find?{wish(new Dice(17, call))}"));
            var body = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
            times.Since(start);
            found += body.Split("\"proposed\"").Length - 1;
        }

        return (times, found);
    }

    private static List<(string Name, Func<Dice, string> Wish)> Wishes(int schedules, DateTimeOffset first, int days)
    {
        var window = $"start={first:yyyy-MM-dd}&end={first.AddDays(days - 1):yyyy-MM-dd}";
        return
        [
            ("all calendars", _ => window),
            ("all calendars, 10", _ => $"{window}&_count=10"),
            ("a specialty that all have", _ => $"{window}&specialty=urn:bench|all"),
            ("a specialty of one in ten", dice => $"{window}&specialty=urn:bench|{dice.Below(10)}"),
            ("one clinician", dice => $"{window}&practitioner=Practitioner/bench-{dice.Below(schedules)}"),
            ("one clinician, 500", dice => $"{window}&practitioner=Practitioner/bench-{dice.Below(schedules)}&_count=500"),
            ("one of three clinicians", dice => $"{window}&practitioner={string.Join(',', Enumerable.Range(0, 3).Select(_ => $"Practitioner/bench-{dice.Below(schedules)}"))}"),
            ("all calendars, a kind that nobody has", _ => $"{window}&visit-type=urn:bench|none"),
            ("all calendars, 4 weeks in a row", _ => $"{window}&occurrence-count=4"),
        ];
    }

    private static async Task<int> FillAsync(BenchStore store, int schedules, DateTimeOffset first, int days, int busy)
    {
        var resources = new List<string>();
        var appointments = new List<string>();
        for (var schedule = 0; schedule < schedules; schedule++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"bench-{schedule}");
            resources.Add($$"""{"resourceType":"Practitioner","id":"{{id}}","active":true,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/timezone","valueCode":"America/New_York"}],"name":[{"family":"Bench","given":["{{schedule}}"]}]}""");
            resources.Add($$"""{"resourceType":"Schedule","id":"{{id}}","active":true,"specialty":[{"coding":[{"system":"urn:bench","code":"all"},{"system":"urn:bench","code":"{{schedule % 10}}"}]}],"actor":[{"reference":"Practitioner/{{id}}"}]}""");
        }

        var count = 0;
        for (var day = 0; day < days; day++)
        {
            var at = first.AddDays(day);
            for (var schedule = 0; schedule < schedules && at.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday); schedule++)
            {
                for (var number = 0; number < SlotsPerDay; number++, count++)
                {
                    var id = string.Create(CultureInfo.InvariantCulture, $"bench-{schedule}-{day}-{number}");
                    var (start, end) = (at.AddHours(14).AddMinutes(30 * number), at.AddHours(14).AddMinutes(30 * (number + 1)));
                    var isTaken = new Dice((ulong)schedule, (day * SlotsPerDay) + number).Below(100) < busy;
                    var isBooked = isTaken && day < DaysOfAppointments;
                    resources.Add(string.Create(CultureInfo.InvariantCulture, $$"""{"resourceType":"Slot","id":"{{id}}","schedule":{"reference":"Schedule/bench-{{schedule}}"},"status":"{{(isTaken && !isBooked ? "busy" : "free")}}","serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],"start":"{{start:yyyy-MM-ddTHH:mm:ssZ}}","end":"{{end:yyyy-MM-ddTHH:mm:ssZ}}"}"""));
                    if (isBooked)
                    {
                        appointments.Add(string.Create(CultureInfo.InvariantCulture, $$"""{"resourceType":"Appointment","id":"{{id}}","status":"booked","slot":[{"reference":"Slot/{{id}}"}],"start":"{{start:yyyy-MM-ddTHH:mm:ssZ}}","end":"{{end:yyyy-MM-ddTHH:mm:ssZ}}","participant":[{"actor":{"reference":"Practitioner/bench-{{schedule}}"},"status":"accepted"}]}"""));
                    }
                }
            }
        }

        await StoreAsync(store, resources, PerCommit);
        await StoreAsync(store, appointments, 100);
        return count;
    }

    private static async Task StoreAsync(BenchStore store, List<string> resources, int each)
    {
        foreach (var some in resources.Chunk(each))
        {
            var changes = some.Select(json => Encoding.UTF8.GetBytes(json)).Select(bytes => (Resource: FhirJson.Parse(bytes), Bytes: bytes))
                .Select(one => new PutChange(new(one.Resource.TypeName, one.Resource.Id!), new ResourceContent(one.Resource, one.Bytes)));
            await store.Store.CommitAsync(BenchStore.Caller, new ChangeSet([.. changes], []), CancellationToken.None);
        }
    }
}
