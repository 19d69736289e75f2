using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>What a patient's own app may do, and what it cannot see of others.</summary>
public abstract class PatientBookingTests(TokenHost host)
{
    private static readonly DateTimeOffset _day = new(2091, 6, 1, 14, 0, 0, TimeSpan.Zero);

    private TelehealthHost Server => host.Server;

    [Fact]
    public async Task A_patient_books_with_no_more_than_reading_and_creating()
    {
        await DayAsync("pb", 4);
        var app = await host.PatientAsync("pb-amy", "patient/Appointment.rs patient/Appointment.c patient/Slot.rs patient/Patient.r");

        var found = await Server.GetAsync("/fhir/Appointment/$find?start=2091-06-01T00:00:00Z&end=2091-06-02T00:00:00Z&practitioner=Practitioner/pb", app);
        Assert.Equal(4, found.EntryIds.Count());
        var held = (await Server.DoAsync("$hold", Parameters(Reference("appointment-reference", $"Appointment/{found.EntryIds.First()}")), app)).Appointment();
        Assert.Contains("Patient/pb-amy", held.ToJsonString(), StringComparison.Ordinal);
        (await Server.BookHeldAsync(held.IdOf(), app)).Appointment(HttpStatusCode.Created);
        (await Server.BookAsync("pb-amy", "pb-1", app)).Appointment(HttpStatusCode.Created);

        // What is booked is changed with the right to change alone.
        Assert.Equal(403, (await Server.CancelAsync(held.IdOf(), app)).Refused().Status);
        Assert.Equal(403, (await Server.DoAsync($"{held.IdOf()}/$reschedule", Parameters(Reference("slot", "Slot/pb-2")), app, "If-Match: W/\"2\"")).Refused().Status);
        Assert.Equal("booked", (await Server.GetAsync($"/fhir/Appointment/{held.IdOf()}", app)).Json.Status());
        var whole = await host.PatientAsync("pb-amy");
        var moved = await Server.DoAsync($"{held.IdOf()}/$reschedule", Parameters(Reference("slot", "Slot/pb-2")), whole, "If-Match: W/\"2\"");
        Assert.Equal("booked", moved.Appointment().Status());
        Assert.Equal("cancelled", (await Server.CancelAsync(held.IdOf(), whole)).Appointment().Status());
        Assert.Equal("free", (await Server.GetAsync("/fhir/Slot/pb-2", host.Staff)).Json.Status());
        foreach (var scopes in (string[])["patient/Slot.cruds", "patient/Appointment.rs", "patient/Observation.cruds"])
        {
            Assert.Equal(403, (await Server.BookAsync("pb-amy", "pb-3", await host.PatientAsync("pb-amy", scopes))).Refused().Status);
        }

        Assert.Equal(401, (int)(await Server.BookAsync("pb-amy", "pb-3")).Status);
        Assert.Equal("free", (await Server.GetAsync("/fhir/Slot/pb-3", host.Staff)).Json.Status());
    }

