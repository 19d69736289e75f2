using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Visits;

/// <summary>One permitted change of an Encounter's status.</summary>
/// <param name="From">The status before.</param>
/// <param name="To">The status after.</param>
/// <param name="Needs">Who may, at least.</param>
public sealed record EncounterTransition(EncounterStatus From, EncounterStatus To, TransitionAuthority Needs);

/// <summary>
/// Which status an Encounter may have after which (https://hl7.org/fhir/R4/encounter.html#statuses). What is not in the table is refused, on
/// every way of writing. An Encounter may be created in any status, and one whose status was <c>unknown</c> may turn out to be anything.
/// </summary>
public static class EncounterStates
{
    /// <summary>The business code of a change of status that is not in the table.</summary>
    public const string InvalidTransition = "invalid-transition";

    /// <summary>All changes there are.</summary>
    public static ImmutableArray<EncounterTransition> Table { get; } =
    [
        .. From(EncounterStatus.Planned, EncounterStatus.Arrived, EncounterStatus.InProgress, EncounterStatus.Cancelled),
        .. From(EncounterStatus.Arrived, EncounterStatus.Triaged, EncounterStatus.InProgress, EncounterStatus.Cancelled),
        .. From(EncounterStatus.Triaged, EncounterStatus.InProgress, EncounterStatus.Cancelled),
        .. From(EncounterStatus.InProgress, EncounterStatus.Onleave, EncounterStatus.Finished),
        .. From(EncounterStatus.Onleave, EncounterStatus.InProgress, EncounterStatus.Finished),
        .. Enum.GetValues<EncounterStatus>()
            .Where(status => status is not (EncounterStatus.EnteredInError or EncounterStatus.Unknown))
            .Select(status => new EncounterTransition(EncounterStatus.Unknown, status, TransitionAuthority.Anyone)),
        .. Enum.GetValues<EncounterStatus>()
            .Where(status => status != EncounterStatus.EnteredInError)
            .Select(status => new EncounterTransition(status, EncounterStatus.EnteredInError, TransitionAuthority.Staff)),
    ];

    /// <summary>Whether it is over: nothing can follow but that it was an error.</summary>
    public static bool IsOver(EncounterStatus? status) => status
        is EncounterStatus.Finished or EncounterStatus.Cancelled or EncounterStatus.EnteredInError;

    /// <summary>Whether an Encounter may become another: null where it may, else 409.</summary>
    public static Refusal? Check(Encounter before, Encounter after, TransitionAuthority by)
    {
        if (before.Status is not { } from || after.Status is not { } to || from == to)
        {
            return null;
        }

        if (Table.FirstOrDefault(row => row.From == from && row.To == to) is not { } row)
        {
            return Refuse($"An encounter that is {from.GetLiteral()} cannot become {to.GetLiteral()}.");
        }

        return by < row.Needs ? Refuse($"Only staff may make an encounter {to.GetLiteral()}.") : null;
    }

    /// <summary>
    /// Whether an Encounter may stand beside the others of its Appointment: 409 where it and another one are both not over.
    /// </summary>
    /// <param name="encounter">The Encounter that is written.</param>
    /// <param name="others">Stored Encounters that name the same Appointment.</param>
    public static Refusal? CheckOnlyOne(Encounter encounter, IEnumerable<Encounter> others) =>
        encounter.Appointment.Count > 0 && !IsOver(encounter.Status)
        && others.Any(other => other.Id != encounter.Id && !IsOver(other.Status))
            ? Refusal.Conflict("encounter-exists", "The appointment has an encounter already.", "Encounter.appointment[0]")
            : null;

    private static IEnumerable<EncounterTransition> From(EncounterStatus from, params ReadOnlySpan<EncounterStatus> to) =>
        to.ToArray().Select(status => new EncounterTransition(from, status, TransitionAuthority.Anyone));

    private static Refusal Refuse(string text) => Refusal.Conflict(InvalidTransition, text, "Encounter.status");
}
