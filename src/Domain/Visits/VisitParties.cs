using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// Who takes part in a visit: the patient who is its subject, the people whom <c>Encounter.participant</c> names and whose time is not over,
/// and a client of the clinic (<c>system/</c> scopes), which acts for its staff. Practitioners who are not named do not, however much they may read.
/// </summary>
public static class VisitParties
{
    /// <summary>
    /// The caller as a party of the visit; null where it is none.
    /// </summary>
    /// <param name="encounter">The Encounter, with its id.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="practitioner">The practitioner of a role that <c>Encounter.participant</c> names, by the role's reference.</param>
    /// <param name="now">The time.</param>
    public static RoomMember? Find(Encounter encounter, Caller caller, Func<string, string?> practitioner, DateTimeOffset now) => PersonOf(caller) switch
    {
        { } person => Find(encounter, person, practitioner, now),
        _ when caller.IsUnrestricted || (caller.Kind == CallerKind.Client && caller.IsStaffFor("Encounter")) =>
            new(encounter.Id!, caller.ClientId is { } client ? $"client/{client}" : caller.Name, "Clinic", IsHost: true),
        _ => null,
    };

    /// <summary>A person, by <c>Type/id</c>, as a party of the visit; null where the person is none.</summary>
    public static RoomMember? Find(Encounter encounter, string person, Func<string, string?> practitioner, DateTimeOffset now)
    {
        if (person == Local(encounter.Subject))
        {
            return person.StartsWith("Patient/", StringComparison.Ordinal)
                ? new(encounter.Id!, person, encounter.Subject?.Display is { Length: > 0 } name ? name : "Patient", IsHost: false)
                : null;
        }

        var named = Present(encounter, now).FirstOrDefault(one =>
            Local(one.Individual) is { } reference && (reference == person || practitioner(reference) == person));
        if (named is null)
        {
            return null;
        }

        var isHost = person.StartsWith("Practitioner", StringComparison.Ordinal) && !IsTranslator(named);
        var fallback = isHost ? "Clinician" : IsTranslator(named) ? "Interpreter" : "Guest";
        return new(encounter.Id!, person, named.Individual?.Display is { Length: > 0 } display ? display : fallback, isHost);
    }

    /// <summary>References to roles among the participants, which stand for a practitioner.</summary>
    public static IEnumerable<string> RolesIn(Encounter encounter) => encounter.Participant.Select(one => Local(one.Individual))
        .OfType<string>().Where(reference => reference.StartsWith("PractitionerRole/", StringComparison.Ordinal));

    /// <summary>How many take part, the patient among them.</summary>
    public static int Count(Encounter encounter, DateTimeOffset now) => Present(encounter, now).Count() + (encounter.Subject is null ? 0 : 1);

    /// <summary>Whether the visit has begun, so that whoever takes part is let in.</summary>
    public static bool HasBegun(Encounter encounter) => encounter.Status is Encounter.EncounterStatus.InProgress or Encounter.EncounterStatus.Onleave;

    /// <summary>The relative reference without a version; null for others.</summary>
    public static string? Local(ResourceReference? reference) =>
        ResourceKey.TryParse(reference?.Reference, out var key) ? $"{key.Type}/{key.Id}" : null;

    private static IEnumerable<Encounter.ParticipantComponent> Present(Encounter encounter, DateTimeOffset now) =>
        encounter.Participant.Where(one => Moment.Read(one.Period?.End) is not { } end || end > now);

    private static bool IsTranslator(Encounter.ParticipantComponent participant) =>
        participant.Type.Any(type => type.Coding.Any(coding => coding.Code == VisitInvitation.Translator));

    /// <summary>The user; else, where the token tells no user, the patient whose app it is.</summary>
    private static string? PersonOf(Caller caller) => caller switch
    {
        { FhirUser: { } user } => $"{user.Type}/{user.Id}",
        { Kind: CallerKind.User, Patient: { } patient } => $"Patient/{patient}",
        _ => null,
    };
}
