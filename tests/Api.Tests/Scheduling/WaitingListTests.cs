using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Scheduling.Jobs;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Who waits is offered what becomes free, one after the other.</summary>
public abstract class WaitingListTests(TelehealthHost host)
{
    private static int _settled;

    private readonly Dictionary<string, DateTime> _days = [];

    private DeskSinks Sinks => ((IDeskHost)host).Sinks;

    [Fact]
    public async Task What_is_cancelled_is_offered_to_the_most_urgent_and_then_to_the_next()
    {
        var booked = await TakenAsync("wla", patients: "amy ben cat");
        await host.PatientAsync("wla-ben", "wla-ben@example.org");
        await WaitAsync("wla-a", "wla-amy", """ "priority":5, """, "Practitioner/wla");
        await WaitAsync("wla-b", "wla-ben", """ "priority":1, """, "Practitioner/wla");
        await WaitAsync("wla-c", "wla-cat", """ "priority":1, """, "Practitioner/somebody-else");

        await host.CancelAsync(booked);

        var offer = await UntilAsync("wla-b", "pending");
        Assert.Equal("Slot/wla-0", offer["slot"]![0]!["reference"]!.GetValue<string>());
        var expires = offer["extension"]!.AsArray().Single(one => one!["url"]!.GetValue<string>().EndsWith("hold-expires", StringComparison.Ordinal))!["valueInstant"]!.GetValue<DateTimeOffset>();
        Assert.InRange(expires - host.Now(), TimeSpan.FromMinutes(25), TimeSpan.FromMinutes(31));
        Assert.Equal(("busy-tentative", "waitlist", "waitlist"), (await host.StatusOfAsync("Slot/wla-0"), await host.StatusOfAsync("Appointment/wla-a"), await host.StatusOfAsync("Appointment/wla-c")));
        (await host.BookAsync("wla-cat", "wla-0")).IsUnavailable();
        await Eventually.TrueAsync(() => Task.FromResult(Sinks.Mail.Messages.Any(message => message.Contains("wla-ben@example.org", StringComparison.Ordinal))));
        var mail = Sinks.Mail.Messages.Single(message => message.Contains("wla-ben@example.org", StringComparison.Ordinal));
        Assert.Contains("Subject: A time has become free", mail, StringComparison.Ordinal);
        Assert.DoesNotContain("Secretname", mail, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Task.FromResult(
            Sinks.Webhook.Received.Any(one => one["type"]!.GetValue<string>() == "appointment-offer" && one["recipient"]!.GetValue<string>() == "Patient/wla-ben")));

        // It is not taken up: the next one is asked, and the first waits on for another time.
        host.Advance(TimeSpan.FromMinutes(32));
        await host.Services.GetRequiredService<RunOutHolds>().RunAsync(TestContext.Current.CancellationToken);
        var next = await UntilAsync("wla-a", "pending");
        Assert.Equal("Slot/wla-0", next["slot"]![0]!["reference"]!.GetValue<string>());
        var waits = (await host.GetAsync("/fhir/Appointment/wla-b")).Json;
        Assert.Equal(("waitlist", false, false), (waits.Status(), waits.AsObject().ContainsKey("slot"), waits.AsObject().ContainsKey("contained")));

        var confirmed = (await host.BookHeldAsync("wla-a")).Appointment(HttpStatusCode.Created);
        Assert.Equal(("booked", "wla-a"), (confirmed.Status(), confirmed.IdOf()));
        Assert.DoesNotContain("waitlist", confirmed.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("busy", await host.StatusOfAsync("Slot/wla-0"));
        Assert.Single(await host.VisitsAsync("wla-a"));

        // What becomes free again goes to nobody who has had it.
        await host.CancelAsync("wla-a");
        await SettledAsync();
        Assert.Equal(("free", "waitlist"), (await host.StatusOfAsync("Slot/wla-0"), await host.StatusOfAsync("Appointment/wla-b")));
    }

    [Fact]
    public async Task However_a_slot_becomes_free_it_is_offered()
    {
        var booked = await TakenAsync("wlb", slots: 4);
        await WaitAsync("wlb-w", "wlb-ben", "", "Practitioner/wlb");
        var version = (await host.GetAsync($"/fhir/Appointment/{booked}")).Json.VersionOf();

        (await host.MoveAsync(booked, version, "wlb-1")).Appointment();
        Assert.Equal("Slot/wlb-0", (await UntilAsync("wlb-w", "pending"))["slot"]![0]!["reference"]!.GetValue<string>());

        // Who does not want it cancels, and waits no more.
        await host.CancelAsync("wlb-w");
        await SettledAsync();
        await WaitAsync("wlb-x", "wlb-cat", "", "Practitioner/wlb");
        var held = (await host.HoldAsync("wlb-amy", "wlb-2")).Appointment().IdOf();
        Assert.Equal("waitlist", await host.StatusOfAsync("Appointment/wlb-x"));
        host.Advance(TimeSpan.FromMinutes(11));
        await host.Services.GetRequiredService<RunOutHolds>().RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal("Slot/wlb-2", (await UntilAsync("wlb-x", "pending"))["slot"]![0]!["reference"]!.GetValue<string>());
        Assert.Equal("cancelled", await host.StatusOfAsync($"Appointment/{held}"));

        // A block that is lifted is a time too, and a plain write frees like an operation.
        await host.ChangeAsync("Slot/wlb-3", slot => slot["status"] = "busy-unavailable");
        await WaitAsync("wlb-y", "wlb-dan", """ "minutesDuration":30, """, "Practitioner/wlb");
        await host.ChangeAsync("Slot/wlb-3", slot => slot["status"] = "free");
        Assert.Equal("Slot/wlb-3", (await UntilAsync("wlb-y", "pending"))["slot"]![0]!["reference"]!.GetValue<string>());
    }

    [Fact]
    public async Task Who_cannot_come_is_passed_over()
    {
        var booked = await TakenAsync("wlc");
        await host.CalendarAsync("wlc-two");
        await host.SlotAsync("wlc-two", "wlc-two", At("wlc", 0), At("wlc", 1));
        (await host.BookAsync("wlc-ben", "wlc-two")).Appointment(HttpStatusCode.Created);
        await WaitAsync("wlc-b", "wlc-ben", """ "priority":1, """, "Practitioner/wlc");
        await WaitAsync("wlc-c", "wlc-cat", "", "Practitioner/wlc");

        await host.CancelAsync(booked);

        await UntilAsync("wlc-c", "pending");
        Assert.Equal("waitlist", await host.StatusOfAsync("Appointment/wlc-b"));
    }

    [Fact]
    public async Task A_client_neither_makes_an_offer_nor_ends_one_nor_prolongs_it()
    {
        var booked = await TakenAsync("wld");
        await WaitAsync("wld-w", "wld-ben", "", "Practitioner/wld");
        var waiting = (await host.GetAsync("/fhir/Appointment/wld-w")).Json;
        waiting["status"] = "pending";
        await host.CancelAsync(booked);
        var offer = await UntilAsync("wld-w", "pending");

        var back = offer.DeepClone();
        back["status"] = "waitlist";
        Assert.Equal((409, "invalid-transition"), (await host.PutAsync("/fhir/Appointment/wld-w", back.ToJsonString())).Refused());
        var longer = offer.DeepClone();
        longer["extension"]!.AsArray().Single(one => one!["url"]!.GetValue<string>().EndsWith("hold-expires", StringComparison.Ordinal))!["valueInstant"] = Text(host.Now().AddDays(1));
        await host.PutAsync("/fhir/Appointment/wld-w", longer.ToJsonString());
        Assert.Equal(
            offer["extension"]!.ToJsonString(), (await host.GetAsync("/fhir/Appointment/wld-w")).Json["extension"]!.ToJsonString());
    }

    [Fact]
    public async Task Each_slot_is_offered_once_though_all_servers_are_told_of_it()
    {
        const int Free = 3;
        const int Waiting = 8;
        var options = host.Services.GetRequiredService<TeleFhirOptions>();
        await using var second = await TelehealthHost.StartAsync(builder =>
        {
            Sinks.Set(builder);
            builder.UseSetting("Database:Provider", options.Database.Provider).UseSetting("ConnectionStrings:TeleFhir", options.ConnectionStrings.TeleFhir);
        });
        second.Advance(host.Now() - second.Now());
        var booked = new List<string> { await TakenAsync("wle", Free, "") };
        foreach (var slot in Enumerable.Range(1, Free - 1))
        {
            booked.Add((await host.BookAsync("wle-first", $"wle-{slot}")).Appointment(HttpStatusCode.Created).IdOf());
        }

        foreach (var patient in Enumerable.Range(0, Waiting))
        {
            await host.StoreAsync("Patient", $"wle-p{patient}", "\"active\":true");
            await WaitAsync($"wle-w{patient}", $"wle-p{patient}", "", "Practitioner/wle");
        }

        await Task.WhenAll(booked.Select(id => host.CancelAsync(id)));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(n => TellAsync(n % 2 == 0 ? host : second, $"wle-{n % Free}")));

        await Eventually.TrueAsync(async () => (await OffersAsync()).Count >= Free);
        await SettledAsync();
        var offers = await OffersAsync();
        Assert.Equal(["Slot/wle-0", "Slot/wle-1", "Slot/wle-2"], offers.Order(StringComparer.Ordinal));

        async Task<List<string>> OffersAsync() =>
        [
            .. (await host.GetAsync("/fhir/Appointment?status=pending&practitioner=Practitioner/wle")).Entries
                .Select(entry => entry!["resource"]!["slot"]![0]!["reference"]!.GetValue<string>()),
        ];
    }

