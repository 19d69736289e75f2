using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>The answer where a visit by video needs the patient's consent (<see cref="Access.ActiveConsent.Visit"/>) and there is none.</summary>
public static class VisitConsent
{
    /// <summary>403 <c>consent-missing</c>.</summary>
    public static Refusal Missing { get; } = Refusal.Forbidden("consent-missing", "The patient has not consented to visits by video.", "Appointment.participant");
}
