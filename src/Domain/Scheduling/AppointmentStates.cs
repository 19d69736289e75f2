using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using NodaTime;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>One permitted change of an Appointment's status.</summary>
/// <param name="From">The status before; null where the Appointment is created.</param>
/// <param name="To">The status after.</param>
/// <param name="Needs">Who may, at least.</param>
public sealed record AppointmentTransition(AppointmentStatus? From, AppointmentStatus To, TransitionAuthority Needs);

/// <summary>The facts that decide whether an Appointment may change.</summary>
/// <param name="By">Who asks.</param>
/// <param name="Now">The time of the change.</param>
/// <param name="Zone">The zone of the calendar, for "the same day"; UTC where it has none.</param>
/// <param name="HasEncounter">Whether an Encounter that was not entered in error names the Appointment.</param>
public sealed record AppointmentChange(TransitionAuthority By, DateTimeOffset Now, DateTimeZone? Zone = null, bool HasEncounter = false);

/// <summary>
/// Which status an Appointment may have after which (https://hl7.org/fhir/R4/appointment.html#statuses). The table is complete: what is not
/// in it is refused, on every way of writing. To stay in a status is no change and always allowed.
/// </summary>
public static class AppointmentStates
{
    /// <summary>The business code of every refusal here.</summary>
    public const string InvalidTransition = "invalid-transition";

    /// <summary>All changes there are.</summary>
    public static ImmutableArray<AppointmentTransition> Table { get; } =
    [
        .. From(null, AppointmentStatus.Proposed, AppointmentStatus.Booked, AppointmentStatus.Waitlist),
        // A hold runs out, and only $hold says when.
        new(null, AppointmentStatus.Pending, TransitionAuthority.Server),
        .. From(AppointmentStatus.Proposed, AppointmentStatus.Pending, AppointmentStatus.Booked, AppointmentStatus.Cancelled, AppointmentStatus.Waitlist),
        .. From(AppointmentStatus.Waitlist, AppointmentStatus.Pending, AppointmentStatus.Booked, AppointmentStatus.Cancelled, AppointmentStatus.Proposed),
        .. From(AppointmentStatus.Pending, AppointmentStatus.Booked, AppointmentStatus.Cancelled),
        // An offer that was not taken up.
        new(AppointmentStatus.Pending, AppointmentStatus.Waitlist, TransitionAuthority.Server),
        .. From(AppointmentStatus.Booked, AppointmentStatus.Arrived, AppointmentStatus.CheckedIn, AppointmentStatus.Cancelled),
        new(AppointmentStatus.Booked, AppointmentStatus.Noshow, TransitionAuthority.Staff),
        .. From(AppointmentStatus.Arrived, AppointmentStatus.CheckedIn, AppointmentStatus.Cancelled),
        new(AppointmentStatus.Arrived, AppointmentStatus.Fulfilled, TransitionAuthority.Staff),
        .. From(AppointmentStatus.CheckedIn, AppointmentStatus.Cancelled),
        new(AppointmentStatus.CheckedIn, AppointmentStatus.Fulfilled, TransitionAuthority.Staff),
        // A patient who joins late after all.
        new(AppointmentStatus.Noshow, AppointmentStatus.Arrived, TransitionAuthority.Staff),
        .. Enum.GetValues<AppointmentStatus>()
            .Where(status => status != AppointmentStatus.EnteredInError)
            .Select(status => new AppointmentTransition(status, AppointmentStatus.EnteredInError, TransitionAuthority.Staff)),
    ];

    /// <summary>Whether time is set aside for it: it is held, booked, or going on.</summary>
    public static bool IsActive(AppointmentStatus? status) => status
        is AppointmentStatus.Pending or AppointmentStatus.Booked or AppointmentStatus.Arrived or AppointmentStatus.CheckedIn
        or AppointmentStatus.Fulfilled;

    /// <summary>Whether it may be cancelled still.</summary>
    public static bool IsCancellable(AppointmentStatus? status) =>
        Table.Any(row => row.From is not null && row.From == status && row.To == AppointmentStatus.Cancelled);

    /// <summary>
    /// Whether an Appointment may become another, or be created (<paramref name="before"/> null): null where it may, else 409. An
    /// Appointment whose end is past may be created in any status: that is how a history is brought in.
    /// </summary>
    public static Refusal? Check(Appointment? before, Appointment after, AppointmentChange change)
    {
        if (after.Status is not { } to || before?.Status == to || (before is null && IsImport(after, change.Now)))
        {
            return null;
        }

        var from = before?.Status;
        if (Table.FirstOrDefault(row => row.From == from && row.To == to) is not { } row)
        {
            return Refuse(from is null
                ? $"An appointment cannot be created as {Name(to)}."
                : $"An appointment that is {Name(from.Value)} cannot become {Name(to)}.");
        }

        if (change.By < row.Needs)
        {
            return Refuse(row.Needs == TransitionAuthority.Server
                ? $"Only an operation makes an appointment {Name(to)}: use $hold."
                : $"Only staff may make an appointment {Name(to)}{(from is null ? "" : $" that is {Name(from.Value)}")}.");
        }

        return to switch
        {
            AppointmentStatus.Noshow when !IsOver(before!, change.Now) || !IsOver(after, change.Now) =>
                Refuse("An appointment is missed only when its end has passed."),
            AppointmentStatus.Arrived when from == AppointmentStatus.Noshow && !IsSameDay(before!, change) =>
                Refuse("A patient who missed an appointment can join late only on the same day."),
            AppointmentStatus.Fulfilled when !change.HasEncounter => Refuse("An appointment is fulfilled by an encounter, and there is none."),
            _ => null,
        };
    }

    /// <summary>Whether it is history that is brought in: its end has passed.</summary>
    public static bool IsImport(Appointment appointment, DateTimeOffset now) => IsOver(appointment, now);

    private static IEnumerable<AppointmentTransition> From(AppointmentStatus? from, params ReadOnlySpan<AppointmentStatus> to) =>
        to.ToArray().Select(status => new AppointmentTransition(from, status, TransitionAuthority.Anyone));

    private static bool IsOver(Appointment appointment, DateTimeOffset now) => appointment.End is { } end && end <= now;

    private static bool IsSameDay(Appointment appointment, AppointmentChange change)
    {
        var zone = change.Zone ?? DateTimeZone.Utc;
        return appointment.Start is { } start && DayOf(start) == DayOf(change.Now);

        LocalDate DayOf(DateTimeOffset time) => NodaTime.Instant.FromDateTimeOffset(time).InZone(zone).Date;
    }

    private static string Name(AppointmentStatus status) => status.GetLiteral();

    private static Refusal Refuse(string text) => Refusal.Conflict(InvalidTransition, text, "Appointment.status");
}
