using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;
using AppointmentStatus = Hl7.Fhir.Model.Appointment.AppointmentStatus;
using EncounterStatus = Hl7.Fhir.Model.Encounter.EncounterStatus;
using QuestionnaireStatus = Hl7.Fhir.Model.QuestionnaireResponse.QuestionnaireResponseStatus;

namespace TeleFhir.Domain.Tests.Subscriptions;

/// <summary>What happens to a resource, and which topics that is.</summary>
public sealed class TopicTests
{
    [Theory]
    [InlineData(null, AppointmentStatus.Booked, "appointment-booked")]
    [InlineData(AppointmentStatus.Pending, AppointmentStatus.Booked, "appointment-booked")]
    [InlineData(AppointmentStatus.Proposed, AppointmentStatus.Booked, "appointment-booked")]
    [InlineData(AppointmentStatus.Waitlist, AppointmentStatus.Booked, "appointment-booked")]
    [InlineData(AppointmentStatus.Booked, AppointmentStatus.Booked, "")]
    [InlineData(AppointmentStatus.Booked, AppointmentStatus.Arrived, "")]
    [InlineData(AppointmentStatus.Booked, AppointmentStatus.Cancelled, "appointment-cancelled")]
    [InlineData(AppointmentStatus.Pending, AppointmentStatus.Cancelled, "appointment-cancelled")]
    [InlineData(AppointmentStatus.Cancelled, AppointmentStatus.Cancelled, "")]
    [InlineData(null, AppointmentStatus.Cancelled, "")]
    [InlineData(AppointmentStatus.Booked, AppointmentStatus.Noshow, "appointment-noshow")]
    [InlineData(AppointmentStatus.Noshow, AppointmentStatus.Arrived, "")]
    [InlineData(null, AppointmentStatus.Proposed, "")]
    public void An_appointment_moves_on(AppointmentStatus? from, AppointmentStatus to, string topics) =>
        Assert.Equal(topics, Happen(from is null ? null : Appointment(from.Value), Appointment(to)));

    [Fact]
    public void A_hold_that_runs_out_is_no_cancellation()
    {
        var expired = Appointment(AppointmentStatus.Cancelled);
        expired.CancelationReason = new CodeableConcept("urn:any", "hold-expired");

        Assert.Equal("hold-expired", Happen(Appointment(AppointmentStatus.Pending), expired));
        Assert.Equal("", Happen(expired, expired));
    }

    [Fact]
    public void An_appointment_is_changed_when_its_time_or_who_takes_part_changes()
    {
        var before = Appointment(AppointmentStatus.Booked);
        Assert.Equal("appointment-changed", Happen(before, Appointment(AppointmentStatus.Booked, one => one.Start = one.Start!.Value.AddHours(1))));
        Assert.Equal("appointment-changed", Happen(before, Appointment(AppointmentStatus.Booked, one => one.Slot = [new ResourceReference("Slot/2")])));
        Assert.Equal("appointment-changed", Happen(before, Appointment(AppointmentStatus.Booked, one => one.Participant.RemoveAt(1))));
        Assert.Equal("", Happen(before, Appointment(AppointmentStatus.Booked, one => one.Comment = "Other words.")));
        Assert.Equal("", Happen(before, Appointment(AppointmentStatus.Booked, one => one.Participant.Reverse())));
        Assert.Equal("appointment-cancelled", Happen(before, Appointment(AppointmentStatus.Cancelled, one => one.Start = null)));
    }

    [Theory]
    [InlineData(EncounterStatus.Planned, EncounterStatus.Arrived, "encounter-waiting")]
    [InlineData(EncounterStatus.Arrived, EncounterStatus.InProgress, "encounter-started")]
    [InlineData(null, EncounterStatus.InProgress, "encounter-started")]
    [InlineData(EncounterStatus.Onleave, EncounterStatus.InProgress, "")]
    [InlineData(EncounterStatus.InProgress, EncounterStatus.Finished, "encounter-finished")]
    [InlineData(EncounterStatus.Finished, EncounterStatus.Finished, "")]
    [InlineData(null, EncounterStatus.Finished, "")]
    [InlineData(EncounterStatus.Planned, EncounterStatus.Cancelled, "")]
    public void A_visit_moves_on(EncounterStatus? from, EncounterStatus to, string topics) =>
        Assert.Equal(topics, Happen(from is null ? null : new Encounter { Status = from }, new Encounter { Status = to }));

