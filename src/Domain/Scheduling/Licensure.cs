using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>That a clinician may treat patients somewhere: a role with jurisdictions for its locations.</summary>
/// <param name="Role">The role.</param>
/// <param name="Services">The HealthcareServices of the role as far as they are known.</param>
public sealed record Licence(PractitionerRole Role, ImmutableArray<HealthcareService> Services);

/// <summary>
/// Whether a clinician is licensed where the patient is during a visit by video. A licence is a PractitionerRole
/// (https://hl7.org/fhir/R4/practitionerrole.html) whose <c>location</c> are jurisdictions, for the services in <c>healthcareService</c>, or for all
/// where it names none. Where the patient is, is what was declared for the visit, never the home address.
/// </summary>
public static class Licensure
{
    /// <summary>The business code of every refusal here.</summary>
    public const string NotLicensed = "not-licensed";

    /// <summary>How far up a place is looked for in larger ones: room, building, city, county, state, country.</summary>
    public const int MostPlaces = 6;

    /// <summary>Where the patient will be: extension <c>{canon}/StructureDefinition/declared-location</c>, a Location as <c>Location/id</c>; null where nothing is said.</summary>
    public static string? DeclaredOf(Appointment appointment, Canonicals canonicals) =>
        Occupancy.RelativeOf(appointment.GetExtension(Url(canonicals))?.Value as ResourceReference) is { } place
        && place.StartsWith("Location/", StringComparison.Ordinal) ? place : null;

    /// <summary>A copy of the Appointment for which this place is declared; the same where none is given.</summary>
    public static Appointment Declare(Appointment appointment, ResourceReference? place, Canonicals canonicals)
    {
        if (place is null)
        {
            return appointment;
        }

        var declared = (Appointment)appointment.DeepCopy();
        declared.RemoveExtension(Url(canonicals));
        declared.AddExtension(Url(canonicals), (ResourceReference)place.DeepCopy());
        return declared;
    }

    /// <summary>A place and the larger ones that it is in, itself first; none where it is not known.</summary>
    /// <param name="place">The place, as <c>Location/id</c>.</param>
    /// <param name="known">The Locations that are known, by that name.</param>
    public static ImmutableHashSet<string> Around(string? place, IReadOnlyDictionary<string, Location> known)
    {
        var around = ImmutableHashSet.CreateBuilder<string>(StringComparer.Ordinal);
        for (var at = place; at is not null && around.Count < MostPlaces && known.TryGetValue(at, out var location) && around.Add(at);)
        {
            at = Occupancy.RelativeOf(location.PartOf);
        }

        return around.ToImmutable();
    }

    /// <summary>Whether one of the licences is for a visit.</summary>
    /// <param name="licences">The licences of one clinician.</param>
    /// <param name="places">Where the patient is: see <see cref="Around"/>.</param>
    /// <param name="at">When the visit begins.</param>
    /// <param name="types">The service types of the visit.</param>
    /// <param name="services">The HealthcareServices that the visit or its calendar names, as <c>HealthcareService/id</c>.</param>
    public static bool Covers(
        IEnumerable<Licence> licences,
        IReadOnlySet<string> places,
        DateTimeOffset at,
        IReadOnlyCollection<CodeableConcept> types,
        IReadOnlyCollection<string> services) =>
        licences.Any(licence =>
            licence.Role.Active != false
            && Moment.Covers(licence.Role.Period, at)
            && licence.Role.Location.Select(Occupancy.RelativeOf).OfType<string>().Any(places.Contains)
            && IsFor(licence, types, services));

    /// <summary>Whether a write is to be looked at: what decides a licence is new, or the visit takes a step towards its beginning.</summary>
    /// <param name="before">The Appointment as stored; null where it is created.</param>
    /// <param name="after">The Appointment as it is to be.</param>
    /// <param name="canonicals">Where this server's extensions are.</param>
    public static bool IsInQuestion(Appointment? before, Appointment after, Canonicals canonicals) =>
        IsOn(after) && (before is null || before.Status != after.Status || before.Start != after.Start
            || DeclaredOf(before, canonicals) != DeclaredOf(after, canonicals)
            || !CliniciansOf(before).SequenceEqual(CliniciansOf(after))
            || !before.ServiceType.IsExactly(after.ServiceType));

    /// <summary>Whether an Appointment is to take place.</summary>
    public static bool IsOn(Appointment appointment) => appointment.Status is AppointmentStatus.Booked or AppointmentStatus.Arrived or AppointmentStatus.CheckedIn;

    /// <summary>The clinicians who take part, as relative references.</summary>
    public static IEnumerable<string> CliniciansOf(Appointment appointment) => appointment.Participant
        .Where(participant => participant.Status != ParticipationStatus.Declined)
        .Select(participant => Occupancy.RelativeOf(participant.Actor))
        .OfType<string>()
        .Where(actor => actor.Split('/')[0] is "Practitioner" or "PractitionerRole")
        .Distinct(StringComparer.Ordinal);

    /// <summary>422 <c>not-licensed</c>; another status where one is given.</summary>
    /// <param name="declared">Whether it was said where the patient is.</param>
    /// <param name="status">The status; 403 for who wants to come into a visit.</param>
    public static Refusal Refuse(bool declared, HttpStatusCode status = HttpStatusCode.UnprocessableEntity) => new(
        status,
        status == HttpStatusCode.Forbidden ? OperationOutcome.IssueType.Forbidden : OperationOutcome.IssueType.BusinessRule,
        NotLicensed,
        declared
            ? "A clinician of this visit is not licensed where the patient is then."
            : "Say where the patient is at the time of the visit (declared-location): the clinician must be licensed there.",
        "Appointment.extension");

    // A service whose types are not told can be any.
    private static bool IsFor(Licence licence, IReadOnlyCollection<CodeableConcept> types, IReadOnlyCollection<string> services) =>
        licence.Role.HealthcareService.Count == 0
        || licence.Role.HealthcareService.Select(Occupancy.RelativeOf).OfType<string>().Any(services.Contains)
        || licence.Services.Any(service => service.Active != false && (service.Type.Count == 0 || service.Type.Any(type => types.Any(one => Shares(one, type)))));

    private static bool Shares(CodeableConcept one, CodeableConcept other) =>
        one.Coding.Exists(coding => coding.Code is not null && other.Coding.Exists(same => same.System == coding.System && same.Code == coding.Code));

    private static string Url(Canonicals canonicals) => canonicals.Extension("declared-location");
}
