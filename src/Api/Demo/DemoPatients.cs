using Hl7.Fhir.Model;
using NodaTime;

namespace TeleFhir.Api.Demo;

/// <summary>Two patients who measure themselves at home, and have agreed to it.</summary>
internal static class DemoPatients
{
    public const string Amy = "Patient/demo-amy";
    public const string Ben = "Patient/demo-ben";
    public const string Cuff = "Device/demo-cuff";

    public static IEnumerable<Resource> Build(DemoCalendar calendar, string canonicalBase) =>
    [
        Person("demo-amy", "100001", "Rivera", "Amy", AdministrativeGender.Female, "1968-04-12", "+1-718-555-0111", "Brooklyn", "11201"),
        Person("demo-ben", "100002", "Novak", "Ben", AdministrativeGender.Male, "1955-09-30", "+1-718-555-0122", "Queens", "11101"),
        BloodPressureCuff(),
        MonitoringConsent("demo-amy", calendar, canonicalBase),
        MonitoringConsent("demo-ben", calendar, canonicalBase),
    ];

    private static Patient Person(
        string id, string number, string family, string given, AdministrativeGender gender, string birthDate, string phone, string city, string postalCode)
    {
        return new Patient
        {
            Id = id,
            Extension = [DemoTerms.TimeZone()],
            Identifier =
            [
                new Identifier("https://riverside.example/medical-record-number", number)
                {
                    Use = Identifier.IdentifierUse.Usual,
                    Type = DemoTerms.Concept(DemoTerms.Hl7("v2-0203", "MR", "Medical record number")),
                },
            ],
            Active = true,
            Name = [new HumanName { Use = HumanName.NameUse.Official, Family = family, Given = [given] }],
            Telecom =
            [
                new ContactPoint(ContactPoint.ContactPointSystem.Phone, ContactPoint.ContactPointUse.Mobile, phone),
                new ContactPoint(ContactPoint.ContactPointSystem.Email, ContactPoint.ContactPointUse.Home, $"{given}@patients.example".ToLowerInvariant()),
            ],
            Gender = gender,
            BirthDate = birthDate,
            Address = [new Address { Use = Address.AddressUse.Home, City = city, State = "NY", PostalCode = postalCode, Country = "US" }],
            Communication =
            [
                new Patient.CommunicationComponent
                {
                    Language = DemoTerms.Concept(new Coding("urn:ietf:bcp:47", "en-US", "English (United States)")),
                    Preferred = true,
                },
            ],
            GeneralPractitioner = [new ResourceReference(DemoClinic.Lee, "Dr. Grace Lee")],
            ManagingOrganization = new ResourceReference(DemoClinic.Organization),
        };
    }

    /// <summary>A personal health device; see the PHD implementation guide for the codes (https://hl7.org/fhir/uv/phd/).</summary>
    private static Device BloodPressureCuff() => new()
    {
        Id = "demo-cuff",
        Identifier = [new Identifier("urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680", "FE-ED-AB-00-10-20-30-40")],
        Status = Device.FHIRDeviceStatus.Active,
        Manufacturer = "Example Devices",
        SerialNumber = "CUFF-000042",
        ModelNumber = "BP-100",
        DeviceName = [new Device.DeviceNameComponent { Name = "Upper arm blood pressure cuff", Type = DeviceNameType.UserFriendlyName }],
        Type = DemoTerms.Concept(new Coding(DemoTerms.Mdc, "65573", "MDC_MOC_VMS_MDS_SIMP"), "Personal health device"),
        Specialization =
        [
            new Device.SpecializationComponent
            {
                SystemType = DemoTerms.Concept(new Coding(DemoTerms.Mdc, "528391", "MDC_DEV_SPEC_PROFILE_BP"), "Blood pressure monitor"),
            },
        ],
        Patient = new ResourceReference(Amy),
        Owner = new ResourceReference(DemoClinic.Organization),
    };

    private static Consent MonitoringConsent(string patient, DemoCalendar calendar, string canonicalBase)
    {
        // Given on the day before the first reading.
        var given = DemoCalendar.At(calendar.Today.PlusDays(-DemoReadings.Days - 1), new LocalTime(11, 0));
        return new Consent
        {
            Id = $"{patient}-rpm",
            Status = Consent.ConsentState.Active,
            Scope = DemoTerms.Concept(DemoTerms.Hl7("consentscope", "treatment", "Treatment")),
            Category =
            [
                DemoTerms.Concept(new Coding(DemoTerms.Loinc, "59284-0", "Patient Consent")),
                DemoTerms.Concept(new Coding($"{canonicalBase}/CodeSystem/consent-category", "rpm", "Remote patient monitoring")),
            ],
            Patient = new ResourceReference($"Patient/{patient}"),
            DateTimeElement = new FhirDateTime(DemoTerms.Instant(given)),
            Performer = [new ResourceReference($"Patient/{patient}")],
            Organization = [new ResourceReference(DemoClinic.Organization)],
            PolicyRule = DemoTerms.Concept(DemoTerms.Hl7("v3-ActCode", "OPTIN", "opt-in")),
            Provision = new Consent.provisionComponent
            {
                Type = Consent.ConsentProvisionType.Permit,
                Period = DemoTerms.Period(given, end: null),
            },
        };
    }
}