    [Theory]
    [InlineData(Slot.SlotStatus.Busy, Slot.SlotStatus.Free, "slot-freed")]
    [InlineData(Slot.SlotStatus.BusyTentative, Slot.SlotStatus.Free, "slot-freed")]
    [InlineData(Slot.SlotStatus.BusyUnavailable, Slot.SlotStatus.Free, "slot-freed")]
    [InlineData(Slot.SlotStatus.Free, Slot.SlotStatus.Free, "")]
    [InlineData(null, Slot.SlotStatus.Free, "")]
    [InlineData(Slot.SlotStatus.Free, Slot.SlotStatus.Busy, "")]
    public void A_slot_is_freed(Slot.SlotStatus? from, Slot.SlotStatus to, string topics) =>
        Assert.Equal(topics, Happen(from is null ? null : new Slot { Status = from }, new Slot { Status = to }));

    [Theory]
    [InlineData(QuestionnaireStatus.InProgress, QuestionnaireStatus.Completed, "questionnaire-completed")]
    [InlineData(null, QuestionnaireStatus.Completed, "questionnaire-completed")]
    [InlineData(QuestionnaireStatus.Completed, QuestionnaireStatus.Amended, "")]
    [InlineData(null, QuestionnaireStatus.InProgress, "")]
    public void A_questionnaire_is_completed(QuestionnaireStatus? from, QuestionnaireStatus to, string topics) =>
        Assert.Equal(topics, Happen(from is null ? null : new QuestionnaireResponse { Status = from }, new QuestionnaireResponse { Status = to }));

    [Theory]
    [InlineData(Consent.ConsentState.Active, Consent.ConsentState.Inactive, "consent-revoked")]
    [InlineData(Consent.ConsentState.Active, Consent.ConsentState.Rejected, "consent-revoked")]
    [InlineData(Consent.ConsentState.Proposed, Consent.ConsentState.Rejected, "")]
    [InlineData(null, Consent.ConsentState.Inactive, "")]
    [InlineData(Consent.ConsentState.Proposed, Consent.ConsentState.Active, "")]
    public void A_consent_is_revoked(Consent.ConsentState? from, Consent.ConsentState to, string topics) =>
        Assert.Equal(topics, Happen(from is null ? null : new Consent { Status = from }, new Consent { Status = to }));

    [Theory]
    [InlineData(Consent.ConsentState.Active, "consent-revoked")]
    [InlineData(Consent.ConsentState.Inactive, "")]
    public void A_consent_that_is_deleted_is_revoked(Consent.ConsentState from, string topics) => Assert.Equal(topics, Happen(new Consent { Status = from }, null));

    [Fact]
    public void A_consult_is_answered_when_its_task_completes()
    {
        Assert.Equal("econsult-answered", Happen(Work("ServiceRequest/1", Hl7.Fhir.Model.Task.TaskStatus.Accepted), Work("ServiceRequest/1", Hl7.Fhir.Model.Task.TaskStatus.Completed)));
        var based = Work("Patient/1", Hl7.Fhir.Model.Task.TaskStatus.Completed);
        based.BasedOn = [new ResourceReference("https://fhir.example.org/r4/ServiceRequest/1")];
        Assert.Equal("econsult-answered", Happen(null, based));
        Assert.Equal("", Happen(based, based));
        Assert.Equal("", Happen(null, Work("Patient/1", Hl7.Fhir.Model.Task.TaskStatus.Completed)));
        Assert.Equal("", Happen(null, Work("ServiceRequest/1", Hl7.Fhir.Model.Task.TaskStatus.Accepted)));
    }

