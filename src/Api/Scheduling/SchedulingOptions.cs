namespace TeleFhir.Api.Scheduling;

/// <summary>Settings of the front desk.</summary>
internal sealed class SchedulingOptions
{
    /// <summary>How many live holds one patient may have.</summary>
    public int MaxHoldsPerPatient { get; set; } = 5;

    /// <summary>How long before its start the cancellation of an Appointment is late.</summary>
    public TimeSpan LateCancel { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long before its start patients may check in.</summary>
    public TimeSpan CheckInOpens { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a time that became free is kept for who waits; zero where it is offered to nobody.</summary>
    public TimeSpan OfferFor { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether visits by video are for clinicians alone who are licensed where the patient is then.</summary>
    public bool RequireLicence { get; set; }

    /// <summary>Whether only patients who have consented to visits by video are booked for one.</summary>
    public bool RequireConsent { get; set; }

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<string> Faults()
    {
        if (MaxHoldsPerPatient < 1)
        {
            yield return "Scheduling:MaxHoldsPerPatient must be 1 or more.";
        }

        if (OfferFor < TimeSpan.Zero || OfferFor > TimeSpan.FromDays(7))
        {
            yield return "Scheduling:OfferFor must be from 0 to 7 days.";
        }

        if (LateCancel < TimeSpan.Zero || CheckInOpens < TimeSpan.Zero)
        {
            yield return "Scheduling:LateCancel and Scheduling:CheckInOpens must not be negative.";
        }
    }
}