    [Fact]
    public async Task A_patient_books_for_nobody_else()
    {
        await DayAsync("po", 6);
        var app = await host.PatientAsync("po-amy");
        var others = (await Server.HoldAsync("po-ben", "po-0", host.Staff)).Appointment().IdOf();

        foreach (var operation in (string[])["$book", "$hold"])
        {
            Assert.Equal((403, "other-patient"), (await Server.DoAsync(operation, Parameters(Resource("appointment-resource", Wish("po-ben", "po-1"))), app)).Refused());
            var both = Wish("po-amy", "po-1").Replace("\"participant\":[", "\"participant\":[{\"actor\":{\"reference\":\"Patient/po-ben\"},\"status\":\"accepted\"},", StringComparison.Ordinal);
            Assert.Equal((403, "other-patient"), (await Server.DoAsync(operation, Parameters(Resource("appointment-resource", both)), app)).Refused());
            var sent = Parameters(Resource("appointment-resource", Wish(null, "po-1")), Resource("patient-resource", """{"resourceType":"Patient","name":[{"family":"Else"}]}"""));
            Assert.Equal((403, "other-patient"), (await Server.DoAsync(operation, sent, app)).Refused());
        }

        var start = _day.AddMinutes(30);
        foreach (var (method, path, body) in (ValueTuple<string, string, string>[])
        [
            ("POST", "/fhir/Appointment", Booked(null, "po-ben", "po-1", Text(start), Text(start.AddMinutes(30)))),
            ("PUT", "/fhir/Appointment/po-new", Booked("po-new", "po-ben", "po-1", Text(start), Text(start.AddMinutes(30)))),
        ])
        {
            Assert.Equal(403, (await Server.SendAsync(method, path, body, app)).Refused().Status);
        }

        // Another's appointment is not there.
        Assert.Equal(404, (await Server.BookHeldAsync(others, app)).Refused().Status);
        Assert.Equal(404, (await Server.DoAsync($"{others}/$book", Parameters(), app)).Refused().Status);
        Assert.Equal(404, (await Server.CancelAsync(others, app)).Refused().Status);
        Assert.Equal(404, (await Server.DoAsync($"{others}/$check-in", Parameters(), app)).Refused().Status);
        Assert.Equal(404, (await Server.DoAsync($"{others}/$reschedule", Parameters(Reference("slot", "Slot/po-1")), app, "If-Match: W/\"1\"")).Refused().Status);
        var stolen = JsonNode.Parse(Wish("po-amy", "po-0", "pending", $"\"start\":\"{Text(_day)}\",\"end\":\"{Text(_day.AddMinutes(30))}\","))!;
        stolen["id"] = others;
        (await Server.DoAsync("$book", Parameters(Resource("appointment-resource", stolen.ToJsonString())), app)).IsUnavailable(others, "po-ben");
        (await Server.BookAsync("po-amy", "po-0", app)).IsUnavailable(others, "po-ben");
        Assert.Equal("pending", (await Server.GetAsync($"/fhir/Appointment/{others}", host.Staff)).Json.Status());

        // A proposal is whose it was made for.
        var proposal = (await Server.GetAsync("/fhir/Appointment/$find?start=2091-06-01T00:00:00Z&end=2091-06-02T00:00:00Z&practitioner=Practitioner/po&patient-reference=Patient/po-ben", host.Staff)).EntryIds.First();
        Assert.Equal(404, (await Server.DoAsync("$book", Parameters(Reference("appointment-reference", $"Appointment/{proposal}")), app)).Refused().Status);
        Assert.Equal(404, (int)(await Server.GetAsync($"/fhir/Appointment/{proposal}", app)).Status);
        Assert.Equal("free", (await Server.GetAsync("/fhir/Slot/po-1", host.Staff)).Json.Status());
    }

    [Fact]
    public async Task A_patient_sees_of_calendars_what_is_free_and_nothing_else()
    {
        await DayAsync("ps", 4);
        var others = (await Server.BookAsync("ps-ben", "ps-0", host.Staff)).Appointment(HttpStatusCode.Created).IdOf();
        await host.SlotAsync("ps", "ps-block", _day.AddHours(5), "busy-unavailable");
        await Server.HoldAsync("ps-ben", "ps-1", host.Staff);
        await Server.CancelAsync((await Server.BookAsync("ps-ben", "ps-2", host.Staff)).Appointment(HttpStatusCode.Created).IdOf(), host.Staff);
        foreach (var app in (string[])[await host.PatientAsync("ps-amy"), await host.PatientAsync("ps-amy", "user/*.cruds")])
        {
            var slots = await Server.GetAsync("/fhir/Slot?schedule=Schedule/ps&_total=accurate", app);
            Assert.Equal(["ps-2", "ps-3"], slots.EntryIds.Order(StringComparer.Ordinal));
            Assert.Equal(2, slots.Json["total"]!.GetValue<int>());
            foreach (var query in (string[])["status=busy", "status:not=free", "status=busy,busy-tentative,busy-unavailable", "_id=ps-0,ps-1,ps-block", "_filter=status%20ne%20free"])
            {
                Assert.Equal(0, (await Server.GetAsync($"/fhir/Slot?schedule=Schedule/ps&{query}&_summary=count", app)).Json["total"]!.GetValue<int>());
            }

            foreach (var slot in (string[])["ps-0", "ps-1", "ps-block"])
            {
                Assert.Equal(404, (int)(await Server.GetAsync($"/fhir/Slot/{slot}", app)).Status);
                Assert.Equal(404, (int)(await Server.GetAsync($"/fhir/Slot/{slot}/_history/2", app)).Status);
            }

            // Of what is free again the versions in which it was not are withheld as well.
            var history = await Server.GetAsync("/fhir/Slot/ps-2/_history", app);
            Assert.Equal(HttpStatusCode.OK, history.Status);
            Assert.All(history.Entries, entry => Assert.Equal("free", entry!["resource"]!.Status()));
            Assert.Equal(404, (int)(await Server.GetAsync("/fhir/Slot/ps-2/_history/2", app)).Status);
            Assert.DoesNotContain("\"busy", (await Server.GetAsync("/fhir/Slot/_history?_count=1000", app)).Body, StringComparison.Ordinal);
            Assert.DoesNotContain("\"busy", (await Server.GetAsync("/fhir/Schedule?_id=ps&_revinclude=Slot:schedule", app)).Body, StringComparison.Ordinal);
            Assert.Equal(0, (await Server.GetAsync("/fhir/Schedule?_id=ps&_has:Slot:schedule:status=busy&_summary=count", app)).Json["total"]!.GetValue<int>());
            Assert.Equal(1, (await Server.GetAsync("/fhir/Schedule?_id=ps&_has:Slot:schedule:status=free&_summary=count", app)).Json["total"]!.GetValue<int>());
            foreach (var query in (string[])["slot=Slot/ps-0", "slot.status=busy", "practitioner=Practitioner/ps", $"_id={others}", "patient=ps-ben"])
            {
                var appointments = await Server.GetAsync($"/fhir/Appointment?{query}&_include=Appointment:slot&_total=accurate", app);
                Assert.Empty(appointments.Entries);
                Assert.Equal(0, appointments.Json["total"]!.GetValue<int>());
            }

            Assert.DoesNotContain("ps-ben", (await Server.GetAsync("/fhir/Encounter?_count=1000", app)).Body, StringComparison.Ordinal);
        }

        Assert.Equal(5, (await Server.GetAsync("/fhir/Slot?schedule=Schedule/ps", host.Staff)).EntryIds.Count());
    }

