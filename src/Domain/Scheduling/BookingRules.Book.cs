using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

public sealed partial class BookingRules
{
    /// <summary>
    /// <c>$hold</c> (ITI-116): the Appointment becomes pending and its Slots busy-tentative until the hold runs out. A wish is proposed or
    /// pending; a stored Appointment is proposed or on the waiting list, for a hold is not prolonged.
    /// 400 <c>hold-seconds</c>; 409 <c>invalid-transition</c>, <c>slot-unavailable</c>; 422 <c>slot-missing</c>, <c>wrong-duration</c>,
    /// <c>past</c>, <c>service-inactive</c>. How many holds a patient may have is <see cref="CheckHolds"/>' to say.
    /// </summary>
    /// <param name="facts">What is known.</param>
    /// <param name="holdSeconds">How long, 60 to 900; null is 600.</param>
    public Decision<BookingChange> Hold(BookingFacts facts, int? holdSeconds = null)
    {
        var length = holdSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : HoldExpiry.Default;
        if (length < HoldExpiry.Shortest || length > HoldExpiry.Longest)
        {
            return Refusal.Invalid("hold-seconds", $"A time is held for {HoldExpiry.Shortest.TotalSeconds} to {HoldExpiry.Longest.TotalSeconds} seconds.");
        }

        var held = Copy(facts.Appointment);
        if ((CheckHold(held, facts.IsStored) ?? Fit(held, facts)) is { } refusal)
        {
            return refusal;
        }

        held.Status = AppointmentStatus.Pending;
        Invite(held, facts);
        HoldExpiry.Put(held, facts.Now + length, Canonicals);
        held.CreatedElement ??= Moment.DateTime(facts.Now);
        return new BookingChange(held, [.. Take(facts.Slots, Slot.SlotStatus.BusyTentative)]);
    }

    /// <summary>
    /// Offers a Slot to an Appointment that waits: it is held until the offer runs out, at the latest until the time begins. 409
    /// <c>invalid-transition</c> where it does not wait any more; else as <see cref="Hold"/> refuses.
    /// </summary>
    /// <param name="facts">What is known: the Appointment as stored, and the one Slot with its Schedule.</param>
    public Decision<BookingChange> Offer(BookingFacts facts)
    {
        if (facts.Appointment.Status != AppointmentStatus.Waitlist || facts.Slots is not [var free] || facts.Schedules is not [var schedule])
        {
            return InvalidTransition("Only who waits is offered a time.");
        }

        var offered = WaitingList.Prepare(facts.Appointment, free.Slot, schedule, Canonicals);
        if (Fit(offered, facts) is { } refusal)
        {
            return refusal;
        }

        offered.Status = AppointmentStatus.Pending;
        Invite(offered, facts);
        var until = facts.Now + settings.OfferFor;
        HoldExpiry.Put(offered, until < offered.Start ? until : offered.Start, Canonicals);
        return new BookingChange(offered, [.. Take(facts.Slots, Slot.SlotStatus.BusyTentative)]);
    }

    /// <summary>
    /// <c>$book</c> (ITI-117) of a wish or of a stored Appointment that is proposed, on the waiting list or held: it becomes booked and its
    /// Slots busy. Patients and the Slots' clinicians accept by it. A hold that ran out holds nothing: its time is free to whoever comes
    /// first, and the Appointment itself has lost it.
    /// 409 <c>invalid-transition</c>, <c>slot-unavailable</c>; 422 <c>slot-missing</c>, <c>wrong-duration</c>, <c>past</c>,
    /// <c>service-inactive</c>.
    /// </summary>
    /// <param name="facts">What is known.</param>
    /// <param name="comment">What the caller says to it, or null.</param>
    public Decision<BookingChange> Book(BookingFacts facts, string? comment = null)
    {
        if (CheckBook(facts.Appointment, facts.IsStored) is { } wrong)
        {
            return wrong;
        }

        if (HasRunOut(facts))
        {
            return SlotUnavailable();
        }

        var booked = Copy(facts.Appointment);
        if (Fit(booked, facts) is { } refusal)
        {
            return refusal;
        }

        booked.Status = AppointmentStatus.Booked;
        Invite(booked, facts);
        foreach (var participant in booked.Participant.Where(participant => Accepts(participant, facts)))
        {
            participant.Status = ParticipationStatus.Accepted;
        }

        HoldExpiry.Put(booked, null, Canonicals);
        WaitingList.Forget(booked, Canonicals);
        booked.CreatedElement ??= Moment.DateTime(facts.Now);
        booked.Comment = comment ?? booked.Comment;
        return new BookingChange(booked, [.. Take(facts.Slots, Slot.SlotStatus.Busy)]);
    }

