using System.Net;
using Hl7.Fhir.Model;
using Microsoft.Extensions.Time.Testing;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Plain writes of Appointments, Slots and Encounters: what they bring with them, and what they may not.</summary>
public sealed class VisitRulesTests
{
    private static readonly DateTimeOffset _today = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly Caller _staff = Caller.Client("ehr") with { Scopes = SmartScope.ParseAll("system/*.cruds") };

    private readonly FakeTimeProvider _clock = new(_today);

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_booked_appointment_takes_its_slot_and_plans_its_visit(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);

        var results = (await WriteAsync(store, Booked("a", "s1"))).Results;

        Assert.Equal(ChangeOutcome.Created, results[0].Outcome);
        Assert.Equal(3, results.Length);
        Assert.Equal("busy", await SlotAsync(store, "s1"));
        var visit = Assert.Single((await store.SearchAsync("Encounter?appointment=Appointment/a")).Matches);
        var encounter = Parse<Encounter>(visit);
        Assert.Equal((Encounter.EncounterStatus.Planned, "VR", "Patient/amy"), (encounter.Status, encounter.Class?.Code, encounter.Subject?.Reference));
        var address = VirtualServiceDetail.Of(Parse<Appointment>((await store.ReadAsync("Appointment/a"))!)).Single().Address;
        Assert.Equal($"https://fhir.example.org/visit/{visit.Key.Id}", address);
        Assert.Equal(address, VirtualServiceDetail.Of(encounter).Single().Address);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_slot_is_had_once_and_a_clinician_is_in_one_place(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await WriteAsync(store, Booked("a", "s1"));

        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("b", "s1", patient: "ben")));

        // Another calendar of the same clinician, and none at all.
        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("b", "t1", patient: "ben")));
        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("b", null, patient: "ben")));
        Assert.Equal("patient-overlap", await RefusedAsync(store, HttpStatusCode.UnprocessableEntity, Booked("b", "u1", practitioner: "okoye")));
        await WriteAsync(store, Booked("b", "s2", patient: "ben"));
        Assert.Equal("free", await SlotAsync(store, "t1"));
        Assert.Null(await store.ReadAsync("Appointment/c"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_cancelled_appointment_gives_its_time_back_and_its_visit_up(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await WriteAsync(store, Booked("a", "s1"));
        var stored = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        stored.Status = Appointment.AppointmentStatus.Cancelled;

        await WriteAsync(store, stored);

        Assert.Equal("free", await SlotAsync(store, "s1"));
        var visit = Parse<Encounter>((await store.SearchAsync("Encounter?appointment=Appointment/a")).Matches.Single());
        Assert.Equal(Encounter.EncounterStatus.Cancelled, visit.Status);
        Assert.Equal(Encounter.EncounterStatus.Planned, visit.StatusHistory.Single().Status);
        var cancelled = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        Assert.NotNull(cancelled.GetExtension(BookingRules.CancellationDateUrl));
        Assert.Equal(BookingRules.LateCancelTag, cancelled.Meta!.Tag.Single().Code);
        await WriteAsync(store, Booked("b", "s1", patient: "ben"));
        Assert.Equal("invalid-transition", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("a", "s2")));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_deleted_appointment_gives_its_time_back(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await WriteAsync(store, Booked("a", "s1"));

        await store.CommitAsync(new DeleteChange(new ResourceKey("Appointment", "a")));

        Assert.Equal("free", await SlotAsync(store, "s1"));
        await WriteAsync(store, Booked("b", "s1", patient: "ben"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_appointment_moves_with_its_visit(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await WriteAsync(store, Booked("a", "s1"));
        var moved = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        (moved.Slot[0], moved.Start, moved.End) = (new ResourceReference("Slot/s2"), _today.AddHours(2), _today.AddHours(2.5));

        await WriteAsync(store, moved);

        Assert.Equal(("free", "busy"), (await SlotAsync(store, "s1"), await SlotAsync(store, "s2")));
        var visit = Parse<Encounter>((await store.SearchAsync("Encounter?appointment=Appointment/a")).Matches.Single());
        Assert.Equal("2026-11-02T11:00:00Z", ((FhirDateTime)visit.GetExtension(TelehealthVisit.PlannedStartUrl)!.Value!).Value);
        await WriteAsync(store, Booked("b", "s1", patient: "ben"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Slots_are_busy_and_free_through_appointments_alone(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        Assert.Equal("invalid-transition", await RefusedAsync(store, HttpStatusCode.Conflict, SlotOf("s2", "lee", 2, Slot.SlotStatus.Busy)));
        await WriteAsync(store, Booked("a", "s1"));

        Assert.Equal("slot-in-use", await RefusedAsync(store, HttpStatusCode.Conflict, SlotOf("s1", "lee", 1, Slot.SlotStatus.Free)));
        var deletion = await Assert.ThrowsAsync<FhirException>(() => store.CommitAsync(new DeleteChange(new ResourceKey("Slot", "s1"))));
        Assert.Equal("slot-in-use", CodeOf(deletion));

        // A block takes the clinician's time in every calendar, and is refused where somebody has it.
        Assert.Equal("slot-in-use", await RefusedAsync(store, HttpStatusCode.Conflict, SlotOf("t1", "lee-two", 1, Slot.SlotStatus.BusyUnavailable)));
        await WriteAsync(store, SlotOf("t2", "lee-two", 2, Slot.SlotStatus.BusyUnavailable));
        await WriteAsync(store, SlotOf("s2", "lee", 2, Slot.SlotStatus.BusyUnavailable));
        await WriteAsync(store, SlotOf("s2", "lee", 2, Slot.SlotStatus.Free));
        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("b", "s2", patient: "ben")));
        await WriteAsync(store, SlotOf("t2", "lee-two", 2, Slot.SlotStatus.Free));
        await WriteAsync(store, Booked("b", "s2", patient: "ben"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task One_change_set_may_say_of_a_slot_what_its_appointment_says(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);

        Assert.Equal("slot-in-use", await RefusedAsync(store, HttpStatusCode.Conflict, SlotOf("s1", "lee", 1, Slot.SlotStatus.BusyTentative), Booked("a", "s1")));
        await WriteAsync(store, SlotOf("s1", "lee", 1, Slot.SlotStatus.Busy), Booked("a", "s1"));

        Assert.Equal("busy", await SlotAsync(store, "s1"));
        var cancelled = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        cancelled.Status = Appointment.AppointmentStatus.Cancelled;
        await WriteAsync(store, cancelled, SlotOf("s1", "lee", 1, Slot.SlotStatus.Free));
        Assert.Equal("free", await SlotAsync(store, "s1"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_hold_ends_when_it_runs_out(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        Assert.Equal("invalid-transition", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("a", "s1", Appointment.AppointmentStatus.Pending)));
        await HoldAsync(store, Booked("a", "s1", Appointment.AppointmentStatus.Pending));
        Assert.Equal("busy-tentative", await SlotAsync(store, "s1"));
        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("b", "s1", patient: "ben")));

        _clock.Advance(TimeSpan.FromMinutes(10));
        await WriteAsync(store, Booked("b", "s1", patient: "ben"));

        Assert.Equal("busy", await SlotAsync(store, "s1"));
        var held = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        Assert.Equal((Appointment.AppointmentStatus.Cancelled, "hold-expired"), (held.Status, held.CancelationReason!.Coding[0].Code));
        held.Status = Appointment.AppointmentStatus.Booked;
        Assert.Equal("invalid-transition", await RefusedAsync(store, HttpStatusCode.Conflict, held));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_group_has_as_many_seats_as_it_says(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        var group = SlotOf("g", "lee", 3, Slot.SlotStatus.Free);
        group.AddExtension("http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity", new Integer(3));
        await WriteAsync(store, group);
        foreach (var patient in (string[])["p1", "p2"])
        {
            await WriteAsync(store, Booked(patient, "g", patient: patient));
            Assert.Equal("free", await SlotAsync(store, "g"));
        }

        await WriteAsync(store, Booked("p3", "g", patient: "p3"));
        Assert.Equal("busy", await SlotAsync(store, "g"));
        Assert.Equal("slot-unavailable", await RefusedAsync(store, HttpStatusCode.Conflict, Booked("p4", "g", patient: "p4")));
        await store.CommitAsync(new DeleteChange(new ResourceKey("Appointment", "p2")));
        await WriteAsync(store, Booked("p4", "g", patient: "p4"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_checked_in_patient_arrives(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        var inPerson = Booked("a", "s1");
        inPerson.ServiceType = [];
        await WriteAsync(store, inPerson);
        Assert.Empty((await store.SearchAsync("Encounter?appointment=Appointment/a")).Matches);
        var there = Parse<Appointment>((await store.ReadAsync("Appointment/a"))!);
        there.Status = Appointment.AppointmentStatus.CheckedIn;

        await WriteAsync(store, there);
        await WriteAsync(store, there);

        var visit = Parse<Encounter>((await store.SearchAsync("Encounter?appointment=Appointment/a")).Matches.Single());
        Assert.Equal((Encounter.EncounterStatus.Arrived, "AMB"), (visit.Status, visit.Class?.Code));
        Assert.Equal("encounter-exists", await RefusedAsync(store, HttpStatusCode.Conflict, new Encounter
        {
            Id = "second",
            Status = Encounter.EncounterStatus.Planned,
            Class = TelehealthVisit.Virtual,
            Subject = new ResourceReference("Patient/amy"),
            Appointment = [new ResourceReference("Appointment/a")],
        }));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task The_server_keeps_the_history_of_a_visit(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        var visit = new Encounter
        {
            Id = "e",
            Status = Encounter.EncounterStatus.Planned,
            Class = TelehealthVisit.InPerson,
            Subject = new ResourceReference("Patient/amy"),
            StatusHistory = [new() { Status = Encounter.EncounterStatus.Arrived, Period = new Period { Start = "2026-01-01", End = "2026-01-01" } }],
        };
        await WriteAsync(store, visit);
        Assert.Empty(Parse<Encounter>((await store.ReadAsync("Encounter/e"))!).StatusHistory);
        visit.StatusHistory = [];
        _clock.Advance(TimeSpan.FromHours(1));

        (visit.Status, visit.Class) = (Encounter.EncounterStatus.InProgress, TelehealthVisit.Virtual);
        await WriteAsync(store, visit);
        await WriteAsync(store, visit);

        var stored = Parse<Encounter>((await store.ReadAsync("Encounter/e"))!);
        Assert.Equal("2", stored.Meta!.VersionId);
        var was = Assert.Single(stored.StatusHistory);
        Assert.Equal((Encounter.EncounterStatus.Planned, "2026-11-02T09:00:00Z", "2026-11-02T10:00:00Z"), (was.Status, was.Period?.Start, was.Period?.End));
        Assert.Equal("AMB", Assert.Single(stored.ClassHistory).Class?.Code);
        Assert.Equal("2026-11-02T10:00:00Z", stored.Period?.Start);
        stored.StatusHistory[0].Period!.Start = "2026-11-01T00:00:00Z";
        Assert.Equal("history-immutable", await RefusedAsync(store, HttpStatusCode.UnprocessableEntity, stored));
        visit.Status = Encounter.EncounterStatus.Arrived;
        Assert.Equal("invalid-transition", await RefusedAsync(store, HttpStatusCode.Conflict, visit));
        visit.Class = new Coding("http://hl7.org/fhir/v3/ActCode", "AMB");
        Assert.Equal("class-system", await RefusedAsync(store, HttpStatusCode.UnprocessableEntity, visit));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_is_past_is_brought_in_as_it_was(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        foreach (var status in Enum.GetValues<Appointment.AppointmentStatus>())
        {
            var past = Booked($"past-{(int)status}", null, status);
            (past.Start, past.End) = (_today.AddDays(-1), _today.AddDays(-1).AddMinutes(30));
            past.CancelationReason = null;
            await WriteAsync(store, past);
        }

        Assert.Empty((await store.SearchAsync("Encounter?appointment:missing=false")).Matches);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_session_key_is_never_stored(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        var appointment = Booked("a", "s1");
        var service = new VirtualServiceDetail { Address = "https://fhir.example.org/visit/x" }.ToExtension("Appointment");
        service.Extension.Add(new Extension("sessionKey", new FhirString("open-sesame")));
        appointment.Extension.Add(service);

        await WriteAsync(store, appointment);

        var versions = (await store.SearchAsync("?_type=Appointment,Encounter")).Matches;
        Assert.Equal(2, versions.Length);
        Assert.DoesNotContain(versions, version => System.Text.Encoding.UTF8.GetString(version.Json.Span).Contains("open-sesame", StringComparison.Ordinal));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_who_take_one_time_one_has_it(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await using var second = store.Second(_clock);
        var free = SlotOf("g", "lee", 3, Slot.SlotStatus.Free);
        free.AddExtension("http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity", new Integer(3));
        await WriteAsync(store, free);

        Task<bool> Try(int n, string? slot, string practitioner = "lee") => TryAsync(n % 2 == 0 ? store : second, Booked($"{slot}{practitioner}{n}", slot, patient: $"p{n}{slot}{practitioner}", practitioner: practitioner));
        var slots = await Task.WhenAll(Enumerable.Range(0, 50).Select(n => Try(n, n % 5 == 0 ? "t1" : n % 7 == 0 ? null : "s1")));
        var seats = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => Try(n, "g")));

        Assert.Equal(1, slots.Count(won => won));
        Assert.Equal(3, seats.Count(won => won));
        Assert.Equal("busy", await SlotAsync(store, "g"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_hold_that_ran_out_falls_to_one(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await using var second = store.Second(_clock);
        await HoldAsync(store, Booked("held", "s1", Appointment.AppointmentStatus.Pending));
        _clock.Advance(TimeSpan.FromMinutes(11));

        var won = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => n == 7
            ? TryAsync(store, Booked("held", "s1"))
            : TryAsync(n % 2 == 0 ? store : second, Booked($"b{n}", "s1", patient: $"p{n}"))));

        Assert.Equal(1, won.Count(one => one));
        Assert.Equal("busy", await SlotAsync(store, "s1"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Two_who_need_the_same_people_do_not_wait_for_each_other(DatabaseProvider provider)
    {
        await using var store = await CalendarAsync(provider);
        await using var second = store.Second(_clock);
        var won = await Task.WhenAll(Enumerable.Range(0, 30).Select(n =>
        {
            var appointment = Booked($"m{n}", null, patient: $"p{n}");
            string[] others = n % 2 == 0 ? ["okoye", "room"] : ["room", "okoye"];
            appointment.Participant.AddRange(others.Select(other => new Appointment.ParticipantComponent
            {
                Actor = new ResourceReference(other == "room" ? "Location/room" : $"Practitioner/{other}"),
                Status = ParticipationStatus.Accepted,
            }));
            if (n % 2 == 0)
            {
                appointment.Participant.Reverse();
            }

            return TryAsync(n % 3 == 0 ? store : second, appointment);
        }));

        Assert.Equal(1, won.Count(one => one));
    }

    private async Task<TestStore> CalendarAsync(DatabaseProvider provider)
    {
        var store = await TestStore.CreateAsync(provider, clock: _clock);
        await WriteAsync(
            store,
            ScheduleOf("lee", "Practitioner/lee"),
            ScheduleOf("lee-two", "PractitionerRole/lee"),
            ScheduleOf("okoye", "Practitioner/okoye"),
            new PractitionerRole { Id = "lee", Practitioner = new ResourceReference("Practitioner/lee") },
            SlotOf("s1", "lee", 1, Slot.SlotStatus.Free),
            SlotOf("s2", "lee", 2, Slot.SlotStatus.Free),
            SlotOf("t1", "lee-two", 1, Slot.SlotStatus.Free),
            SlotOf("t2", "lee-two", 2, Slot.SlotStatus.Free),
            SlotOf("u1", "okoye", 1, Slot.SlotStatus.Free));
        return store;
    }

    private static Schedule ScheduleOf(string id, string actor) => new() { Id = id, Actor = [new ResourceReference(actor)] };

    private static Slot SlotOf(string id, string schedule, int hour, Slot.SlotStatus status) => new()
    {
        Id = id,
        Schedule = new ResourceReference($"Schedule/{schedule}"),
        Status = status,
        Start = _today.AddHours(hour),
        End = _today.AddHours(hour + 0.5),
    };

    private static Appointment Booked(
        string id, string? slot, Appointment.AppointmentStatus status = Appointment.AppointmentStatus.Booked, string patient = "amy", string practitioner = "lee")
    {
        var hour = slot is "s2" or "t2" ? 2 : slot == "g" ? 3 : 1;
        return new Appointment
        {
            Id = id,
            Status = status,
            ServiceType = [TelehealthVisit.ServiceType],
            Start = _today.AddHours(hour),
            End = _today.AddHours(hour + 0.5),
            Slot = slot is null ? [] : [new ResourceReference($"Slot/{slot}")],
            Participant =
            [
                new() { Actor = new ResourceReference($"Patient/{patient}"), Status = ParticipationStatus.Accepted },
                new() { Actor = new ResourceReference($"Practitioner/{practitioner}"), Status = ParticipationStatus.Accepted },
            ],
        };
    }

    private static Task<CommitResult> WriteAsync(TestStore store, params Resource[] resources) =>
        store.Store.CommitAsync(_staff, new ChangeSet([.. resources.Select(Put)], []), TestContext.Current.CancellationToken);

    private static Task<CommitResult> HoldAsync(TestStore store, Appointment appointment) => store.Store.CommitAsync(
        _staff, ChangeSet.Of(Put(appointment)) with { IsOperation = true }, TestContext.Current.CancellationToken);

    private static PutChange Put(Resource resource) =>
        new(new ResourceKey(resource.TypeName, resource.Id!), new ResourceContent((Resource)resource.DeepCopy(), FhirJson.Serialize(resource)));

    private static async Task<string?> RefusedAsync(TestStore store, HttpStatusCode status, params Resource[] resources)
    {
        var refusal = await Assert.ThrowsAsync<FhirException>(() => WriteAsync(store, resources));
        Assert.Equal(status, refusal.Status);
        return CodeOf(refusal);
    }

    private static async Task<bool> TryAsync(TestStore store, Appointment appointment)
    {
        try
        {
            await WriteAsync(store, appointment);
            return true;
        }
        catch (FhirException refusal) when (refusal.Status == HttpStatusCode.Conflict)
        {
            return false;
        }
    }

    private static string? CodeOf(FhirException refusal) => refusal.Outcome.Issue[0].Details?.Coding[0].Code;

    private static async Task<string?> SlotAsync(TestStore store, string id) =>
        Hl7.Fhir.Utility.EnumUtility.GetLiteral(Parse<Slot>((await store.ReadAsync($"Slot/{id}"))!).Status);

    private static T Parse<T>(StoredResource stored)
        where T : Resource => (T)FhirJson.Parse(stored.Json);
}