    [Fact]
    public void A_reading_is_out_of_range_when_a_task_says_so_and_the_event_is_about_the_reading()
    {
        var review = Work("Observation/1", Hl7.Fhir.Model.Task.TaskStatus.Requested, "review-reading");
        var topic = TopicCatalog.Find("observation-out-of-range")!;

        Assert.Equal(("Task", "Observation"), (topic.Watched, topic.Focus));
        Assert.Equal(["Observation/1"], topic.HappensTo(new TopicOccasion(null, review)));
        Assert.Empty(topic.HappensTo(new TopicOccasion(review, review)));
        Assert.Empty(topic.HappensTo(new TopicOccasion(null, Work("Patient/1", Hl7.Fhir.Model.Task.TaskStatus.Requested, "review-reading"))));
        Assert.Empty(topic.HappensTo(new TopicOccasion(null, Work("Observation/1", Hl7.Fhir.Model.Task.TaskStatus.Requested))));

        // Later ones come to the same Task as inputs: each is told, and told once.
        var more = (Hl7.Fhir.Model.Task)review.DeepCopy();
        foreach (var reference in (string[])["Observation/2", "Observation/3"])
        {
            more.Input.Add(new() { Type = new CodeableConcept { Text = "reading" }, Value = new ResourceReference(reference) });
        }

        Assert.Equal(["Observation/2", "Observation/3"], topic.HappensTo(new TopicOccasion(review, more)));
        Assert.Empty(topic.HappensTo(new TopicOccasion(more, review)));
        Assert.Equal("rpm-missing-data", Happen(null, Work("Patient/1", Hl7.Fhir.Model.Task.TaskStatus.Requested, "rpm-missing-data")));
    }

    [Theory]
    [InlineData("appointment-reminder-due", "Appointment")]
    [InlineData("participant-connected", "Encounter")]
    [InlineData("participant-disconnected", "Encounter")]
    public void What_makes_no_version_goes_by_its_name(string name, string focus)
    {
        var topic = TopicCatalog.Find(name)!;
        Resource resource = focus == "Encounter" ? new Encounter { Status = EncounterStatus.Arrived } : Appointment(AppointmentStatus.Booked);

        Assert.Equal(focus, topic.Focus);
        Assert.Equal([name], TopicCatalog.Topics.Where(one => one.Happens(new TopicOccasion(null, resource, name))).Select(one => one.Name));
        Assert.False(topic.Happens(new TopicOccasion(null, resource)));
    }

    [Fact]
    public void Nothing_happens_to_what_is_deleted() =>
        Assert.Equal("", Happen(Appointment(AppointmentStatus.Booked), null));

    [Fact]
    public void Every_topic_of_the_design_is_there_and_has_a_canonical_address()
    {
        string[] named =
        [
            "appointment-booked", "appointment-cancelled", "appointment-changed", "appointment-noshow", "appointment-reminder-due", "consent-revoked",
            "econsult-answered", "encounter-finished", "encounter-started", "encounter-waiting", "hold-expired", "observation-out-of-range",
            "participant-connected", "participant-disconnected", "questionnaire-completed", "rpm-missing-data", "slot-freed",
        ];
        var canonicals = new Canonicals("https://example.org/fhir/");

        Assert.Equal(named, TopicCatalog.Topics.Select(topic => topic.Name));
        Assert.All(TopicCatalog.Topics, topic => Assert.Equal(topic.Name, TopicCatalog.NameIn(TopicCatalog.UrlOf(topic.Name, canonicals), canonicals)));
        Assert.Equal("slot-freed", TopicCatalog.NameIn("https://example.org/fhir/SubscriptionTopic/slot-freed|1.0", canonicals));
        Assert.Null(TopicCatalog.NameIn("https://elsewhere.example.org/SubscriptionTopic/slot-freed", canonicals));
    }

    private static string Happen(Resource? before, Resource? now) =>
        string.Join(' ', TopicCatalog.Topics.Where(topic => topic.Happens(new TopicOccasion(before, now))).Select(topic => topic.Name));

    private static Appointment Appointment(AppointmentStatus status, Action<Appointment>? change = null)
    {
        var appointment = new Appointment
        {
            Status = status,
            Start = new DateTimeOffset(2026, 1, 1, 9, 0, 0, TimeSpan.Zero),
            End = new DateTimeOffset(2026, 1, 1, 9, 30, 0, TimeSpan.Zero),
            Slot = [new ResourceReference("Slot/1")],
            Participant = [new() { Actor = new ResourceReference("Patient/1") }, new() { Actor = new ResourceReference("Practitioner/1") }],
        };
        change?.Invoke(appointment);
        return appointment;
    }

    private static Hl7.Fhir.Model.Task Work(string focus, Hl7.Fhir.Model.Task.TaskStatus status, string code = "fulfill") =>
        new() { Focus = new ResourceReference(focus), Status = status, Code = new CodeableConcept("urn:any", code) };
}
