using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

public sealed partial class BookingRules
{
    /// <summary>
    /// What a plain write of an Appointment (create, update, patch, or one in a Bundle) brings with it, so that it leaves things as the
    /// operations do: Slots are taken and given back, a hold has its end, a cancellation its date and, if late, its tag. Whether the status
    /// may change at all is <see cref="AppointmentStates"/>' to say. An Appointment whose end is past takes no Slots.
    /// 409 <c>slot-unavailable</c>; 422 <c>wrong-duration</c> where its time is not within that of its Slots.
    /// </summary>
    /// <param name="before">The Appointment as stored; null where it is created.</param>
    /// <param name="after">The Appointment as it is to be, with the id that it has or gets.</param>
    /// <param name="had">The Slots that it names as stored.</param>
    /// <param name="has">The Slots that it is to name, in its order.</param>
    /// <param name="now">The time.</param>
    /// <param name="by">Who writes: how long a hold is, is for an operation to say.</param>
    public Decision<BookingChange> Write(
        Appointment? before,
        Appointment after,
        IReadOnlyList<LoadedSlot> had,
        IReadOnlyList<LoadedSlot> has,
        DateTimeOffset now,
        TransitionAuthority by = TransitionAuthority.Anyone)
    {
        var isActive = AppointmentStates.IsActive(after.Status);
        var takes = isActive && !AppointmentStates.IsImport(after, now);
        if (takes)
        {
            for (var i = 0; i < has.Count; i++)
            {
                if (!has[i].IsOpenTo(after.Id, now))
                {
                    return SlotUnavailable(i);
                }
            }

            if (has.Count > 0 && !LiesWithin(after, has))
            {
                return WrongDuration("The time is not within that of the slots.", "Appointment.start");
            }
        }

        var written = Copy(after);
        Stamp(before, written, now, by);

        // What ends by the passing of time keeps its Slots; what is moved into the past gives them back.
        var isMovedToPast = !takes && before is not null && !AppointmentStates.IsImport(before, now);
        var kept = isActive && !isMovedToPast ? has.Select(loaded => loaded.Slot.Id).ToHashSet(StringComparer.Ordinal) : [];
        var given = AppointmentStates.IsActive(before?.Status) ? Release(had.Where(loaded => !kept.Contains(loaded.Slot.Id)), before?.Id) : [];
        var status = after.Status == AppointmentStatus.Pending ? Slot.SlotStatus.BusyTentative : Slot.SlotStatus.Busy;
        return new BookingChange(written, [.. takes ? Take(has, status) : [], .. given]);
    }

    /// <summary>
    /// The Slots that an Appointment gives back when it is cancelled, missed, an error, or deleted: those that are busy through it, free.
    /// </summary>
    /// <param name="slots">Its Slots.</param>
    /// <param name="appointmentId">Its id.</param>
    public static IReadOnlyList<Slot> Release(IEnumerable<LoadedSlot> slots, string? appointmentId) =>
    [
        .. slots.Where(loaded => loaded.Slot.Status is Slot.SlotStatus.Busy or Slot.SlotStatus.BusyTentative)
            .Where(loaded => loaded.AppointmentId is null || loaded.AppointmentId == appointmentId || loaded.Capacity > 1)
            .Select(loaded => With(loaded.Slot, Slot.SlotStatus.Free)),
    ];

    private void Stamp(Appointment? before, Appointment written, DateTimeOffset now, TransitionAuthority by)
    {
        if (written.Status == AppointmentStatus.Pending)
        {
            var stored = before?.Status == AppointmentStatus.Pending ? HoldExpiry.Of(before, Canonicals) : null;
            var meant = by == TransitionAuthority.Server ? HoldExpiry.Of(written, Canonicals) : null;
            HoldExpiry.Put(written, stored ?? meant ?? now + HoldExpiry.Default, Canonicals);
        }
        else
        {
            HoldExpiry.Put(written, null, Canonicals);
        }

        if (before is not null && before.Status != written.Status && written.Status == AppointmentStatus.Cancelled)
        {
            if (written.GetExtension(CancellationDateUrl) is null)
            {
                written.SetExtension(CancellationDateUrl, Moment.DateTime(now));
            }

            TagIfLate(before, written, now);
        }
    }

    private void TagIfLate(Appointment before, Appointment cancelled, DateTimeOffset now)
    {
        var wasBooked = before.Status is AppointmentStatus.Booked or AppointmentStatus.Arrived or AppointmentStatus.CheckedIn;
        if (wasBooked && before.Start - settings.LateCancel < now)
        {
            cancelled.Meta ??= new Meta();
            cancelled.Meta.Tag.RemoveAll(tag => tag.Code == LateCancelTag);
            cancelled.Meta.Tag.Add(new Coding(Canonicals.CodeSystem("tag"), LateCancelTag, "Cancelled late"));
        }
    }

    private static bool LiesWithin(Appointment appointment, IReadOnlyList<LoadedSlot> slots) =>
        Moment.Between(appointment.Start, appointment.End) is { } time
        && slots.GroupBy(loaded => Occupancy.RelativeOf(loaded.Slot.Schedule))
            .All(group => Whole(group.Select(loaded => loaded.Slot)) is { } whole && Moment.Between(whole.Start, whole.End)!.Value.Covers(time));
}