    /// <summary>Tells a server's follower of the change that freed a Slot.</summary>
    private static async Task TellAsync(TelehealthHost server, string slot)
    {
        var store = server.Services.GetRequiredService<IResourceStore>();
        var caller = Caller.System("test");
        var freed = (await store.ReadAsync(caller, new ResourceKey("Slot", slot, 3), TestContext.Current.CancellationToken))!;
        var taken = await store.ReadAsync(caller, new ResourceKey("Slot", slot, 2), TestContext.Current.CancellationToken);
        await server.Services.GetServices<IChangeFollower>().Single(follower => follower.Name == "waiting list")
            .FollowAsync([new CommittedChange(1, "", freed, taken)], TestContext.Current.CancellationToken);
    }

    /// <summary>A clinician whose first Slot is booked, far enough ahead, and patients; the id of the booking.</summary>
    private async Task<string> TakenAsync(string id, int slots = 1, string patients = "amy ben cat dan")
    {
        _days.TryAdd(id, host.Now().UtcDateTime.Date.AddDays(20 + _days.Count));
        await host.DayAsync(id, DateTimeOffset.Parse(At(id, 0), null), slots, $"\"serviceType\":[{Video}],", patients);
        await host.StoreAsync("Patient", $"{id}-first", "\"active\":true");
        return (await host.BookAsync($"{id}-first", $"{id}-0")).Appointment(HttpStatusCode.Created).IdOf();
    }

