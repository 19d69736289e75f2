using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;
using static TeleFhir.Domain.Tests.Scheduling.Bookings;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class BookingRulesTests
{
    private readonly BookingRules _rules = new(new BookingSettings(Own));

    [Fact]
    public void A_hold_is_pending_and_runs_out()
    {
        var wish = Appointment(AppointmentStatus.Proposed);

        var change = _rules.Hold(Facts(wish, false, Slot("t1", "09:00", "09:30"))).Value!;

        Assert.Equal((AppointmentStatus.Pending, At("09:00"), At("09:30"), 30), (change.Appointment.Status!.Value, change.Appointment.Start!.Value, change.Appointment.End!.Value, change.Appointment.MinutesDuration!.Value));
        Assert.Equal(At("08:10"), HoldExpiry.Of(change.Appointment, Own));
        Assert.Equal("Slot/t1", change.Appointment.Slot.Single().Reference);
        Assert.Equal(Hl7.Fhir.Model.Slot.SlotStatus.BusyTentative, change.Slots.Single().Status);
        Assert.Equal(["Patient/p1", "Practitioner/d1"], change.Appointment.Participant.Select(one => one.Actor!.Reference!));
        Assert.Equal(AppointmentStatus.Proposed, wish.Status);
    }

    [Theory]
    [InlineData(59, "hold-seconds")]
    [InlineData(60, null)]
    [InlineData(900, null)]
    [InlineData(901, "hold-seconds")]
    public void A_hold_lasts_one_to_fifteen_minutes(int seconds, string? code)
    {
        var decision = _rules.Hold(Facts(Appointment(AppointmentStatus.Pending), false, Slot("t1", "09:00", "09:30")), seconds);

        Assert.Equal(code, decision.Refusal?.Code);
    }

    [Fact]
    public void Holds_of_a_patient_are_limited()
    {
        Assert.Null(_rules.CheckHolds(4));
        Assert.Equal((HttpStatusCode.TooManyRequests, "too-many-holds"), (_rules.CheckHolds(5)!.Status, _rules.CheckHolds(5)!.Code));
    }

    [Fact]
    public void A_stored_hold_is_not_prolonged()
    {
        var held = _rules.Hold(Facts(Appointment(AppointmentStatus.Proposed), false, Slot("t1", "09:00", "09:30"))).Value!;

        Assert.Equal("invalid-transition", _rules.Hold(Facts(held.Appointment, true, held.Slots[0])).Refusal!.Code);
    }

    [Fact]
    public void What_is_held_is_booked_by_its_holder_and_by_nobody_else()
    {
        var held = _rules.Hold(Facts(Appointment(AppointmentStatus.Proposed), false, Slot("t1", "09:00", "09:30"))).Value!;
        var slot = new LoadedSlot(held.Slots[0]) { AppointmentId = "a1", HoldExpires = At("08:10") };
        var own = new BookingFacts(held.Appointment, true, [slot], At("08:05")) { Schedules = [Schedule()] };
        var other = new BookingFacts(Appointment(AppointmentStatus.Proposed), false, [slot], At("08:05")) { Schedules = [Schedule()] };

        var booked = _rules.Book(own, "Please ring twice").Value!;
        Assert.Equal(AppointmentStatus.Booked, booked.Appointment.Status);
        Assert.Null(HoldExpiry.Of(booked.Appointment, Own));
        Assert.Equal(Hl7.Fhir.Model.Slot.SlotStatus.Busy, booked.Slots.Single().Status);
        Assert.Equal("Please ring twice", booked.Appointment.Comment);
        Assert.All(booked.Appointment.Participant, one => Assert.Equal(ParticipationStatus.Accepted, one.Status));

        Assert.Equal((HttpStatusCode.Conflict, "slot-unavailable"), Told(_rules.Book(other)));
        Assert.True(_rules.Book(other with { Now = At("08:10") }).IsAllowed);
        Assert.Equal("slot-unavailable", _rules.Book(own with { Now = At("08:10") }).Refusal!.Code);
    }

    [Fact]
    public void A_time_that_is_taken_is_told_to_both_kinds_of_reader()
    {
        var facts = Facts(
            Appointment(AppointmentStatus.Proposed), false,
            Slot("t1", "09:00", "09:30"), Slot("t2", "09:30", "10:00", Hl7.Fhir.Model.Slot.SlotStatus.Busy));

        var issues = _rules.Book(facts).Refusal!.ToException(Own).Outcome.Issue;

        Assert.Equal(
            [(OperationOutcome.IssueSeverity.Error, OperationOutcome.IssueType.Conflict), (OperationOutcome.IssueSeverity.Fatal, OperationOutcome.IssueType.NotFound)],
            issues.Select(issue => (issue.Severity!.Value, issue.Code!.Value)));
        Assert.Equal("Appointment.slot[1]", issues[0].Expression.Single());
    }

    [Fact]
    public void The_slots_make_up_one_time()
    {
        var wish = Appointment(AppointmentStatus.Proposed);
        var gap = Facts(wish, false, Slot("t1", "09:00", "09:30"), Slot("t2", "10:00", "10:30"));
        var two = Facts(wish, false, Slot("t2", "09:30", "10:00"), Slot("t1", "09:00", "09:30"));
        var room = Facts(wish, false, Slot("t1", "09:00", "09:30"), Slot("r1", "09:00", "10:00", schedule: "room"));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "wrong-duration"), Told(_rules.Book(gap)));
        Assert.Equal("wrong-duration", _rules.Book(room).Refusal!.Code);
        Assert.Equal(60, _rules.Book(two).Value!.Appointment.MinutesDuration);
    }

    [Fact]
    public void The_time_is_that_of_the_slots_and_ahead()
    {
        var slot = Slot("t1", "09:00", "09:30");
        var wish = Appointment(AppointmentStatus.Proposed);
        wish.MinutesDuration = 45;

        Assert.Equal("wrong-duration", _rules.Book(Facts(Appointment(AppointmentStatus.Proposed, "09:00", "10:00"), false, slot)).Refusal!.Code);
        Assert.Equal("wrong-duration", _rules.Book(Facts(wish, false, slot)).Refusal!.Code);
        Assert.Equal("slot-missing", _rules.Book(Facts(wish, false)).Refusal!.Code);
        Assert.Equal(
            (HttpStatusCode.UnprocessableEntity, "past"),
            Told(_rules.Book(Facts(Appointment(AppointmentStatus.Proposed), false, slot) with { Now = At("09:00") })));
        var closed = Facts(Appointment(AppointmentStatus.Proposed), false, slot);
        closed.Schedules[0].Active = false;
        Assert.Equal("service-inactive", _rules.Book(closed).Refusal!.Code);
    }

    [Fact]
    public void A_group_fills_seat_by_seat()
    {
        var slot = Slot("t1", "09:00", "09:30");
        slot.AddExtension(ScheduleHours.CapacityUrl, new Integer(2));
        var facts = Facts(Appointment(AppointmentStatus.Proposed), false);

        Assert.Empty(_rules.Book(facts with { Slots = [new(slot)] }).Value!.Slots);
        Assert.Equal(Hl7.Fhir.Model.Slot.SlotStatus.Busy, _rules.Book(facts with { Slots = [new(slot) { SeatsTaken = 1 }] }).Value!.Slots.Single().Status);
        Assert.Equal("slot-unavailable", _rules.Book(facts with { Slots = [new(slot) { SeatsTaken = 2 }] }).Refusal!.Code);
    }

    [Fact]
    public void To_move_it_frees_the_old_time_and_its_own_does_not_block_it()
    {
        var t1 = Slot("t1", "09:00", "09:30", Hl7.Fhir.Model.Slot.SlotStatus.Busy);
        var t2 = Slot("t2", "09:30", "10:00", Hl7.Fhir.Model.Slot.SlotStatus.Busy);
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "10:00", "Patient/p1", "Practitioner/d1");
        var old = new[] { new LoadedSlot(t1) { AppointmentId = "a1" }, new LoadedSlot(t2) { AppointmentId = "a1" } };
        var facts = new BookingFacts(appointment, true, [old[1], new(Slot("t3", "10:00", "10:30"))], Morning) { Schedules = [Schedule()] };

        var change = _rules.Reschedule(facts, old, [Schedule()]).Value!;

        Assert.Equal(("a1", At("09:30"), At("10:30")), (change.Appointment.Id, change.Appointment.Start!.Value, change.Appointment.End!.Value));
        Assert.Equal(["t3 Busy", "t1 Free"], change.Slots.Select(slot => $"{slot.Id} {slot.Status}"));
        Assert.Equal("invalid-transition", _rules.Reschedule(facts with { Appointment = Appointment(AppointmentStatus.Fulfilled) }, old, []).Refusal!.Code);
    }

    [Fact]
    public void To_move_it_to_another_clinician_changes_who_takes_part()
    {
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30", "Patient/p1", "Practitioner/d1");
        var facts = new BookingFacts(appointment, true, [new(Slot("t9", "11:00", "11:30", schedule: "s2"))], Morning)
        {
            Schedules = [Schedule("s2", "Practitioner/d2")],
        };

        var change = _rules.Reschedule(facts, [], [Schedule()]).Value!;

        Assert.Equal(["Patient/p1", "Practitioner/d2"], change.Appointment.Participant.Select(one => one.Actor!.Reference!));
    }

    [Fact]
    public void A_role_and_its_practitioner_are_one()
    {
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30", "Patient/p1", "PractitionerRole/r1");
        var facts = new BookingFacts(appointment, true, [new(Slot("t9", "11:00", "11:30", schedule: "s2"))], Morning)
        {
            Schedules = [Schedule("s2", "Practitioner/d2")],
            ActorOf = reference => reference == "PractitionerRole/r1" ? "Practitioner/d1" : reference,
        };

        var change = _rules.Reschedule(facts, [], [Schedule()]).Value!;

        Assert.Equal(["Patient/p1", "Practitioner/d2"], change.Appointment.Participant.Select(one => one.Actor!.Reference!));
    }

    [Fact]
    public void All_whose_slots_are_taken_take_part()
    {
        var facts = new BookingFacts(
            Appointment(AppointmentStatus.Proposed), false,
            [new(Slot("t1", "09:00", "09:30")), new(Slot("t2", "09:00", "09:30", schedule: "s2")), new(Slot("t3", "09:00", "09:30", schedule: "s3"))],
            Morning)
        {
            Schedules = [Schedule(), Schedule("s2", "Practitioner/d2"), Schedule("s3", "Location/room")],
        };

        Assert.Equal(
            ["Patient/p1", "Practitioner/d1", "Practitioner/d2", "Location/room"],
            _rules.Book(facts).Value!.Appointment.Participant.Select(one => one.Actor!.Reference!));
    }

    [Fact]
    public void To_cancel_frees_the_time_and_remembers_when()
    {
        var slots = new[] { new LoadedSlot(Slot("t1", "09:00", "09:30", Hl7.Fhir.Model.Slot.SlotStatus.Busy)) };
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30");
        var reason = new Cancellation(new CodeableConcept("http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "pat"), "Flu");

        var change = _rules.Cancel(appointment, slots, reason, At("09:00").AddDays(-1)).Value!;
        Assert.Equal((AppointmentStatus.Cancelled, "pat", "Flu"), (change.Appointment.Status!.Value, change.Appointment.CancelationReason!.Coding[0].Code, change.Appointment.Comment));
        Assert.Equal("2026-11-01T09:00:00Z", ((FhirDateTime)change.Appointment.GetExtension(BookingRules.CancellationDateUrl)!.Value!).Value);
        Assert.Equal(Hl7.Fhir.Model.Slot.SlotStatus.Free, change.Slots.Single().Status);
        Assert.Null(change.Appointment.Meta);

        var late = _rules.Cancel(appointment, slots, reason, Morning).Value!;
        Assert.Equal("late-cancel", late.Appointment.Meta!.Tag.Single().Code);
        Assert.Equal("invalid-transition", _rules.Cancel(late.Appointment, [], reason, Morning).Refusal!.Code);
        Assert.Equal((HttpStatusCode.BadRequest, "reason-missing"), Told(_rules.Cancel(appointment, slots, new(null), Morning)));
        Assert.Equal("cancelled-by", _rules.Cancel(appointment, slots, reason with { By = "nobody" }, Morning).Refusal!.Code);
    }

    [Fact]
    public void A_hold_that_ran_out_is_cancelled_by_the_system()
    {
        var held = _rules.Hold(Facts(Appointment(AppointmentStatus.Proposed), false, Slot("t1", "09:00", "09:30"))).Value!;
        LoadedSlot[] slots = [new(held.Slots[0])];

        Assert.Null(_rules.Expire(held.Appointment, slots, At("08:09")));
        var expired = _rules.Expire(held.Appointment, slots, At("08:10"))!;
        Assert.Equal((AppointmentStatus.Cancelled, "hold-expired"), (expired.Appointment.Status!.Value, expired.Appointment.CancelationReason!.Coding[0].Code));
        Assert.Equal(Hl7.Fhir.Model.Slot.SlotStatus.Free, expired.Slots.Single().Status);
    }

    [Theory]
    [InlineData("09:44", AppointmentStatus.Booked, false, false, false, null)]
    [InlineData("09:45", AppointmentStatus.Booked, false, false, false, AppointmentStatus.Noshow)]
    [InlineData("09:45", AppointmentStatus.Booked, false, true, false, AppointmentStatus.Noshow)]
    [InlineData("09:45", AppointmentStatus.Booked, false, false, true, AppointmentStatus.Cancelled)]
    [InlineData("09:45", AppointmentStatus.CheckedIn, true, false, false, AppointmentStatus.Cancelled)]
    [InlineData("09:45", AppointmentStatus.CheckedIn, true, true, false, null)]
    [InlineData("09:45", AppointmentStatus.Fulfilled, true, true, false, null)]
    public void A_visit_that_did_not_happen_is_put_down_to_whoever_was_not_there(
        string now, AppointmentStatus status, bool patient, bool clinician, bool isUnavailable, AppointmentStatus? expected)
    {
        var change = _rules.Miss(Appointment(status, "09:00", "09:30"), [], patient, clinician, isUnavailable, At(now));

        Assert.Equal(expected, change?.Appointment.Status);
        Assert.Equal(expected == AppointmentStatus.Cancelled ? "prov" : null, change?.Appointment.CancelationReason?.Coding[0].Code);
    }

    [Theory]
    [InlineData("08:29", "checkin-window")]
    [InlineData("08:30", null)]
    [InlineData("09:29", null)]
    [InlineData("09:30", "checkin-window")]
    public void Check_in_has_its_time(string now, string? code)
    {
        Assert.Equal(code, _rules.CheckIn(Appointment(AppointmentStatus.Booked, "09:00", "09:30"), [], [], At(now)).Refusal?.Code);
    }

    [Fact]
    public void Check_in_waits_for_every_form()
    {
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30");
        appointment.SupportingInformation = [new("Questionnaire/q1"), new("Questionnaire/q2"), new("DocumentReference/x")];
        Assert.Equal(["Questionnaire/q1", "Questionnaire/q2"], BookingRules.FormsOf(appointment));
        RequiredForm[] forms =
        [
            new("Questionnaire/q1", new Questionnaire { Id = "q1", Url = "http://x/q1", Version = "2" }),
            new("Questionnaire/q2", new Questionnaire { Id = "q2" }),
        ];

        var refusal = _rules.CheckIn(appointment, forms, [], At("08:45")).Refusal!;
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "checkin-incomplete", 2), (refusal.Status, refusal.Code, refusal.Issues(Own).Count));
        QuestionnaireResponse[] wrong =
        [
            Response("http://x/q1|1"), Response("http://x/q2"), Response("http://x/q1", "Patient/other"),
            Response("http://x/q1", status: QuestionnaireResponse.QuestionnaireResponseStatus.InProgress),
        ];
        Assert.Equal(2, _rules.CheckIn(appointment, forms, wrong, At("08:45")).Refusal!.Issues(Own).Count);
        QuestionnaireResponse[] right =
        [
            Response("http://x/q1|2"), Response("Questionnaire/q2", status: QuestionnaireResponse.QuestionnaireResponseStatus.Amended),
        ];
        var checkedIn = _rules.CheckIn(appointment, forms, right, At("08:45")).Value!;
        Assert.Equal(AppointmentStatus.CheckedIn, checkedIn.Status);
        Assert.True(_rules.CheckIn(checkedIn, forms, [], At("12:00")).IsAllowed);
    }

    [Fact]
    public void A_patient_books_for_nobody_else()
    {
        var app = Caller.User("u1", "app") with { Patient = "p1", Scopes = SmartScope.ParseAll("patient/Appointment.cruds") };
        var staff = Caller.User("u2", "app") with
        {
            FhirUser = new ResourceKey("Practitioner", "d1"),
            Scopes = SmartScope.ParseAll("user/Appointment.cruds"),
        };
        var patientWithUserScope = staff with { FhirUser = new ResourceKey("Patient", "p1") };

        Assert.Null(BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed), app));
        Assert.Null(BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed), patientWithUserScope));
        Assert.Equal("other-patient", BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed, null, null, "Patient/p2"), app)!.Code);
        Assert.Equal("other-patient", BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed, null, null, "Patient/p2"), patientWithUserScope)!.Code);
        Assert.Equal("other-patient", BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed, null, null, "Practitioner/d1"), app)!.Code);
        Assert.Null(BookingRules.CheckPatient(Appointment(AppointmentStatus.Proposed, null, null, "Patient/p2"), staff));
        Assert.Null(BookingRules.CheckPatient(
            Appointment(AppointmentStatus.Proposed), Caller.Client("ehr") with { Scopes = SmartScope.ParseAll("system/*.cruds") }));
    }

    [Fact]
    public void A_proposal_runs_out()
    {
        Assert.Null(BookingRules.CheckProposal(At("09:00"), At("08:59")));
        Assert.Equal((HttpStatusCode.Gone, "proposal-expired"), (BookingRules.CheckProposal(At("09:00"), At("09:00"))!.Status, BookingRules.CheckProposal(At("09:00"), At("09:00"))!.Code));
    }

    private static (HttpStatusCode, string) Told(Decision<BookingChange> decision) => (decision.Refusal!.Status, decision.Refusal.Code);

    private static QuestionnaireResponse Response(
        string questionnaire,
        string subject = "Patient/p1",
        QuestionnaireResponse.QuestionnaireResponseStatus status = QuestionnaireResponse.QuestionnaireResponseStatus.Completed) =>
        new() { Questionnaire = questionnaire, Subject = new ResourceReference(subject), Status = status };
}
