using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;
using Period = NodaTime.Period;

namespace TeleFhir.Api.Demo;

/// <summary>A telehealth clinic with two clinicians, their calendars and what is free in them.</summary>
internal static class DemoClinic
{
    public const string Organization = "Organization/demo-clinic";
    public const string Lee = "Practitioner/demo-lee";
    public const string Okoye = "Practitioner/demo-okoye";

    private const int DaysAhead = 14;
    private static readonly Period _slotLength = Period.FromMinutes(30);

    public static IEnumerable<Resource> Build(DemoCalendar calendar, string canonicalBase, string bookedSlotId)
    {
        var familyMedicine = new Coding(DemoTerms.Snomed, "419772000", "Family practice");
        var cardiology = new Coding(DemoTerms.Snomed, "394579002", "Cardiology");
        return
        [
            Clinic(),
            Person("demo-lee", "9999901017", "Lee", ["Grace", "M."], AdministrativeGender.Female, "grace.lee"),
            Person("demo-okoye", "9999901025", "Okoye", ["Daniel"], AdministrativeGender.Male, "daniel.okoye"),
            Role("demo-lee", "Dr. Grace Lee", familyMedicine),
            Role("demo-okoye", "Dr. Daniel Okoye", cardiology),
            Calendar("demo-lee", "Dr. Grace Lee", familyMedicine, calendar, canonicalBase),
            Calendar("demo-okoye", "Dr. Daniel Okoye", cardiology, calendar, canonicalBase),
            .. Slots("demo-lee", calendar, bookedSlotId),
            .. Slots("demo-okoye", calendar, bookedSlotId),
        ];
    }

    /// <summary>The id of the slot of a calendar that starts at a local time.</summary>
    public static string SlotId(string schedule, LocalDate day, LocalTime time) =>
        string.Create(CultureInfo.InvariantCulture, $"{schedule}-{day:yyyyMMdd}-{time:HHmm}");

    private static Organization Clinic() => new()
    {
        Id = "demo-clinic",
        Active = true,
        Type = [DemoTerms.Concept(DemoTerms.Hl7("organization-type", "prov", "Healthcare Provider"))],
        Name = "Riverside Telehealth Clinic",
        Telecom =
        [
            new ContactPoint(ContactPoint.ContactPointSystem.Phone, ContactPoint.ContactPointUse.Work, "+1-212-555-0100"),
            new ContactPoint(ContactPoint.ContactPointSystem.Email, ContactPoint.ContactPointUse.Work, "frontdesk@riverside.example"),
        ],
        Address = [new Address { Line = ["100 Example Street"], City = "New York", State = "NY", PostalCode = "10001", Country = "US" }],
    };

    private static Practitioner Person(
        string id, string npi, string family, IEnumerable<string> given, AdministrativeGender gender, string mailbox)
    {
        return new Practitioner
        {
            Id = id,
            Extension = [DemoTerms.TimeZone()],
            Identifier = [new Identifier("http://hl7.org/fhir/sid/us-npi", npi)],
            Active = true,
            Name = [new HumanName { Use = HumanName.NameUse.Official, Family = family, Given = given, Prefix = ["Dr."] }],
            Telecom = [new ContactPoint(ContactPoint.ContactPointSystem.Email, ContactPoint.ContactPointUse.Work, $"{mailbox}@riverside.example")],
            Gender = gender,
        };
    }

    private static PractitionerRole Role(string id, string name, Coding specialty) => new()
    {
        Id = id,
        Active = true,
        Practitioner = new ResourceReference($"Practitioner/{id}", name),
        Organization = new ResourceReference(Organization),
        Code = [DemoTerms.Concept(DemoTerms.Hl7("practitioner-role", "doctor", "Doctor"))],
        Specialty = [DemoTerms.Concept(specialty)],
        AvailableTime =
        [
            new PractitionerRole.AvailableTimeComponent
            {
                DaysOfWeek = [DaysOfWeek.Mon, DaysOfWeek.Tue, DaysOfWeek.Wed, DaysOfWeek.Thu, DaysOfWeek.Fri],
                AvailableStartTime = Clock(DemoCalendar.Opens),
                AvailableEndTime = Clock(DemoCalendar.Closes),
            },
        ],
    };

    private static Schedule Calendar(string id, string name, Coding specialty, DemoCalendar calendar, string canonicalBase) => new()
    {
        Id = id,
        Extension = [DemoTerms.TimeZone(), Availability(canonicalBase)],
        Active = true,
        ServiceType = [DemoTerms.Televisit],
        Specialty = [DemoTerms.Concept(specialty)],
        Actor = [new ResourceReference($"Practitioner/{id}", name) { Extension = [DemoTerms.TimeZone()] }],
        PlanningHorizon = DemoTerms.Period(
            DemoCalendar.At(calendar.Today, LocalTime.Midnight), DemoCalendar.At(calendar.Today.PlusDays(DaysAhead + 1), LocalTime.Midnight)),
    };

    /// <summary>The rules that more slots can be made by.</summary>
    private static Extension Availability(string canonicalBase) => new()
    {
        Url = $"{canonicalBase}/StructureDefinition/schedule-availability",
        Extension =
        [
            .. ((string[])["mon", "tue", "wed", "thu", "fri"]).Select(day => new Extension("daysOfWeek", new Code(day))),
            new Extension("availableStartTime", new Time(Clock(DemoCalendar.Opens))),
            new Extension("availableEndTime", new Time(Clock(DemoCalendar.Closes))),
            new Extension("slotMinutes", new PositiveInt((int)_slotLength.Minutes)),
        ],
    };

    /// <summary>What is left of today and the days ahead; what has begun can no longer be booked.</summary>
    private static IEnumerable<Slot> Slots(string schedule, DemoCalendar calendar, string bookedSlotId) =>
        from day in Enumerable.Range(0, DaysAhead + 1).Select(calendar.Today.PlusDays)
        where DemoCalendar.IsWeekday(day)
        from time in Starts()
        let start = DemoCalendar.At(day, time)
        where start > calendar.Now
        let id = SlotId(schedule, day, time)
        select new Slot
        {
            Id = id,
            ServiceType = [DemoTerms.Televisit],
            Schedule = new ResourceReference($"Schedule/{schedule}"),
            Status = id == bookedSlotId ? Slot.SlotStatus.Busy : Slot.SlotStatus.Free,
            Start = start,
            End = DemoCalendar.At(day, time + _slotLength),
        };

    private static IEnumerable<LocalTime> Starts()
    {
        for (var time = DemoCalendar.Opens; time < DemoCalendar.Closes; time += _slotLength)
        {
            yield return time;
        }
    }

    private static string Clock(LocalTime time) => time.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
