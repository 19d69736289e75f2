using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>What a clinic sets for its front desk.</summary>
/// <param name="Canonicals">Where this server's extensions and codes are.</param>
public sealed record BookingSettings(Canonicals Canonicals)
{
    /// <summary>How many live holds one patient may have.</summary>
    public int MaxHoldsPerPatient { get; init; } = 5;

    /// <summary>How long before its start the cancellation of an Appointment is late.</summary>
    public TimeSpan LateCancel { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How long before its start patients may check in.</summary>
    public TimeSpan CheckInOpens { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a time that became free is kept for who waits; zero where it is offered to nobody.</summary>
    public TimeSpan OfferFor { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long after its end an Appointment counts as missed.</summary>
    public TimeSpan NoShowGrace { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a proposal of <c>$find</c> can be taken up.</summary>
    public TimeSpan ProposalLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Whether visits by video are for clinicians alone who are licensed where the patient is: see <see cref="Licensure"/>.</summary>
    public bool RequireLicence { get; init; }

    /// <summary>Whether only patients who have consented to visits by video are booked for one.</summary>
    public bool RequireConsent { get; init; }

    /// <summary>What of a patient with two appointments at a time.</summary>
    public PatientOverlap PatientOverlap { get; init; }
}
