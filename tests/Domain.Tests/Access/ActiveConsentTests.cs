using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Tests.Access;

public sealed class ActiveConsentTests
{
    private static readonly Canonicals _canonicals = new(Canonicals.Default);
    private static readonly DateTimeOffset _now = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, Consent.ConsentProvisionType.Permit, null, null, true)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, null, "2026-11-02", "2026-11-02", true)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, null, null, "2026-11-01", false)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, null, null, "2026-11-02T09:00:00Z", false)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, null, "2026-11-03", null, false)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Active, Consent.ConsentProvisionType.Deny, null, null, false)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Inactive, Consent.ConsentProvisionType.Permit, null, null, false)]
    [InlineData(ActiveConsent.Recording, Consent.ConsentState.Proposed, Consent.ConsentProvisionType.Permit, null, null, false)]
    [InlineData(ActiveConsent.Visit, Consent.ConsentState.Active, Consent.ConsentProvisionType.Permit, null, null, false)]
    public void A_consent_permits_what_it_is_for_while_it_is_in_force(
        string category, Consent.ConsentState status, Consent.ConsentProvisionType? type, string? start, string? end, bool permits)
    {
        var consent = new Consent
        {
            Status = status,
            Category = [new CodeableConcept("http://loinc.org", "59284-0"), new CodeableConcept(ActiveConsent.System(_canonicals), category)],
            Provision = new Consent.provisionComponent { Type = type, Period = start is null && end is null ? null : new Period { Start = start, End = end } },
        };

        Assert.Equal(permits, ActiveConsent.Permits(consent, ActiveConsent.Recording, _canonicals, _now));
        Assert.True(ActiveConsent.IsOfUse(consent));
    }

    [Fact]
    public void A_consent_about_the_record_is_none_of_use()
    {
        var consent = new Consent { Status = Consent.ConsentState.Active, Category = [new CodeableConcept("http://loinc.org", "59284-0")] };
        Assert.False(ActiveConsent.IsOfUse(consent));
        Assert.False(ActiveConsent.Permits(consent, ActiveConsent.Monitoring, _canonicals, _now));
    }
}
