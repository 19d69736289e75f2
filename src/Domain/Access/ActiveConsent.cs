using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// What a person has agreed to, looked at in the moment of use: a Consent of the category that is active and whose time it is
/// (https://hl7.org/fhir/R4/consent.html). What is withdrawn, run out or deleted counts no more from that moment on.
/// </summary>
public static class ActiveConsent
{
    /// <summary>Visits by video.</summary>
    public const string Visit = "telehealth-visit";

    /// <summary>That a visit is recorded.</summary>
    public const string Recording = "telehealth-recording";

    /// <summary>Remote patient monitoring.</summary>
    public const string Monitoring = "rpm";

    /// <summary>The code system of the categories.</summary>
    public static string System(Canonicals canonicals) => canonicals.CodeSystem("consent-category");

    /// <summary>The criteria that find the Consents of a category that may be in force: of a patient, or by somebody who agreed.</summary>
    /// <param name="who">As <c>Patient/id</c>; anybody else is looked for among those who agreed (<c>Consent.performer</c>).</param>
    /// <param name="category">One of the categories above.</param>
    /// <param name="canonicals">Where this server's code systems are.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Criteria(string who, string category, Canonicals canonicals) =>
    [
        new(who.StartsWith("Patient/", StringComparison.Ordinal) ? "patient" : "consentor", who),
        new("category", $"{System(canonicals)}|{category}"),
    ];

    /// <summary>
    /// Whether a Consent is of one of the categories, whatever the root of this server's canonicals: who does not want to be recorded denies
    /// that, and not the record.
    /// </summary>
    public static bool IsOfUse(Consent consent) => consent.Category.Exists(one => one.Coding.Exists(coding =>
        coding.System?.EndsWith("/CodeSystem/consent-category", StringComparison.Ordinal) == true && coding.Code is Visit or Recording or Monitoring));

    /// <summary>Whether a Consent permits at a moment what its category says.</summary>
    public static bool Permits(Consent consent, string category, Canonicals canonicals, DateTimeOffset at) =>
        consent.Status == Consent.ConsentState.Active
        && consent.Category.Exists(one => one.Coding.Exists(coding => coding.System == System(canonicals) && coding.Code == category))
        && consent.Provision?.Type != Consent.ConsentProvisionType.Deny
        && Moment.Covers(consent.Provision?.Period, at);
}
