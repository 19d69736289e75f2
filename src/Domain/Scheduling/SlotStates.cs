using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Slot;

namespace TeleFhir.Domain.Scheduling;

/// <summary>One permitted change of a Slot's status.</summary>
/// <param name="From">The status before.</param>
/// <param name="To">The status after.</param>
/// <param name="Needs">Who may, at least; <see cref="TransitionAuthority.Server"/> is an Appointment that takes or frees the Slot.</param>
public sealed record SlotTransition(SlotStatus From, SlotStatus To, TransitionAuthority Needs);

/// <summary>
/// Which status a Slot may have after which (https://hl7.org/fhir/R4/slot.html). A Slot may be created in any status: creating Slots is how
/// a calendar that is kept elsewhere is brought in. It becomes busy and free again through Appointments alone.
/// </summary>
public static class SlotStates
{
    /// <summary>The business code for a Slot that an active Appointment uses.</summary>
    public const string SlotInUse = "slot-in-use";

    /// <summary>All changes there are.</summary>
    public static ImmutableArray<SlotTransition> Table { get; } =
    [
        new(SlotStatus.Free, SlotStatus.BusyTentative, TransitionAuthority.Server),
        new(SlotStatus.Free, SlotStatus.Busy, TransitionAuthority.Server),
        new(SlotStatus.BusyTentative, SlotStatus.Busy, TransitionAuthority.Server),
        new(SlotStatus.BusyTentative, SlotStatus.Free, TransitionAuthority.Server),
        new(SlotStatus.Busy, SlotStatus.Free, TransitionAuthority.Server),
        new(SlotStatus.Free, SlotStatus.BusyUnavailable, TransitionAuthority.Anyone),
        new(SlotStatus.BusyUnavailable, SlotStatus.Free, TransitionAuthority.Anyone),
        .. Enum.GetValues<SlotStatus>()
            .Where(status => status != SlotStatus.EnteredInError)
            .Select(status => new SlotTransition(status, SlotStatus.EnteredInError, TransitionAuthority.Staff)),
    ];

    /// <summary>
    /// Whether a Slot may become another, or be deleted (<paramref name="after"/> null): null where it may, else 409.
    /// </summary>
    /// <param name="before">The Slot as it is.</param>
    /// <param name="after">The Slot as it is to be, or null.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="isInUse">Whether an active Appointment names it.</param>
    public static Refusal? Check(Slot before, Slot? after, TransitionAuthority by, bool isInUse)
    {
        if (isInUse && by != TransitionAuthority.Server)
        {
            return Refusal.Conflict(SlotInUse, "An appointment uses this slot: change or cancel the appointment.", "Slot");
        }

        if (after is null || before.Status is not { } from || after.Status is not { } to || from == to)
        {
            return null;
        }

        return Table.FirstOrDefault(row => row.From == from && row.To == to) is not { } row || by < row.Needs
            ? Refusal.Conflict(AppointmentStates.InvalidTransition, Explain(from, to), "Slot.status")
            : null;
    }

    private static string Explain(SlotStatus from, SlotStatus to) =>
        $"A slot that is {from.GetLiteral()} cannot be made {to.GetLiteral()} here: appointments make slots busy and free, busy-unavailable blocks them.";
}
