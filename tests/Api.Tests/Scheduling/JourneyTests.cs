using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>From looking for a time to giving it up, with all that can be told on the way.</summary>
public abstract class JourneyTests(TelehealthHost host)
{
    private const string HoldExpires = Clinic.Canonicals + "/StructureDefinition/hold-expires";
    private const string CancellationDate = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.cancellationDate";

    private static readonly DateTimeOffset _june = new(2026, 6, 1, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Who_needs_an_interpreter_is_booked_and_the_clinic_asked_to_find_one()
    {
        await host.DayAsync("jint", _june.AddDays(7), 3);
        await host.StoreAsync(
            "Patient",
            "jint-amy",
            """
            "extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed","valueCoding":{"system":"http://snomed.info/sct","code":"373066001"}}]
            """);

        var alone = await host.BookAsync("jint-amy", "jint-0");

        Assert.Equal(HttpStatusCode.Created, alone.Status);
        var issue = alone.Json["entry"]![1]!["resource"]!["issue"]![0]!;
        Assert.Equal(("warning", "interpreter-missing"), (issue["severity"]!.GetValue<string>(), issue["details"]!["coding"]![0]!["code"]!.GetValue<string>()));
        var booked = alone.Json["entry"]![0]!["resource"]!.IdOf();
        var task = Assert.Single((await host.GetAsync($"/fhir/Task?focus=Appointment/{booked}&code=assign-interpreter&status=requested")).Entries);
        Assert.Equal("Patient/jint-amy", task!["resource"]!["for"]!["reference"]!.GetValue<string>());

        // Nobody needs to be asked twice, nor where somebody has accepted.
        await host.MoveAsync(booked, alone.Json["entry"]![0]!["resource"]!.VersionOf(), "jint-1");
        Assert.Single((await host.GetAsync($"/fhir/Task?focus=Appointment/{booked}")).Entries);
        (await host.BookAsync("jint-ben", "jint-2")).Appointment(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Who_is_registered_by_the_booking_itself_gets_an_interpreter_too()
    {
        await host.DayAsync("jnew", _june.AddDays(8), 1);

        var booked = (await host.DoAsync("$book", Parameters(
            Resource("appointment-resource", Wish(null, "jnew-0")),
            Resource("patient-resource", """
                {"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed","valueCoding":{"system":"http://snomed.info/sct","code":"373066001"}}]}
                """)))).Appointment(HttpStatusCode.Created);

        Assert.Single((await host.GetAsync($"/fhir/Task?focus=Appointment/{booked.IdOf()}&code=assign-interpreter&status=requested")).Entries);
    }

    [Fact]
    public async Task The_whole_way()
    {
        await host.DayAsync("jw", _june, 4, $"\"serviceType\":[{Video}],");
        var found = await host.GetAsync("/fhir/Appointment/$find?start=2026-06-01T00:00:00Z&end=2026-06-02T00:00:00Z&practitioner=Practitioner/jw&patient-reference=Patient/jw-amy");
        var proposal = found.EntryIds.First();

        var hold = await host.DoAsync("$hold", Parameters(Reference("appointment-reference", $"Appointment/{proposal}"), Part("hold-seconds", "PositiveInt", "120")));

        var held = hold.Appointment();
        var expires = held["extension"]!.AsArray().Single(one => one!["url"]!.GetValue<string>() == HoldExpires)!["valueInstant"]!.GetValue<DateTimeOffset>();
        Assert.Equal(("pending", "searchset"), (held.Status(), hold.Json["type"]!.GetValue<string>()));
        Assert.Single(hold.Entries);
        Assert.InRange(expires - host.Now(), TimeSpan.Zero, TimeSpan.FromSeconds(121));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(expires.ToUnixTimeSeconds()), hold.ContentHeaders.Expires);
        Assert.Equal("busy-tentative", await host.StatusOfAsync("Slot/jw-0"));
        Assert.DoesNotContain("jw-0", (await host.GetAsync("/fhir/Appointment/$find?start=2026-06-01T00:00:00Z&end=2026-06-02T00:00:00Z&practitioner=Practitioner/jw")).Body, StringComparison.Ordinal);
        (await host.BookAsync("jw-ben", "jw-0")).IsUnavailable(held.IdOf(), "jw-amy");
        Assert.Empty(await host.VisitsAsync(held.IdOf()));

        var book = await host.BookHeldAsync(held.IdOf());

        var booked = book.Appointment(HttpStatusCode.Created);
        Assert.Equal(("booked", held.IdOf(), "W/\"2\""), (booked.Status(), booked.IdOf(), book.ETag));
        Assert.Equal($"http://localhost/fhir/Appointment/{held.IdOf()}/_history/2", book.Headers.Location!.ToString());
        Assert.DoesNotContain("hold-expires", book.Body, StringComparison.Ordinal);
        Assert.Equal("busy", await host.StatusOfAsync("Slot/jw-0"));
        Assert.Equal(("Patient/jw-amy accepted", "Practitioner/jw accepted"), (Who(booked, 0), Who(booked, 1)));
        var visit = Assert.Single(await host.VisitsAsync(booked.IdOf()));
        Assert.Equal(("planned", "VR", "Patient/jw-amy"), (visit.Status(), visit["class"]!["code"]!.GetValue<string>(), visit["subject"]!["reference"]!.GetValue<string>()));
        Assert.Contains($"/visit/{visit.IdOf()}", booked.ToJsonString(), StringComparison.Ordinal);

        Assert.Equal((428, "-"), (await host.DoAsync($"{booked.IdOf()}/$reschedule", Parameters(Reference("slot", "Slot/jw-2")))).Refused());
        Assert.Equal((412, "-"), (await host.MoveAsync(booked.IdOf(), "W/\"1\"", "jw-2")).Refused());
        var moved = (await host.MoveAsync(booked.IdOf(), "W/\"2\"", "jw-2")).Appointment();
        Assert.Equal(("booked", booked.IdOf(), "W/\"3\"", "2026-06-01T15:00:00+00:00"), (moved.Status(), moved.IdOf(), moved.VersionOf(), Instant(moved["start"])));
        Assert.Equal(("free", "busy"), (await host.StatusOfAsync("Slot/jw-0"), await host.StatusOfAsync("Slot/jw-2")));
        visit = Assert.Single(await host.VisitsAsync(booked.IdOf()));
        Assert.Contains("2026-06-01T15:00:00", visit["extension"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains($"/visit/{visit.IdOf()}", moved.ToJsonString(), StringComparison.Ordinal);

        Assert.Equal((422, "checkin-window"), (await host.DoAsync($"{booked.IdOf()}/$check-in", Parameters())).Refused());
        var late = (await host.CancelAsync(booked.IdOf())).Appointment();
        Assert.Equal(("cancelled", "pat"), (late.Status(), late["cancelationReason"]!["coding"]![0]!["code"]!.GetValue<string>()));
        Assert.Contains(late["extension"]!.AsArray(), one => one!["url"]!.GetValue<string>() == CancellationDate && one["valueDateTime"] is not null);
        Assert.Null(late["meta"]!["tag"]);
        Assert.Equal("free", await host.StatusOfAsync("Slot/jw-2"));
        Assert.Equal("cancelled", Assert.Single(await host.VisitsAsync(booked.IdOf())).Status());
        Assert.Equal((409, "invalid-transition"), (await host.CancelAsync(booked.IdOf())).Refused());
        Assert.Equal((409, "invalid-transition"), (await host.MoveAsync(booked.IdOf(), late.VersionOf(), "jw-3")).Refused());
        Assert.Equal((409, "invalid-transition"), (await host.BookHeldAsync(booked.IdOf())).Refused());
    }

    [Fact]
    public async Task Checking_in_asks_for_what_is_to_be_filled_in_and_makes_the_visit_once()
    {
        var soon = host.Now().AddHours(3);
        await host.DayAsync("jc", soon, 2);
        await host.StoreAsync("Questionnaire", "jc-form", """ "status":"active","url":"urn:jc:form","version":"2" """);
        var booked = (await host.DoAsync("$book", Parameters(
            Resource("appointment-resource", Wish("jc-amy", "jc-0", more: """ "supportingInformation":[{"reference":"Questionnaire/jc-form"}],"""))))).Appointment(HttpStatusCode.Created);
        var path = $"{booked.IdOf()}/$check-in";
        Assert.Equal((422, "checkin-window"), (await host.DoAsync(path, Parameters())).Refused());
        host.Advance(TimeSpan.FromMinutes(155));

        Assert.Equal((422, "checkin-incomplete"), (await host.DoAsync(path, Parameters())).Refused());
        await host.StoreAsync("QuestionnaireResponse", "jc-r1", """ "status":"in-progress","questionnaire":"urn:jc:form|2","subject":{"reference":"Patient/jc-amy"} """);
        await host.StoreAsync("QuestionnaireResponse", "jc-r2", """ "status":"completed","questionnaire":"urn:jc:form|2","subject":{"reference":"Patient/jc-ben"} """);
        await host.StoreAsync("QuestionnaireResponse", "jc-r3", """ "status":"completed","questionnaire":"urn:jc:other","subject":{"reference":"Patient/jc-amy"} """);
        Assert.Equal((422, "checkin-incomplete"), (await host.DoAsync(path, Parameters())).Refused());
        Assert.Equal("booked", await host.StatusOfAsync($"Appointment/{booked.IdOf()}"));
        await host.StoreAsync("QuestionnaireResponse", "jc-r1", """ "status":"completed","questionnaire":"urn:jc:form|2","subject":{"reference":"Patient/jc-amy"} """);
        await host.StoreAsync("QuestionnaireResponse", "jc-r1", """ "status":"amended","questionnaire":"urn:jc:form|2","subject":{"reference":"Patient/jc-amy"} """);

        var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => host.DoAsync(path, Parameters())));

        foreach (var answer in answers)
        {
            Assert.Equal("checked-in", answer.Appointment().Status());
            Assert.Equal(["Appointment", "Encounter"], answer.Entries.Select(entry => entry!["resource"]!["resourceType"]!.GetValue<string>()));
            Assert.Equal("arrived", answer.Entries[1]!["resource"]!.Status());
        }

        var visit = Assert.Single(await host.VisitsAsync(booked.IdOf()));
        Assert.Contains("\"arrived\"", visit["extension"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("planned", Assert.Single(visit["statusHistory"]!.AsArray())!["status"]!.GetValue<string>());
        Assert.Equal((409, "invalid-transition"), (await host.MoveAsync(booked.IdOf(), "W/\"2\"", "jc-1")).Refused());
        var cancelled = (await host.CancelAsync(booked.IdOf())).Appointment();
        Assert.Equal("late-cancel", cancelled["meta"]!["tag"]![0]!["code"]!.GetValue<string>());
        Assert.Equal((409, "invalid-transition"), (await host.DoAsync(path, Parameters())).Refused());
    }

    [Fact]
    public async Task What_cannot_be_booked_is_told_why()
    {
        await host.DayAsync("jf", _june.AddDays(1), 5);
        await host.CalendarAsync("jf-off", "UTC");
        await host.SlotAsync("jf-off", "jf-off-0", "2026-06-02T14:00:00Z", "2026-06-02T14:30:00Z");
        await host.StoreAsync("Schedule", "jf-off", """ "active":false,"actor":[{"reference":"Practitioner/jf-off"}] """);
        await host.CalendarAsync("jf-two", "UTC");
        await host.SlotAsync("jf-two", "jf-two-0", "2026-06-02T14:15:00Z", "2026-06-02T14:45:00Z");
        await host.SlotAsync("jf", "jf-past", "2026-01-01T09:00:00Z", "2026-01-01T09:30:00Z");
        await host.SlotAsync("jf", "jf-busy", "2026-06-03T09:00:00Z", "2026-06-03T09:30:00Z", "busy");
        await host.SlotAsync("jf", "jf-block", "2026-06-03T10:00:00Z", "2026-06-03T10:30:00Z", "busy-unavailable");
        var mine = (await host.BookAsync("jf-amy", "jf-0")).Appointment(HttpStatusCode.Created);

        (await host.BookAsync("jf-ben", "jf-0")).IsUnavailable(mine.IdOf(), "jf-amy");
        (await host.HoldAsync("jf-ben", "jf-0")).IsUnavailable(mine.IdOf(), "jf-amy");
        (await host.BookAsync("jf-ben", "jf-busy")).IsUnavailable();
        (await host.BookAsync("jf-ben", "jf-block")).IsUnavailable();
        Assert.Equal((422, "past"), (await host.BookAsync("jf-ben", "jf-past")).Refused());
        Assert.Equal((422, "past"), (await host.HoldAsync("jf-ben", "jf-past")).Refused());
        Assert.Equal((422, "service-inactive"), (await host.BookAsync("jf-ben", "jf-off-0")).Refused());
        Assert.Equal((422, "wrong-duration"), (await BookAsync(Wish("jf-ben", "jf-1", more: "\"minutesDuration\":45,"))).Refused());
        Assert.Equal((422, "wrong-duration"), (await BookAsync(Wish("jf-ben", "jf-1", more: "\"start\":\"2026-06-02T14:30:00Z\",\"end\":\"2026-06-02T15:30:00Z\","))).Refused());
        Assert.Equal((422, "wrong-duration"), (await host.BookAsync("jf-ben", "jf-1 jf-3")).Refused());
        Assert.Equal((422, "patient-overlap"), (await host.BookAsync("jf-amy", "jf-two-0")).Refused());
        Assert.Equal((422, "slot-missing"), (await host.BookAsync("jf-ben", "jf-nothing")).Refused());
        Assert.Equal((409, "invalid-transition"), (await BookAsync(Wish("jf-ben", "jf-1", "waitlist"))).Refused());
        Assert.Equal((400, "hold-seconds"), (await host.DoAsync("$hold", Parameters(Resource("appointment-resource", Wish("jf-ben", "jf-1")), Part("hold-seconds", "PositiveInt", "59")))).Refused());
        Assert.Equal((400, "hold-seconds"), (await host.DoAsync("$hold", Parameters(Resource("appointment-resource", Wish("jf-ben", "jf-1")), Part("hold-seconds", "PositiveInt", "901")))).Refused());
        Assert.Equal((400, "-"), (await host.DoAsync("$book", Parameters())).Refused());
        Assert.Equal((400, "-"), (await host.DoAsync("$book", Parameters(Resource("appointment-resource", Wish("jf-ben", "jf-1")), Reference("appointment-reference", "Appointment/x")))).Refused());
        Assert.Equal((400, "-"), (await host.DoAsync("$book", Parameters(Reference("appointment-reference", "Slot/jf-1")))).Refused());
        Assert.Equal((404, "-"), (await host.BookHeldAsync("jf-nobodys")).Refused());
        Assert.Equal((400, "reason-missing"), (await host.DoAsync($"{mine.IdOf()}/$cancel", Parameters())).Refused());
        Assert.Equal((400, "cancelled-by"), (await host.DoAsync($"{mine.IdOf()}/$cancel", Parameters(Reason, Part("cancelled-by", "Code", "\"me\"")))).Refused());
        Assert.Equal((400, "-"), (await host.DoAsync($"{mine.IdOf()}/$cancel", Parameters(Reason, Part("scope", "Code", "\"some\"")))).Refused());
        Assert.Equal((409, "invalid-transition"), (await host.BookHeldAsync(mine.IdOf())).Refused());
        Assert.Equal("free", await host.StatusOfAsync("Slot/jf-1"));
        Assert.Empty((await host.GetAsync("/fhir/Appointment?patient=jf-ben")).EntryIds);

        // Failure of a move leaves all as it is.
        (await host.MoveAsync(mine.IdOf(), mine.VersionOf(), "jf-busy")).IsUnavailable();
        Assert.Equal((422, "past"), (await host.MoveAsync(mine.IdOf(), mine.VersionOf(), "jf-past")).Refused());
        Assert.Equal(mine.ToJsonString(), (await host.GetAsync($"/fhir/Appointment/{mine.IdOf()}")).Json.ToJsonString());
        Assert.Equal("busy", await host.StatusOfAsync("Slot/jf-0"));

        Task<Answer> BookAsync(string wish) => host.DoAsync("$book", Parameters(Resource("appointment-resource", wish)));
    }

    [Fact]
    public async Task A_proposal_and_a_hold_run_out()
    {
        await host.DayAsync("jx", _june.AddDays(2), 3);
        var proposals = (await host.GetAsync("/fhir/Appointment/$find?start=2026-06-03&end=2026-06-03&practitioner=Practitioner/jx&patient-reference=Patient/jx-amy")).EntryIds.ToList();
        var held = (await host.HoldAsync("jx-ben", "jx-1")).Appointment();
        host.Advance(TimeSpan.FromMinutes(16));

        foreach (var path in (string[])["$book", "$hold"])
        {
            Assert.Equal((410, "proposal-expired"), (await host.DoAsync(path, Parameters(Reference("appointment-reference", $"Appointment/{proposals[0]}")))).Refused());
            Assert.Equal((410, "proposal-expired"), (await host.DoAsync($"{proposals[0]}/{path}", Parameters())).Refused());
        }

        // Who comes too late has lost it; the time is anybody's.
        Assert.Equal((409, "slot-unavailable"), (await host.BookHeldAsync(held.IdOf())).Refused());
        var booked = (await host.BookAsync("jx-amy", "jx-1")).Appointment(HttpStatusCode.Created);
        Assert.Equal("cancelled", await host.StatusOfAsync($"Appointment/{held.IdOf()}"));
        Assert.Contains("hold-expired", (await host.GetAsync($"/fhir/Appointment/{held.IdOf()}")).Body, StringComparison.Ordinal);
        Assert.Equal(("booked", "busy"), (await host.StatusOfAsync($"Appointment/{booked.IdOf()}"), await host.StatusOfAsync("Slot/jx-1")));
    }

    [Fact]
    public async Task Only_so_many_times_are_held_at_once()
    {
        await host.DayAsync("jh", _june.AddDays(3), 12);

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => host.HoldAsync("jh-amy", $"jh-{i}")));

        Assert.Equal(5, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.OK), refused =>
        {
            Assert.Equal((429, "too-many-holds"), refused.Refused());
            Assert.NotNull(refused.Headers.RetryAfter?.Delta);
        });
        var held = answers.Where(answer => answer.Status == HttpStatusCode.OK).Select(answer => answer.Appointment().IdOf()).ToList();
        Assert.Equal(5, (await host.GetAsync("/fhir/Slot?schedule=Schedule/jh&status=busy-tentative&_summary=count")).Json["total"]!.GetValue<int>());
        await host.CancelAsync(held[0]);
        (await host.BookHeldAsync(held[1])).Appointment(HttpStatusCode.Created);
        var free = (await host.GetAsync("/fhir/Slot?schedule=Schedule/jh&status=free")).EntryIds.ToList();
        (await host.HoldAsync("jh-amy", free[0])).Appointment();
        (await host.HoldAsync("jh-amy", free[1])).Appointment();
        Assert.Equal((429, "too-many-holds"), (await host.HoldAsync("jh-amy", free[2])).Refused());
        (await host.HoldAsync("jh-ben", free[2])).Appointment();
        host.Advance(TimeSpan.FromMinutes(11));
        (await host.HoldAsync("jh-amy", free[3])).Appointment();
    }

    [Fact]
    public async Task Other_ways_to_ask_for_the_same()
    {
        await host.DayAsync("jo", _june.AddDays(4), 8);

        // Argonaut: of the proposal itself.
        var proposal = (await host.GetAsync("/fhir/Appointment/$find?start=2026-06-05&end=2026-06-05&practitioner=Practitioner/jo&patient-reference=Patient/jo-amy")).EntryIds.First();
        var held = (await host.DoAsync($"{proposal}/$hold", Parameters())).Appointment();
        Assert.NotEqual(proposal, held.IdOf());

        // IHE: the Appointment that is held is sent back.
        var book = await SendAsync(held.DeepClone());
        Assert.Equal(held.IdOf(), book.Appointment(HttpStatusCode.Created).IdOf());

        // IHE: pending is a wish too; a comment, and a patient who is new.
        var wish = await host.DoAsync("$book", Parameters(
            Resource("appointment-resource", Wish(null, "jo-1", "pending", "\"start\":\"2026-06-05T14:30:00Z\",\"end\":\"2026-06-05T15:00:00Z\",")),
            Resource("patient-resource", """{"resourceType":"Patient","name":[{"family":"Newcomer"}]}"""),
            Part("comment", "String", "\"Rings twice\"")));
        var booked = wish.Appointment(HttpStatusCode.Created);
        Assert.Equal("Rings twice", booked["comment"]!.GetValue<string>());
        var newcomer = booked["participant"]!.AsArray().Select(one => one!["actor"]?["reference"]?.GetValue<string>()).Single(actor => actor?.StartsWith("Patient/", StringComparison.Ordinal) == true);
        Assert.Contains("Newcomer", (await host.GetAsync($"/fhir/{newcomer}")).Body, StringComparison.Ordinal);

        // One who is known is not made again.
        var known = (await host.DoAsync("$book", Parameters(
            Resource("appointment-resource", Wish(null, "jo-2")), Resource("patient-resource", """{"resourceType":"Patient","id":"jo-ben"}""")))).Appointment(HttpStatusCode.Created);
        Assert.Contains("Patient/jo-ben", known.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("1", (await host.GetAsync("/fhir/Patient/jo-ben")).Json["meta"]!["versionId"]!.GetValue<string>());

        // IHE: booked gives another time, by the Slots or by the time alone; cancelled ends it.
        var other = known.DeepClone();
        other["slot"] = JsonNode.Parse("""[{"reference":"Slot/jo-4"}]""");
        (other["start"], other["end"]) = ("2026-06-05T16:00:00Z", "2026-06-05T16:30:00Z");
        var moved = (await SendAsync(other)).Appointment();
        Assert.Equal((known.IdOf(), "booked", "2"), (moved.IdOf(), moved.Status(), moved["meta"]!["versionId"]!.GetValue<string>()));
        Assert.Equal(("free", "busy"), (await host.StatusOfAsync("Slot/jo-2"), await host.StatusOfAsync("Slot/jo-4")));
        other = moved.DeepClone();
        (other["start"], other["end"]) = ("2026-06-05T16:30:00Z", "2026-06-05T17:00:00Z");
        moved = (await SendAsync(other)).Appointment();
        Assert.Equal("Slot/jo-5", moved["slot"]![0]!["reference"]!.GetValue<string>());
        other = moved.DeepClone();
        (other["status"], other["cancelationReason"]) = ("cancelled", new JsonObject { ["text"] = "No more" });
        Assert.Equal("cancelled", (await SendAsync(other)).Appointment().Status());
        Assert.Equal("free", await host.StatusOfAsync("Slot/jo-5"));

        // Twice as long, over its own time and by its start.
        var two = (await host.BookAsync("jo-ben", "jo-4 jo-5")).Appointment(HttpStatusCode.Created);
        Assert.Equal(60, two["minutesDuration"]!.GetValue<int>());
        var later = (await host.DoAsync($"{two.IdOf()}/$reschedule", Parameters(Part("start", "Instant", "\"2026-06-05T16:30:00Z\"")), $"If-Match: {two.VersionOf()}")).Appointment();
        Assert.Equal(["Slot/jo-5", "Slot/jo-6"], later["slot"]!.AsArray().Select(slot => slot!["reference"]!.GetValue<string>()));
        Assert.Equal(("free", "busy", "busy"), (await host.StatusOfAsync("Slot/jo-4"), await host.StatusOfAsync("Slot/jo-5"), await host.StatusOfAsync("Slot/jo-6")));

        Task<Answer> SendAsync(JsonNode appointment) => host.DoAsync("$book", Parameters(Resource("appointment-resource", appointment.ToJsonString())));
    }

    [Fact]
    public async Task A_clinician_and_a_room_are_moved_together()
    {
        await host.DayAsync("jm", _june.AddDays(5), 3);
        await host.StoreAsync("Location", "jm-room", "\"name\":\"Room\"");
        await host.StoreAsync("Schedule", "jm-room", """ "active":true,"actor":[{"reference":"Location/jm-room"}] """);
        for (var i = 0; i < 2; i++)
        {
            await host.SlotAsync("jm-room", $"jm-room-{i}", Text(_june.AddDays(5).AddMinutes(30 * i)), Text(_june.AddDays(5).AddMinutes(30 * (i + 1))));
        }

        var booked = (await host.BookAsync("jm-amy", "jm-0 jm-room-0")).Appointment(HttpStatusCode.Created);
        Assert.Equal(3, booked["participant"]!.AsArray().Count);

        var moved = (await host.DoAsync($"{booked.IdOf()}/$reschedule", Parameters(Part("start", "Instant", "\"2026-06-06T14:30:00Z\"")), "If-Match: W/\"1\"")).Appointment();

        Assert.Equal(["Slot/jm-1", "Slot/jm-room-1"], moved["slot"]!.AsArray().Select(slot => slot!["reference"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.Equal(3, moved["participant"]!.AsArray().Count);
        (await host.DoAsync($"{booked.IdOf()}/$reschedule", Parameters(Part("start", "Instant", "\"2026-06-06T15:00:00Z\"")), "If-Match: W/\"2\"")).IsUnavailable();
        Assert.Equal(("free", "free", "busy", "busy"), (await host.StatusOfAsync("Slot/jm-0"), await host.StatusOfAsync("Slot/jm-room-0"), await host.StatusOfAsync("Slot/jm-1"), await host.StatusOfAsync("Slot/jm-room-1")));
    }

    [Fact]
    public async Task The_same_key_is_answered_once()
    {
        await host.DayAsync("ji", _june.AddDays(6), 3);
        const string Key = "Idempotency-Key: ji-1";

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.BookAsync("ji-amy", "ji-0", Key)));

        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        var id = answers[0].Appointment(answers[0].Status).IdOf();
        Assert.Equal([id], (await host.GetAsync("/fhir/Appointment?patient=ji-amy")).EntryIds);
        Assert.Equal((422, "idempotency-mismatch"), (await host.BookAsync("ji-amy", "ji-1", Key)).Refused());
        Assert.Equal((422, "idempotency-mismatch"), (await host.CancelAsync(id, Key)).Refused());
        Assert.Equal("free", await host.StatusOfAsync("Slot/ji-1"));

        var cancels = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.CancelAsync(id, "Idempotency-Key: ji-2")));
        Assert.All(cancels, answer => Assert.Equal("cancelled", answer.Appointment().Status()));
        Assert.Single(cancels.Select(answer => answer.Body).Distinct());
        Assert.Equal((409, "invalid-transition"), (await host.CancelAsync(id)).Refused());

        var holds = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.HoldAsync("ji-amy", "ji-1", "Idempotency-Key: ji-3")));
        var held = Assert.Single(holds.Select(answer => answer.Appointment().IdOf()).Distinct());
        Assert.All(holds, answer => Assert.NotNull(answer.ContentHeaders.Expires));
        var moves = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.DoAsync($"{held}/$reschedule", Parameters(Reference("slot", "Slot/ji-2")), "If-Match: W/\"1\"", "Idempotency-Key: ji-4")));
        Assert.All(moves, answer => Assert.Equal("W/\"2\"", answer.Appointment().VersionOf()));
        Assert.Equal((400, "-"), (await host.BookAsync("ji-amy", "ji-0", $"Idempotency-Key: {new string('k', 256)}")).Refused());
        host.Advance(TimeSpan.FromHours(25));
        Assert.Equal(HttpStatusCode.Created, (await host.BookAsync("ji-ben", "ji-0", Key)).Status);
    }

    private static string? Who(JsonNode appointment, int index) =>
        $"{appointment["participant"]![index]!["actor"]!["reference"]} {appointment["participant"]![index]!["status"]}";

    private static string Instant(JsonNode? value) => value!.GetValue<DateTimeOffset>().ToString("yyyy-MM-dd'T'HH:mm:sszzz", null);
}

public sealed class JourneyOnSqliteTests(SqliteFindHost host) : JourneyTests(host), IClassFixture<SqliteFindHost>;

public sealed class JourneyOnPostgreSqlTests(PostgreSqlFindHost host) : JourneyTests(host), IClassFixture<PostgreSqlFindHost>;
