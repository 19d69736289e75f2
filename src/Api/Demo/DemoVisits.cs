using Hl7.Fhir.Model;
using NodaTime;

namespace TeleFhir.Api.Demo;

/// <summary>Amy's next video visit, booked, and her first one, over; and a question about Ben that waits for the cardiologist.</summary>
internal static class DemoVisits
{
    private const string Booked = "demo-amy-visit";
    private const string Over = "demo-amy-first-visit";
    private const string Question = "demo-econsult";

    private static readonly LocalTime _start = new(10, 0);

    public static string BookedSlotId(DemoCalendar calendar) => DemoClinic.SlotId("demo-lee", BookedDay(calendar), _start);

    public static IEnumerable<Resource> Build(DemoCalendar calendar, string canonicalBase, string origin)
    {
        var address = $"{origin}/visit/{Booked}";
        return
        [
            BookedAppointment(calendar, canonicalBase, address),
            PlannedEncounter(calendar, canonicalBase, address),
            FinishedEncounter(calendar),
            ConsultRequest(calendar),
            ConsultTask(calendar),
        ];
    }

    private static CodeableConcept Hypertension => DemoTerms.Concept(new Coding(DemoTerms.Snomed, "38341003", "Hypertensive disorder"), "High blood pressure");

    private static LocalDate BookedDay(DemoCalendar calendar) => DemoCalendar.WeekdayFrom(calendar.Today.PlusDays(1));

    private static Appointment BookedAppointment(DemoCalendar calendar, string canonicalBase, string address)
    {
        var start = DemoCalendar.At(BookedDay(calendar), _start);
        return new Appointment
        {
            Id = Booked,
            Meta = new Meta { Profile = ["http://hl7.org/fhir/us/core/StructureDefinition/us-core-appointment"] },
            Extension = [DemoTerms.VirtualService("Appointment", canonicalBase, address)],
            Status = Appointment.AppointmentStatus.Booked,
            ServiceType = [DemoTerms.Televisit],
            AppointmentType = DemoTerms.Concept(DemoTerms.Hl7("v2-0276", "FOLLOWUP", "A follow up visit from a previous appointment")),
            ReasonCode = [Hypertension],
            Description = "Follow-up: home blood pressure",
            Start = start,
            End = start.AddMinutes(30),
            MinutesDuration = 30,
            Slot = [new ResourceReference($"Slot/{BookedSlotId(calendar)}")],
            Created = DemoTerms.Instant(calendar.Now),
            Participant =
            [
                new Appointment.ParticipantComponent
                {
                    Actor = new ResourceReference(DemoPatients.Amy, "Amy Rivera"),
                    Required = Appointment.ParticipantRequired.Required,
                    Status = ParticipationStatus.Accepted,
                },
                new Appointment.ParticipantComponent
                {
                    Type = [DemoTerms.PrimaryPerformer],
                    Actor = new ResourceReference(DemoClinic.Lee, "Dr. Grace Lee"),
                    Required = Appointment.ParticipantRequired.Required,
                    Status = ParticipationStatus.Accepted,
                },
            ],
        };
    }

    private static Encounter PlannedEncounter(DemoCalendar calendar, string canonicalBase, string address)
    {
        var start = DemoCalendar.At(BookedDay(calendar), _start);
        var encounter = Visit(Booked, Encounter.EncounterStatus.Planned);
        encounter.Extension =
        [
            DemoTerms.VirtualService("Encounter", canonicalBase, address),
            DemoTerms.OfR5("Encounter.plannedStartDate", new FhirDateTime(DemoTerms.Instant(start))),
            DemoTerms.OfR5("Encounter.plannedEndDate", new FhirDateTime(DemoTerms.Instant(start.AddMinutes(30)))),
        ];
        encounter.Appointment = [new ResourceReference($"Appointment/{Booked}")];
        return encounter;
    }

    /// <summary>The status it has now is not part of the history (https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.statusHistory).</summary>
    private static Encounter FinishedEncounter(DemoCalendar calendar)
    {
        var day = DemoCalendar.WeekdayFrom(calendar.Today.PlusDays(-DemoReadings.Days - 5));
        var planned = DemoCalendar.At(day.PlusDays(-7), new LocalTime(15, 20));
        var arrived = DemoCalendar.At(day, new LocalTime(9, 52));
        var admitted = DemoCalendar.At(day, new LocalTime(10, 1));
        var ended = DemoCalendar.At(day, new LocalTime(10, 24));
        var encounter = Visit(Over, Encounter.EncounterStatus.Finished);
        encounter.Extension =
        [
            DemoTerms.OfR5(
                "Encounter.subjectStatus", DemoTerms.Concept(DemoTerms.Hl7("encounter-subject-status", "departed", "Departed"))),
        ];
        encounter.StatusHistory =
        [
            Was(Encounter.EncounterStatus.Planned, planned, arrived),
            Was(Encounter.EncounterStatus.Arrived, arrived, admitted),
            Was(Encounter.EncounterStatus.InProgress, admitted, ended),
        ];
        encounter.Period = DemoTerms.Period(admitted, ended);
        encounter.Length = new Hl7.Fhir.Model.Duration { Value = 23, Unit = "min", System = DemoTerms.Ucum, Code = "min" };
        return encounter;
    }

