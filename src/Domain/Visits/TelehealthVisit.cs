using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// A visit by video: what of it an Appointment says beforehand and which Encounter is planned for it. The two are tied by
/// <c>Encounter.appointment</c> (https://hl7.org/fhir/R4/encounter.html) and carry the same virtual service.
/// </summary>
public static class TelehealthVisit
{
    /// <summary>R5's Encounter.plannedStartDate on R4.</summary>
    public const string PlannedStartUrl = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedStartDate";

    /// <summary>R5's Encounter.plannedEndDate on R4.</summary>
    public const string PlannedEndUrl = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.plannedEndDate";

    private const string Snomed = "http://snomed.info/sct";
    private const string Telemedicine = "448337001";
    internal const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    /// <summary>The service type that makes an Appointment virtual.</summary>
    public static CodeableConcept ServiceType => new(Snomed, Telemedicine, "Telemedicine consultation with patient", "Telehealth visit");

    /// <summary>Encounter.class of a visit by video.</summary>
    public static Coding Virtual => new(ActCode, "VR", "virtual");

    /// <summary>Encounter.class of a visit in person.</summary>
    public static Coding InPerson => new(ActCode, "AMB", "ambulatory");

    /// <summary>Whether it takes place by video: a service type has SNOMED CT 448337001.</summary>
    public static bool IsVirtual(Appointment appointment) =>
        appointment.ServiceType.Any(type => type.Coding.Any(coding => coding is { System: Snomed, Code: Telemedicine }));

    /// <summary>The page where the parties of an Encounter meet.</summary>
    /// <param name="origin">The origin of the server, without a slash at its end.</param>
    /// <param name="encounterId">The Encounter's id.</param>
    public static string AddressOf(string origin, string encounterId) => $"{origin.TrimEnd('/')}/visit/{encounterId}";

    /// <summary>A copy of the Appointment with this virtual service and no other.</summary>
    public static Appointment Connect(Appointment appointment, VirtualServiceDetail service)
    {
        var connected = (Appointment)appointment.DeepCopy();
        Put(connected, service);
        return connected;
    }

    /// <summary>
    /// The Encounter that is planned when a virtual Appointment is booked, or that begins when a patient arrives for another one. 422
    /// <c>patient-missing</c> where nobody is the patient; a group visit has an Encounter for each patient, so name which.
    /// </summary>
    /// <param name="appointment">The Appointment, with its id.</param>
    /// <param name="encounterId">The id of the Encounter.</param>
    /// <param name="service">How the parties meet online; null where they meet in person.</param>
    /// <param name="patient">Whose Encounter; the first patient of the Appointment where null.</param>
    public static Decision<Encounter> Plan(
        Appointment appointment, string encounterId, VirtualServiceDetail? service, ResourceReference? patient = null)
    {
        var subject = patient ?? PatientsOf(appointment).FirstOrDefault();
        if (subject is null)
        {
            return Refusal.BusinessRule("patient-missing", "A telehealth visit needs a patient.", "Appointment.participant");
        }

        var encounter = new Encounter
        {
            Id = encounterId,
            Status = Encounter.EncounterStatus.Planned,
            Class = service is null ? InPerson : Virtual,
            Type = service is null ? [] : [ServiceType],
            ServiceType = Copy(appointment.ServiceType.FirstOrDefault()),
            Subject = Copy(subject),
            BasedOn = [.. appointment.BasedOn.Select(order => Copy(order)!)],
            Participant = [.. appointment.Participant.Where(TakesPart).Select(ParticipantOf)],
            Appointment = [new ResourceReference($"Appointment/{appointment.Id}")],
            ReasonCode = [.. appointment.ReasonCode.Select(reason => Copy(reason)!)],
            ReasonReference = [.. appointment.ReasonReference.Where(IsReasonOfEncounter).Select(reason => Copy(reason)!)],
        };
        if (service is not null)
        {
            Put(encounter, service);
        }

        PutTimes(encounter, appointment);
        return encounter;
    }

    /// <summary>
    /// A copy of the planned Encounter that follows its Appointment to another time or other people; guests that were invited to it come
    /// along. What is no longer planned stays as it is.
    /// </summary>
    public static Encounter MovePlan(Encounter encounter, Appointment appointment)
    {
        var moved = (Encounter)encounter.DeepCopy();
        if (moved.Status == Encounter.EncounterStatus.Planned)
        {
            var people = appointment.Participant.Where(TakesPart).Select(ParticipantOf).ToList();
            var guests = moved.Participant.Where(one => TypeOf(one.Individual) == "RelatedPerson"
                && people.TrueForAll(other => other.Individual?.Reference != one.Individual?.Reference));
            moved.Participant = [.. people, .. guests];
            PutTimes(moved, appointment);
        }

        return moved;
    }

    /// <summary>The patients who take part, in order.</summary>
    public static IEnumerable<ResourceReference> PatientsOf(Appointment appointment) => appointment.Participant
        .Where(participant => participant.Status != ParticipationStatus.Declined)
        .Select(participant => participant.Actor)
        .OfType<ResourceReference>()
        .Where(actor => TypeOf(actor) == "Patient");

    private static bool TakesPart(Appointment.ParticipantComponent participant) =>
        participant.Status != ParticipationStatus.Declined
        && TypeOf(participant.Actor) is "Practitioner" or "PractitionerRole" or "RelatedPerson";

    private static Encounter.ParticipantComponent ParticipantOf(Appointment.ParticipantComponent participant) => new()
    {
        Type = [.. participant.Type.Select(type => Copy(type)!)],
        Individual = Copy(participant.Actor),
    };

    private static bool IsReasonOfEncounter(ResourceReference reason) =>
        TypeOf(reason) is "Condition" or "Procedure" or "Observation" or "ImmunizationRecommendation";

    private static void Put(DomainResource resource, VirtualServiceDetail service)
    {
        resource.RemoveExtension(VirtualServiceDetail.UrlOn(resource.TypeName));
        resource.Extension.Add(service.ToExtension(resource.TypeName));
    }

    private static void PutTimes(Encounter encounter, Appointment appointment)
    {
        if (appointment.Start is { } start && appointment.End is { } end)
        {
            encounter.SetExtension(PlannedStartUrl, Moment.DateTime(start));
            encounter.SetExtension(PlannedEndUrl, Moment.DateTime(end));
        }
    }

    private static string? TypeOf(ResourceReference? reference) =>
        reference?.Reference?.Split('/') is [.., var type, _] ? type : reference?.Type;

    private static T? Copy<T>(T? value)
        where T : Base => value is null ? null : (T)value.DeepCopy();
}
