using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// Somebody else comes to a visit, for example a relative or an interpreter: a RelatedPerson of the patient and a participant of the Encounter.
/// </summary>
/// <param name="Name">How the person is called.</param>
/// <param name="Relationship">What the person is to the patient; <c>translator</c> for an interpreter.</param>
/// <param name="Telecom">Where to reach the person; null where that is not said.</param>
public sealed record VisitInvitation(string Name, CodeableConcept? Relationship, ContactPoint? Telecom)
{
    /// <summary>The code of an interpreter among participants (http://terminology.hl7.org/CodeSystem/participant-type).</summary>
    public const string Translator = "translator";

    private const string ParticipantType = "http://terminology.hl7.org/CodeSystem/participant-type";

    private bool IsTranslator => Relationship?.Coding.Any(coding => coding.Code == Translator) == true || Relationship?.Text == Translator;

    /// <summary>The RelatedPerson; 422 where the Encounter is of no patient.</summary>
    public Decision<RelatedPerson> Person(Encounter encounter, string id) =>
        VisitParties.Local(encounter.Subject) is { } patient && patient.StartsWith("Patient/", StringComparison.Ordinal)
            ? new RelatedPerson
            {
                Id = id,
                Active = true,
                Patient = new ResourceReference(patient),
                Relationship = Relationship is null ? [] : [(CodeableConcept)Relationship.DeepCopy()],
                Name = [new HumanName { Text = Name }],
                Telecom = Telecom is null ? [] : [(ContactPoint)Telecom.DeepCopy()],
            }
            : Refusal.BusinessRule("patient-missing", "A visit needs a patient.", "Encounter.subject");

    /// <summary>
    /// A copy of the Encounter with the person as a participant: 410 where the visit is over, 409 <c>too-many-participants</c> where that would
    /// be more than <paramref name="most"/>.
    /// </summary>
    public Decision<Encounter> Join(Encounter encounter, string id, int most, DateTimeOffset now)
    {
        if (EncounterStates.IsOver(encounter.Status))
        {
            return Refusal.Gone("visit-ended", "The visit is over.", "Encounter.status");
        }

        var limit = Math.Min(most, VirtualServiceDetail.Of(encounter).Select(service => service.MaxParticipants).FirstOrDefault() ?? most);
        if (VisitParties.Count(encounter, now) >= limit)
        {
            return Refusal.Conflict("too-many-participants", $"No more than {limit} may take part in this visit.", "Encounter.participant");
        }

        var after = (Encounter)encounter.DeepCopy();
        after.Participant.Add(new()
        {
            Type = IsTranslator ? [new CodeableConcept(ParticipantType, Translator)] : [],
            Period = Moment.Period(now, null),
            Individual = new ResourceReference($"RelatedPerson/{id}", Name),
        });
        return after;
    }

    /// <summary>A copy of the Encounter without the person, or where the person may have been there, with the end of it.</summary>
    public static Encounter Withdraw(Encounter encounter, string id, bool wasThere, DateTimeOffset now)
    {
        var after = (Encounter)encounter.DeepCopy();
        foreach (var participant in after.Participant.Where(one => VisitParties.Local(one.Individual) == $"RelatedPerson/{id}").ToList())
        {
            if (wasThere)
            {
                participant.Period ??= new Period();
                participant.Period.End ??= Moment.DateTime(now).Value;
            }
            else
            {
                after.Participant.Remove(participant);
            }
        }

        return after;
    }
}
