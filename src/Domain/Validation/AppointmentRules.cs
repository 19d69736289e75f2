using FluentValidation;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>The invariants of Appointment (https://hl7.org/fhir/R4/appointment.html#invs), and app-5 of R5.</summary>
internal sealed class AppointmentRules : AbstractValidator<Appointment>
{
    public AppointmentRules()
    {
        RuleForEach(appointment => appointment.Participant)
            .Must(participant => participant.Type.Count > 0 || participant.Actor is not null)
            .OverridePropertyName("participant").WithErrorCode("app-1").WithMessage("A participant has a type or an actor.");

        RuleFor(appointment => appointment.StartElement)
            .Must((appointment, start) => start is null == appointment.EndElement is null)
            .OverridePropertyName("start").WithErrorCode("app-2").WithMessage("Start and end are given both or not at all.");

        RuleFor(appointment => appointment.StartElement)
            .Must((appointment, start) => (start is not null && appointment.EndElement is not null)
                || appointment.Status is Appointment.AppointmentStatus.Proposed
                    or Appointment.AppointmentStatus.Cancelled
                    or Appointment.AppointmentStatus.Waitlist)
            .OverridePropertyName("start").WithErrorCode("app-3")
            .WithMessage("Only a proposed, cancelled or waitlisted appointment may be without start and end.");

        // R4 prints the code as no-show, which no appointment can have: the value set says noshow.
        RuleFor(appointment => appointment.CancelationReason)
            .Must((appointment, reason) => reason is null
                || appointment.Status is Appointment.AppointmentStatus.Noshow or Appointment.AppointmentStatus.Cancelled)
            .OverridePropertyName("cancelationReason").WithErrorCode("app-4")
            .WithMessage("Only an appointment that was cancelled or not kept has a cancelation reason.");

        RuleFor(appointment => appointment.End)
            .Must((appointment, end) => end is null || appointment.Start is null || appointment.Start <= end)
            .OverridePropertyName("end").WithErrorCode("app-5").WithMessage("The start is not after the end.")
            .WithState(_ => OperationOutcome.IssueType.BusinessRule);
    }
}