    private static Encounter.StatusHistoryComponent Was(Encounter.EncounterStatus status, DateTimeOffset start, DateTimeOffset end) =>
        new() { Status = status, Period = DemoTerms.Period(start, end) };

    private static Encounter Visit(string id, Encounter.EncounterStatus status) => new()
    {
        Id = id,
        Status = status,
        Class = DemoTerms.Virtual,
        Type = [DemoTerms.Televisit],
        Subject = new ResourceReference(DemoPatients.Amy, "Amy Rivera"),
        Participant =
        [
            new Encounter.ParticipantComponent
            {
                Type = [DemoTerms.PrimaryPerformer],
                Individual = new ResourceReference(DemoClinic.Lee, "Dr. Grace Lee"),
            },
        ],
        ReasonCode = [Hypertension],
        ServiceProvider = new ResourceReference(DemoClinic.Organization),
    };

    private static ServiceRequest ConsultRequest(DemoCalendar calendar)
    {
        var yesterday = calendar.Today.PlusDays(-1);
        return new ServiceRequest
        {
            Id = Question,
            Status = RequestStatus.Active,
            Intent = RequestIntent.Order,
            Priority = RequestPriority.Routine,
            Code = DemoTerms.Concept(new Coding(DemoTerms.Snomed, "103696004", "Patient referral to specialist"), "Cardiology e-consult"),
            Subject = new ResourceReference(DemoPatients.Ben, "Ben Novak"),
            AuthoredOn = DemoTerms.Instant(AskedAt(calendar)),
            Requester = new ResourceReference(DemoClinic.Lee, "Dr. Grace Lee"),
            PerformerType = DemoTerms.Concept(new Coding(DemoTerms.Snomed, "17561000", "Cardiologist")),
            Performer = [new ResourceReference(DemoClinic.Okoye, "Dr. Daniel Okoye")],
            ReasonCode = [DemoTerms.Concept(new Coding(DemoTerms.Snomed, "267036007", "Dyspnea"), "Short of breath on exertion")],
            SupportingInfo =
            [
                new ResourceReference($"Observation/{DemoReadings.Id(DemoPatients.Ben, "spo2", yesterday)}"),
                new ResourceReference($"Observation/{DemoReadings.Id(DemoPatients.Ben, "weight", yesterday)}"),
            ],
            Note = [new Annotation { Text = "Two kilograms gained in three months. Does he need an echocardiogram before we change his medication?" }],
        };
    }

    /// <summary>Nobody has claimed it: an owner is set by whoever does.</summary>
    private static Hl7.Fhir.Model.Task ConsultTask(DemoCalendar calendar) => new()
    {
        Id = Question,
        Status = Hl7.Fhir.Model.Task.TaskStatus.Requested,
        Intent = Hl7.Fhir.Model.Task.TaskIntent.Order,
        Priority = RequestPriority.Routine,
        Code = DemoTerms.Concept(new Coding("http://hl7.org/fhir/CodeSystem/task-code", "fulfill", "Fulfill the focal request")),
        Description = "Answer the cardiology e-consult",
        BasedOn = [new ResourceReference($"ServiceRequest/{Question}")],
        Focus = new ResourceReference($"ServiceRequest/{Question}"),
        For = new ResourceReference(DemoPatients.Ben, "Ben Novak"),
        AuthoredOn = DemoTerms.Instant(AskedAt(calendar)),
        LastModified = DemoTerms.Instant(AskedAt(calendar)),
        Requester = new ResourceReference(DemoClinic.Lee, "Dr. Grace Lee"),
        PerformerType = [DemoTerms.Concept(new Coding(DemoTerms.Snomed, "17561000", "Cardiologist"))],
        Restriction = new Hl7.Fhir.Model.Task.RestrictionComponent
        {
            Period = DemoTerms.Period(AskedAt(calendar), AskedAt(calendar).AddDays(3)),
        },
    };

    private static DateTimeOffset AskedAt(DemoCalendar calendar) => DemoCalendar.At(calendar.Today.PlusDays(-1), new LocalTime(16, 40));
}
