using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>An offer as the Appointment that a client can hold or book, as complete as what is known allows.</summary>
public static class ProposedAppointment
{
    private const string Snomed = "http://snomed.info/sct";
    private const string Telemedicine = "448337001";

    /// <summary>The Appointment: proposed, with the Slots of the offer and nobody's answer yet.</summary>
    public static Appointment Of(Offer offer, TimeSearch search, string id, Canonicals canonicals)
    {
        var (slot, calendar) = (offer.Parts[0].Slot, offer.Parts[0].Calendar);
        var schedule = calendar.Schedule;
        var appointment = new Appointment
        {
            Id = id,
            Status = AppointmentStatus.Proposed,
            ServiceCategory = Copies(slot.ServiceCategory.Count > 0 ? slot.ServiceCategory : schedule.ServiceCategory),
            ServiceType = Types(slot, schedule, search),
            Specialty = Copies(slot.Specialty.Count > 0 ? slot.Specialty : schedule.Specialty),
            AppointmentType = slot.AppointmentType?.DeepCopy() as CodeableConcept,
            ReasonCode = Copies(search.Reasons),
            StartElement = Moment.Instant(slot.Start!.Value),
            EndElement = Moment.Instant(slot.End!.Value),
            MinutesDuration = Math.Max(1, (int)offer.Time.Duration.TotalMinutes),
            Slot = [.. offer.Parts.Select(part => new ResourceReference($"Slot/{part.Slot.Id}"))],
            BasedOn = search.Referral is { } referral
                ? [new ResourceReference { Type = "ServiceRequest", Identifier = (Identifier)referral.DeepCopy() }]
                : [],
            Participant =
            [
                .. search.Patients.Select(patient => Invited(new ResourceReference(patient))),
                .. offer.Parts.SelectMany(part => part.Calendar.Invited).DistinctBy(actor => actor.Reference).Select(Invited),
            ],
        };
        if (search.Declared is { } place)
        {
            appointment = Licensure.Declare(appointment, new ResourceReference(place), canonicals);
        }

        return search.Occurrences is { } count && WeeklySeries.Times(slot.Start.Value, count, calendar.Zone.Value!).Value is { } weeks
            ? WeeklySeries.Members(appointment, weeks, id, calendar.Zone.Value!, canonicals)[0]
            : appointment;
    }

    /// <summary>The service types of a Slot: its own, else those of its Schedule (https://hl7.org/fhir/R4/slot-definitions.html#Slot.serviceType).</summary>
    internal static List<CodeableConcept> ServiceTypes(Slot slot, Schedule schedule) => slot.ServiceType.Count > 0 ? slot.ServiceType : schedule.ServiceType;

    /// <summary>Whether a visit of one of the types can be of that kind; where no type is said it can be of either.</summary>
    internal static bool Allows(List<CodeableConcept> types, VisitModality? modality) => types.Count == 0 || modality switch
    {
        VisitModality.Virtual => types.Exists(IsVirtual),
        VisitModality.InPerson => types.Exists(type => !IsVirtual(type)),
        _ => true,
    };

    /// <summary>Whether a concept has the code.</summary>
    internal static bool Has(CodeableConcept concept, TokenSearchValue wished) => concept.Coding.Exists(coding =>
        (wished.Code is null || coding.Code == wished.Code) && (wished.System is null || (coding.System ?? "") == wished.System));

    /// <summary>The types in the order wished for, and of both kinds only the one that was asked for.</summary>
    internal static List<CodeableConcept> Types(Slot slot, Schedule schedule, TimeSearch search)
    {
        var types = ServiceTypes(slot, schedule)
            .Where(type => search.Modality switch
            {
                VisitModality.InPerson => !IsVirtual(type),
                VisitModality.Virtual => IsVirtual(type) || search.VisitTypes.Any(wished => Has(type, wished)),
                _ => true,
            })
            .OrderBy(type => search.VisitTypes.Any(wished => Has(type, wished)) ? 0 : 1);
        var kept = Copies(types);
        return kept.Count == 0 && search.Modality == VisitModality.Virtual
            ? [new(Snomed, Telemedicine, "Telemedicine consultation with patient", "Telehealth visit")]
            : kept;
    }

    /// <summary>Whether a type of visit is one by video.</summary>
    internal static bool IsVirtual(CodeableConcept type) => type.Coding.Exists(coding => coding is { System: Snomed, Code: Telemedicine });

    private static ParticipantComponent Invited(ResourceReference actor) => new()
    {
        Type = actor.Reference?.Split('/')[0] is "Practitioner" or "PractitionerRole"
            ? [new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PPRF")]
            : [],
        Actor = actor,
        Required = ParticipantRequired.Required,
        Status = ParticipationStatus.NeedsAction,
    };

    private static List<CodeableConcept> Copies(IEnumerable<CodeableConcept> concepts) => [.. concepts.Select(concept => (CodeableConcept)concept.DeepCopy())];
}
