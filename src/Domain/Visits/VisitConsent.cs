using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>A patient's consent to visits by video, looked at in the moment of use: an active Consent of this category whose time it is.</summary>
public static class VisitConsent
{
    /// <summary>The category, in the code system <c>{canon}/CodeSystem/consent-category</c>.</summary>
    public const string Category = "telehealth-visit";

    /// <summary>The criteria that find a patient's Consents of this category.</summary>
    /// <param name="patient">The patient, as <c>Patient/id</c>.</param>
    /// <param name="canonicals">Where this server's code systems are.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Criteria(string patient, Canonicals canonicals) =>
    [
        new("patient", patient),
        new("status", "active"),
        new("category", $"{canonicals.CodeSystem("consent-category")}|{Category}"),
    ];

    /// <summary>403 <c>consent-missing</c>.</summary>
    public static Refusal Missing { get; } = Refusal.Forbidden("consent-missing", "The patient has not consented to visits by video.", "Appointment.participant");

    /// <summary>Whether a Consent is of the category, and active.</summary>
    public static bool IsFor(Consent consent, Canonicals canonicals) =>
        consent.Status == Consent.ConsentState.Active
        && consent.Category.Exists(category => category.Coding.Exists(coding =>
            coding.System == canonicals.CodeSystem("consent-category") && coding.Code == Category));

    /// <summary>Whether it permits visits now.</summary>
    public static bool Permits(Consent consent, DateTimeOffset now) =>
        consent.Provision?.Type != Consent.ConsentProvisionType.Deny
        && Moment.Covers(consent.Provision?.Period, now);
}