    private string At(string id, int half) => Text(new DateTimeOffset(_days[id], TimeSpan.Zero).AddHours(14).AddMinutes(30 * half));

    private Task WaitAsync(string id, string patient, string more, string clinician) => host.StoreAsync("Appointment", id, $$"""
        "status":"waitlist",{{more}}"participant":[{"actor":{"reference":"Patient/{{patient}}"},"status":"accepted"},
          {"actor":{"reference":"{{clinician}}"},"status":"needs-action"}]
        """);

    private async Task<JsonNode> UntilAsync(string id, string status)
    {
        await Eventually.TrueAsync(async () => await host.StatusOfAsync($"Appointment/{id}") == status);
        return (await host.GetAsync($"/fhir/Appointment/{id}")).Json;
    }

    /// <summary>Until the feed has told of all that was before: what is offered to a later one is known then.</summary>
    private async Task SettledAsync()
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"wls{Interlocked.Increment(ref _settled)}");
        var booked = await TakenAsync(id);
        await WaitAsync($"{id}-w", $"{id}-ben", "", $"Practitioner/{id}");
        await host.CancelAsync(booked);
        await UntilAsync($"{id}-w", "pending");
    }
}

/// <inheritdoc />
public sealed class WaitingListOnSqliteTests(SqliteDeskHost host) : WaitingListTests(host), IClassFixture<SqliteDeskHost>;

/// <inheritdoc />
public sealed class WaitingListOnPostgreSqlTests(PostgreSqlDeskHost host) : WaitingListTests(host), IClassFixture<PostgreSqlDeskHost>;