    [Fact]
    public async Task A_patient_checks_in_and_cannot_shape_the_calendar()
    {
        await DayAsync("pc", 2);
        var soon = TimeProvider.System.GetUtcNow().AddMinutes(10);
        await host.SlotAsync("pc", "pc-soon", soon);
        var app = await host.PatientAsync("pc-amy");
        var booked = (await Server.BookAsync("pc-amy", "pc-soon", app)).Appointment(HttpStatusCode.Created);

        var there = await Server.DoAsync($"{booked.IdOf()}/$check-in", Parameters(), app);

        Assert.Equal("checked-in", there.Appointment().Status());
        Assert.Equal("arrived", there.Entries[1]!["resource"]!.Status());
        var cancelled = (await Server.CancelAsync(booked.IdOf(), app)).Appointment();
        Assert.Equal("late-cancel", cancelled["meta"]!["tag"]![0]!["code"]!.GetValue<string>());
        var slot = $$"""{"resourceType":"Slot","id":"pc-0","schedule":{"reference":"Schedule/pc"},"status":"busy-unavailable","start":"{{Text(_day)}}","end":"{{Text(_day.AddMinutes(30))}}"}""";
        Assert.Equal(403, (int)(await Server.PutAsync("/fhir/Slot/pc-0", slot, app)).Status);
        Assert.Equal(403, (int)(await Server.PostAsync("/fhir/Slot", slot, app)).Status);
        Assert.Equal(403, (int)(await Server.DeleteAsync("/fhir/Slot/pc-0", app)).Status);
        Assert.Equal(403, (int)(await Server.PostAsync("/fhir/Schedule/pc/$generate-slots", Parameters(), app)).Status);
    }

    private async Task DayAsync(string id, int slots)
    {
        await host.CalendarAsync(id);
        for (var i = 0; i < slots; i++)
        {
            await host.SlotAsync(id, $"{id}-{i}", _day.AddMinutes(30 * i));
        }

        foreach (var patient in (string[])["amy", "ben"])
        {
            await host.StoreAsync("Patient", $"{id}-{patient}", "\"active\":true");
        }
    }
}

public sealed class PatientBookingOnSqliteTests(SqliteTokenHost host) : PatientBookingTests(host), IClassFixture<SqliteTokenHost>;

public sealed class PatientBookingOnPostgreSqlTests(PostgreSqlTokenHost host) : PatientBookingTests(host), IClassFixture<PostgreSqlTokenHost>;
