using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>What somebody who cancels says.</summary>
/// <param name="Reason">Why, from http://hl7.org/fhir/R4/valueset-appointment-cancellation-reason.html; must be there.</param>
/// <param name="Comment">More words, or null.</param>
/// <param name="By">Who gives it up: <c>patient</c>, <c>provider</c> or <c>system</c>; null where it is not said.</param>
public sealed record Cancellation(CodeableConcept? Reason, string? Comment = null, string? By = null);

public sealed partial class BookingRules
{
    /// <summary>R5's Appointment.cancellationDate on R4.</summary>
    public const string CancellationDateUrl = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.cancellationDate";

    /// <summary>The tag of an Appointment that was cancelled inside the cut-off, in the code system <c>{canon}/CodeSystem/tag</c>.</summary>
    public const string LateCancelTag = "late-cancel";

    private const string Reasons = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason";

    /// <summary>
    /// <c>$cancel</c>: the Appointment is cancelled and its Slots are free. One that was booked is tagged <see cref="LateCancelTag"/> where
    /// less than the cut-off is left to its start. 400 <c>reason-missing</c>, <c>cancelled-by</c>; 409 <c>invalid-transition</c> where it cannot be cancelled.
    /// </summary>
    /// <param name="appointment">The Appointment as stored.</param>
    /// <param name="slots">Its Slots.</param>
    /// <param name="cancellation">What is said to it.</param>
    /// <param name="now">The time.</param>
    public Decision<BookingChange> Cancel(
        Appointment appointment, IReadOnlyList<LoadedSlot> slots, Cancellation cancellation, DateTimeOffset now)
    {
        if (cancellation.Reason is null)
        {
            return Refusal.Invalid("reason-missing", "Say why: parameter reason.");
        }

        if (cancellation.By is not (null or "patient" or "provider" or "system"))
        {
            return Refusal.Invalid("cancelled-by", "An appointment is cancelled by patient, provider or system.");
        }

        if (!AppointmentStates.IsCancellable(appointment.Status))
        {
            return InvalidTransition("The appointment can no longer be cancelled.");
        }

        var cancelled = Copy(appointment);
        cancelled.CancelationReason = (CodeableConcept)cancellation.Reason.DeepCopy();
        cancelled.Comment = cancellation.Comment ?? cancelled.Comment;
        TagIfLate(appointment, cancelled, now);
        return GiveUp(cancelled, slots, now);
    }

    /// <summary>
    /// The system's own end of a hold that ran out: cancelled with the reason <c>hold-expired</c>, or back on the waiting list where it was an offer;
    /// null where it has not.
    /// </summary>
    public BookingChange? Expire(Appointment appointment, IReadOnlyList<LoadedSlot> slots, DateTimeOffset now)
    {
        if (appointment.Status != AppointmentStatus.Pending || HoldExpiry.Of(appointment, Canonicals) is not { } expires || now < expires)
        {
            return null;
        }

        if (WaitingList.Return(appointment, Canonicals) is { } waiting)
        {
            return new BookingChange(waiting, Release(slots, appointment.Id));
        }

        var expired = Copy(appointment);
        expired.CancelationReason = new CodeableConcept(Canonicals.CodeSystem("cancellation-reason"), "hold-expired", "The hold ran out.");
        return GiveUp(expired, slots, now);
    }

    /// <summary>
    /// What becomes of an Appointment that is over by the grace and was not fulfilled; null where nothing does. A patient who was not there
    /// missed it. Where the clinician is at fault it is cancelled by the provider instead, so that no patient is held to it: the patient
    /// was there and nobody came, or the clinician is known to have been unavailable.
    /// </summary>
    /// <param name="appointment">The Appointment as stored.</param>
    /// <param name="slots">Its Slots.</param>
    /// <param name="patientWasThere">Whether the patient checked in or joined.</param>
    /// <param name="clinicianWasThere">Whether a clinician joined.</param>
    /// <param name="clinicianWasUnavailable">Whether it is known that the clinician could not come.</param>
    /// <param name="now">The time.</param>
    public BookingChange? Miss(
        Appointment appointment,
        IReadOnlyList<LoadedSlot> slots,
        bool patientWasThere,
        bool clinicianWasThere,
        bool clinicianWasUnavailable,
        DateTimeOffset now)
    {
        var isOpen = appointment.Status is AppointmentStatus.Booked or AppointmentStatus.Arrived or AppointmentStatus.CheckedIn;
        if (!isOpen || appointment.End is not { } end || now < end + settings.NoShowGrace)
        {
            return null;
        }

        var missed = Copy(appointment);
        if (!clinicianWasThere && (patientWasThere || appointment.Status != AppointmentStatus.Booked || clinicianWasUnavailable))
        {
            missed.CancelationReason = new CodeableConcept(Reasons, "prov", "Provider");
            return GiveUp(missed, slots, now);
        }

        if (patientWasThere || appointment.Status != AppointmentStatus.Booked)
        {
            return null;
        }

        missed.Status = AppointmentStatus.Noshow;
        return new BookingChange(missed, Release(slots, appointment.Id));
    }

    /// <summary>Cancelled and free, whoever decided it.</summary>
    private BookingChange GiveUp(Appointment appointment, IReadOnlyList<LoadedSlot> slots, DateTimeOffset now)
    {
        appointment.Status = AppointmentStatus.Cancelled;
        HoldExpiry.Put(appointment, null, Canonicals);
        appointment.SetExtension(CancellationDateUrl, Moment.DateTime(now));
        return new BookingChange(appointment, Release(slots, appointment.Id));
    }
}