    /// <summary>
    /// <c>$reschedule</c>: the Appointment, booked or held, takes other Slots and leaves those it had; its own time does not stand in its
    /// way. Where the new Slots are of other Schedules, their clinicians take the place of those of the old. Nothing changes where it is
    /// refused, as <see cref="Book"/> refuses.
    /// </summary>
    /// <param name="facts">The stored Appointment, with the Slots that it is to have and their Schedules.</param>
    /// <param name="old">The Slots that it has.</param>
    /// <param name="oldSchedules">Their Schedules.</param>
    public Decision<BookingChange> Reschedule(BookingFacts facts, IReadOnlyList<LoadedSlot> old, IReadOnlyList<Schedule> oldSchedules)
    {
        if (CheckReschedule(facts.Appointment) is { } wrong)
        {
            return wrong;
        }

        if (HasRunOut(facts))
        {
            return SlotUnavailable();
        }

        var moved = Copy(facts.Appointment);
        (moved.Start, moved.End, moved.MinutesDuration) = (null, null, null);
        if (Fit(moved, facts) is { } refusal)
        {
            return refusal;
        }

        var left = oldSchedules.Where(schedule => facts.Schedules.All(other => other.Id != schedule.Id))
            .SelectMany(schedule => schedule.Actor)
            .Select(facts.Meant)
            .ToHashSet(StringComparer.Ordinal);
        moved.Participant.RemoveAll(participant => facts.Meant(participant.Actor) is { } actor && left.Contains(actor));
        Invite(moved, facts);
        var status = moved.Status == AppointmentStatus.Booked ? Slot.SlotStatus.Busy : Slot.SlotStatus.BusyTentative;
        var kept = facts.Slots.Select(loaded => loaded.Slot.Id).ToHashSet(StringComparer.Ordinal);
        return new BookingChange(moved, [.. Take(facts.Slots, status), .. Release(old.Where(loaded => !kept.Contains(loaded.Slot.Id)), moved.Id)]);
    }

    /// <summary>Whether its status lets an Appointment be held, which no time can change: 409 <c>invalid-transition</c> where not.</summary>
    /// <param name="appointment">The Appointment.</param>
    /// <param name="isStored">Whether it is stored, or a wish.</param>
    public static Refusal? CheckHold(Appointment appointment, bool isStored) =>
        appointment.Status is AppointmentStatus.Proposed || appointment.Status == (isStored ? AppointmentStatus.Waitlist : AppointmentStatus.Pending)
            ? null
            : InvalidTransition("Only a proposed appointment is held.");

    /// <inheritdoc cref="CheckHold" />
    public static Refusal? CheckBook(Appointment appointment, bool isStored) =>
        appointment.Status is AppointmentStatus.Proposed or AppointmentStatus.Pending || (isStored && appointment.Status == AppointmentStatus.Waitlist)
            ? null
            : InvalidTransition("Only a proposed or held appointment is booked.");

    /// <inheritdoc cref="CheckHold" />
    public static Refusal? CheckReschedule(Appointment appointment) =>
        appointment.Status is AppointmentStatus.Booked or AppointmentStatus.Pending
            ? null
            : InvalidTransition("Only a booked or held appointment is moved.");

    /// <summary>Whether a patient may hold another time beside those that have not run out: 429 <c>too-many-holds</c> where not.</summary>
    public Refusal? CheckHolds(int liveHolds) => liveHolds < settings.MaxHoldsPerPatient
        ? null
        : Refusal.TooMany("too-many-holds", "The patient holds as many times as they may: book or cancel one first.");

    private bool HasRunOut(BookingFacts facts) =>
        facts.IsStored && facts.Appointment.Status == AppointmentStatus.Pending && HoldExpiry.Of(facts.Appointment, Canonicals) <= facts.Now;

    private static bool Accepts(ParticipantComponent participant, BookingFacts facts) =>
        participant.Status is null or ParticipationStatus.NeedsAction or ParticipationStatus.Tentative
        && facts.Meant(participant.Actor) is { } actor
        && (actor.StartsWith("Patient/", StringComparison.Ordinal)
            || facts.Schedules.Any(schedule => schedule.Actor.Exists(one => facts.Meant(one) == actor)));
}
