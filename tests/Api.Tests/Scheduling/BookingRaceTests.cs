using System.Diagnostics;
using System.Net;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Many at once, by every way there is: a time is had once, and whoever comes too late is told so.</summary>
public abstract class BookingRaceTests(params TelehealthHost[] nodes)
{
    private const int Many = 50;

    private static readonly DateTimeOffset _day = new(2026, 6, 1, 14, 0, 0, TimeSpan.Zero);

    private TelehealthHost Host => nodes[0];

    [Fact]
    public async Task One_slot_is_had_once()
    {
        await Host.DayAsync("ra", _day, 1, patients: "found");
        var proposal = (await Host.GetAsync("/fhir/Appointment/$find?start=2026-06-01T00:00:00Z&end=2026-06-02T00:00:00Z&practitioner=Practitioner/ra&patient-reference=Patient/ra-found")).EntryIds.Single();

        var answers = await AtOnceAsync(i => WriteAsync(i, "ra", "ra-0", _day, proposal));

        OneWins(answers);
        Assert.Equal("busy", await Host.StatusOfAsync("Slot/ra-0"));
        var booked = (await Host.GetAsync("/fhir/Appointment?slot=Slot/ra-0")).EntryIds.Single();
        Assert.Single(await Host.VisitsAsync(booked));
    }

