using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// The steps of a visit on its Encounter. Each gives a copy with the new status and everything that the server keeps
/// (<see cref="EncounterHistory"/>), or the 409 that the step is not possible now. Steps that were taken already are not possible: of two
/// who admit, one wins.
/// </summary>
/// <param name="now">The time of the step.</param>
/// <param name="created">When the Encounter was first stored, where that is known.</param>
public sealed class VisitFlow(DateTimeOffset now, DateTimeOffset? created = null)
{
    /// <summary>The patient is in the waiting room (<c>$check-in</c>).</summary>
    public Decision<Encounter> Arrive(Encounter encounter) => Step(encounter, EncounterStatus.Arrived);

    /// <summary>A practitioner lets the patient in (<c>$admit</c>).</summary>
    public Decision<Encounter> Admit(Encounter encounter) =>
        encounter.Status == EncounterStatus.Onleave
            ? Refusal.Conflict(EncounterStates.InvalidTransition, "The patient has been admitted already.", "Encounter.status")
            : Step(encounter, EncounterStatus.InProgress);

    /// <summary>Nobody is in the room any more, but the visit is not over.</summary>
    public Decision<Encounter> Pause(Encounter encounter) => Step(encounter, EncounterStatus.Onleave);

    /// <summary>Somebody is in the room again.</summary>
    public Decision<Encounter> Resume(Encounter encounter) =>
        encounter.Status == EncounterStatus.Onleave
            ? Step(encounter, EncounterStatus.InProgress)
            : Refusal.Conflict(EncounterStates.InvalidTransition, "The visit is not interrupted.", "Encounter.status");

    /// <summary>The visit is over (<c>$end</c>).</summary>
    public Decision<Encounter> End(Encounter encounter) => Step(encounter, EncounterStatus.Finished);

    /// <summary>The visit does not take place: its Appointment is cancelled or was missed.</summary>
    public Decision<Encounter> Cancel(Encounter encounter) => Step(encounter, EncounterStatus.Cancelled);

    private Decision<Encounter> Step(Encounter encounter, EncounterStatus to)
    {
        if (encounter.Status == to)
        {
            return Refusal.Conflict(EncounterStates.InvalidTransition, "That has been done already.", "Encounter.status");
        }

        var after = (Encounter)encounter.DeepCopy();
        after.Status = to;
        if (EncounterStates.Check(encounter, after, TransitionAuthority.Server) is { } refusal)
        {
            return refusal;
        }

        return EncounterHistory.Keep(encounter, after, now, created);
    }
}