    [Fact]
    public async Task A_clinician_with_two_calendars_is_had_once()
    {
        await Host.DayAsync("rb", _day.AddDays(1), 1, patients: "");
        await Host.StoreAsync("PractitionerRole", "rb-role", """ "practitioner":{"reference":"Practitioner/rb"} """);
        await Host.StoreAsync("Schedule", "rb-two", """ "active":true,"actor":[{"reference":"PractitionerRole/rb-role"}] """);
        await Host.SlotAsync("rb-two", "rb-two-0", Text(_day.AddDays(1).AddMinutes(-15)), Text(_day.AddDays(1).AddMinutes(15)));

        var answers = await AtOnceAsync(i => i % 2 == 0
            ? WriteAsync(i / 2, "rb", "rb-0", _day.AddDays(1), null)
            : WriteAsync(i / 2, "rb2", "rb-two-0", _day.AddDays(1).AddMinutes(-15), null));

        OneWins(answers);
        string[] states = [await Host.StatusOfAsync("Slot/rb-0"), await Host.StatusOfAsync("Slot/rb-two-0")];
        Assert.Equal(["busy", "free"], states.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_group_has_as_many_seats_as_it_has()
    {
        const string Capacity = """ "extension":[{"url":"http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity","valueInteger":3}], """;
        await Host.DayAsync("rc", _day.AddDays(2), 2, Capacity, patients: "");

        var answers = await AtOnceAsync(i => WriteAsync(i, "rc", "rc-0", _day.AddDays(2), null));

        Assert.Equal(3, answers.Count(IsDone));
        Assert.All(answers.Where(answer => !IsDone(answer)), answer => answer.IsUnavailable());
        Assert.Equal("busy", await Host.StatusOfAsync("Slot/rc-0"));
        Assert.Equal(3, (await Host.GetAsync("/fhir/Appointment?slot=Slot/rc-0&_summary=count")).Json["total"]!.GetValue<int>());

        // Of three who hold, each can book, and who cancels leaves a seat.
        var held = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => Node(i).HoldAsync($"rc-h{i}", "rc-1")));
        (await Host.HoldAsync("rc-h3", "rc-1")).IsUnavailable();
        var booked = await Task.WhenAll(held.Select(answer => Host.BookHeldAsync(answer.Appointment().IdOf())));
        Assert.All(booked, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        await Host.CancelAsync(booked[1].Entries[0]!["resource"]!.IdOf());
        Assert.Equal("free", await Host.StatusOfAsync("Slot/rc-1"));
        var again = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Node(i).BookAsync($"rc-a{i}", "rc-1")));
        Assert.Single(again, IsDone);
        Assert.Equal("busy", await Host.StatusOfAsync("Slot/rc-1"));
    }

    [Fact]
    public async Task Holds_that_run_out_meanwhile_leave_each_slot_to_one()
    {
        await Host.DayAsync("rd", _day.AddDays(3), 8, patients: "");
        var held = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Node(i).HoldAsync($"rd-h{i}", $"rd-{i}")));
        var ids = held.Select(answer => answer.Appointment().IdOf()).ToList();

        // Before, while and after they run out: who holds, and five others for each.
        var answers = await AtOnceAsync(
            async i =>
            {
                if (i == 20)
                {
                    foreach (var node in nodes)
                    {
                        node.Advance(TimeSpan.FromMinutes(10));
                    }
                }

                return i % 6 == 0 ? (Slot: i / 6, Answer: await Node(i).BookHeldAsync(ids[i / 6]))
                    : (Slot: i / 6, Answer: await WriteAsync(i, $"rd{i}", $"rd-{i / 6}", _day.AddDays(3).AddMinutes(30 * (i / 6)), null));
            },
            48);

        for (var slot = 0; slot < 8; slot++)
        {
            var booked = (await Host.GetAsync($"/fhir/Appointment?slot=Slot/rd-{slot}&status=booked")).EntryIds.Count();
            Assert.Equal(booked, answers.Count(one => one.Slot == slot && IsDone(one.Answer)));
            Assert.True(booked <= 1);

            // Whether the job has been there that frees what ran out is its own affair.
            Assert.Contains(await Host.StatusOfAsync($"Slot/rd-{slot}"), booked == 1 ? ["busy"] : (string[])["busy-tentative", "free"]);
        }

        Assert.All(answers.Where(one => !IsDone(one.Answer)), one => Assert.Equal(409, one.Answer.Refused().Status));

        // What nobody took then is taken now.
        var late = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Node(i).BookAsync($"rd-l{i}", $"rd-{i}")));
        Assert.Equal(8, late.Count(IsDone) + answers.Count(one => IsDone(one.Answer)));
        Assert.Equal(8, (await Host.GetAsync($"/fhir/Appointment?slot={string.Join(',', Enumerable.Range(0, 8).Select(i => $"Slot/rd-{i}"))}&status=booked&_summary=count")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Several_who_are_needed_at_once_are_had_together_and_nobody_waits_for_ever()
    {
        string[] actors = ["re-x", "re-y", "re-z"];
        foreach (var actor in actors)
        {
            await Host.DayAsync(actor, _day.AddDays(4), 1, patients: "");
        }

        string[] orders = ["re-x-0 re-y-0", "re-y-0 re-z-0", "re-z-0 re-x-0", "re-y-0 re-x-0", "re-z-0 re-y-0 re-x-0"];
        var watch = Stopwatch.StartNew();

        var answers = await AtOnceAsync(i => Node(i).BookAsync($"re-p{i}", orders[i % orders.Length]));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
        OneWins(answers);
        var booked = (await Host.GetAsync("/fhir/Appointment?status=booked&slot=Slot/re-x-0,Slot/re-y-0,Slot/re-z-0")).Entries.Single()!["resource"]!;
        Assert.Equal(booked["slot"]!.AsArray().Count, (await Host.GetAsync("/fhir/Slot?_id=re-x-0,re-y-0,re-z-0&status=busy&_summary=count")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Giving_up_and_moving_at_once_leaves_one_truth()
    {
        await Host.DayAsync("rf", _day.AddDays(5), 12, patients: "amy");
        var booked = (await Host.BookAsync("rf-amy", "rf-0")).Appointment(HttpStatusCode.Created).IdOf();

        var answers = await AtOnceAsync(
            i => i % 3 == 2 ? Node(i).CancelAsync(booked) : Node(i).MoveAsync(booked, "W/\"1\"", $"rf-{1 + (i % 11)}"), 30);

        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => Assert.Contains(answer.Refused().Status, (int[])[409, 412]));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK && answer.Json.Status() == "cancelled");
        Assert.InRange(answers.Count(answer => answer.Status == HttpStatusCode.OK && answer.Json.Status() == "booked"), 0, 1);
        Assert.Equal("cancelled", await Host.StatusOfAsync($"Appointment/{booked}"));
        Assert.Equal(12, (await Host.GetAsync("/fhir/Slot?schedule=Schedule/rf&status=free&_summary=count")).Json["total"]!.GetValue<int>());
        Assert.Equal("cancelled", Assert.Single(await Host.VisitsAsync(booked)).Status());
    }

    [Fact]
    public async Task Moves_of_several_to_one_time_move_one()
    {
        await Host.DayAsync("rg", _day.AddDays(6), 11, patients: "");
        var booked = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Node(i).BookAsync($"rg-p{i}", $"rg-{i}")));

        var answers = await AtOnceAsync(i => Node(i).MoveAsync(booked[i].Appointment(HttpStatusCode.Created).IdOf(), "W/\"1\"", "rg-10"), 10);

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), answer => answer.IsUnavailable());
        Assert.Equal(10, (await Host.GetAsync("/fhir/Slot?schedule=Schedule/rg&status=busy&_summary=count")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task Blocking_and_booking_at_once_is_one_or_the_other()
    {
        await Host.DayAsync("rh", _day.AddDays(7), 10, patients: "");

        var answers = await AtOnceAsync(
            i => i % 2 == 0
                ? Node(i).BookAsync($"rh-p{i}", $"rh-{i / 2}")
                : Node(i).PatchAsync($"/fhir/Slot/rh-{i / 2}", """[{"op":"replace","path":"/status","value":"busy-unavailable"}]"""),
            20);

        for (var i = 0; i < 10; i++)
        {
            var (book, block) = (answers[2 * i], answers[(2 * i) + 1]);
            Assert.True(IsDone(book) ^ IsDone(block), $"{book.Status} {book.Body}\n{block.Status} {block.Body}");
            Assert.Equal(IsDone(book) ? "busy" : "busy-unavailable", await Host.StatusOfAsync($"Slot/rh-{i}"));
        }
    }

    private TelehealthHost Node(int i) => nodes[i / 7 % nodes.Length];

    /// <summary>The same wish, each time by another way and for another patient.</summary>
    private Task<Answer> WriteAsync(int i, string name, string slot, DateTimeOffset start, string? proposal)
    {
        var (id, patient) = ($"{name}-{slot}-{i}", $"{name}-p{i}");
        var booked = Booked(id, patient, slot, Text(start), Text(start.AddMinutes(30)));
        return (i % 5) switch
        {
            0 when proposal is not null => Node(i).DoAsync("$book", Parameters(Reference("appointment-reference", $"Appointment/{proposal}"))),
            0 or 1 => Node(i).BookAsync(patient, slot),
            2 => Node(i).PostAsync("/fhir/Appointment", booked),
            3 => Node(i).PostAsync("/fhir", $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Appointment"},"resource":{{{booked}}}}]}"""),
            _ => Node(i).PutAsync($"/fhir/Appointment/{id}", booked),
        };
    }

    private static Task<T[]> AtOnceAsync<T>(Func<int, Task<T>> askAsync, int count = Many) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => askAsync(i))));

    private static bool IsDone(Answer answer) => answer.Status is HttpStatusCode.OK or HttpStatusCode.Created;

    private static void OneWins(IReadOnlyCollection<Answer> answers)
    {
        Assert.Single(answers, IsDone);
        Assert.All(answers.Where(answer => !IsDone(answer)), answer => answer.IsUnavailable());
    }
}

public sealed class BookingRaceOnSqliteTests(SqliteFindHost host) : BookingRaceTests(host), IClassFixture<SqliteFindHost>;

public sealed class BookingRaceOnPostgreSqlTests(PostgreSqlFindHost host) : BookingRaceTests(host), IClassFixture<PostgreSqlFindHost>;

public sealed class BookingRaceOnTwoNodesTests(TwoNodes nodes) : BookingRaceTests(nodes, nodes.Second), IClassFixture<TwoNodes>;

/// <summary>Two servers on one PostgreSQL database, on which it is <see cref="FindClock.Start"/> when they start.</summary>
public sealed class TwoNodes() : PostgreSqlHost(FindClock.Set)
{
    public TelehealthHost Second { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();

        // The first makes the tables.
        await GetAsync("/fhir/metadata");
        Second = await TelehealthHost.StartAsync(builder =>
        {
            builder.UseSetting("Database:Provider", "PostgreSql").UseSetting("ConnectionStrings:TeleFhir", Database);
            FindClock.Set(builder);
        });
    }

    public override async ValueTask DisposeAsync()
    {
        await Second.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
