using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Api.Demo;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Api.Tests.Demo;

/// <summary>The demo clinic as resources, seen from chosen moments.</summary>
public sealed class DemoResourcesTests
{
    /// <summary>An ordinary day, a weekend, the days before the clocks change, and a moment that is another day at the clinic.</summary>
    public static TheoryData<string> Moments { get; } =
        ["2026-11-24T15:00:00Z", "2026-10-24T12:00:00Z", "2026-10-30T20:00:00Z", "2026-03-06T14:00:00Z", "2026-03-07T03:30:00Z", "2026-12-31T23:59:00Z"];

    [Theory]
    [MemberData(nameof(Moments))]
    public void Every_resource_is_valid(string now)
    {
        var validator = new ResourceValidator();
        foreach (var resource in Build(now))
        {
            var parsed = FhirJson.Parse(FhirJson.Serialize(resource), resource.TypeName);
            validator.Validate(parsed);
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void Every_reference_leads_to_a_resource_of_the_demo(string now)
    {
        var resources = Build(now);
        var known = resources.Select(resource => $"{resource.TypeName}/{resource.Id}").ToHashSet(StringComparer.Ordinal);
        Assert.Equal(resources.Count, known.Count);
        var pointers = resources.SelectMany(Descendants).OfType<ResourceReference>().Select(reference => reference.Reference!).ToList();

        Assert.True(pointers.Count > 1000);
        Assert.All(pointers, reference => Assert.Contains(reference, known));
    }

    [Theory]
    [InlineData("2026-10-24T12:00:00Z", "2026-11-01")] // the clocks go back inside the fourteen days
    [InlineData("2026-03-02T12:00:00Z", "2026-03-08")] // they go forward
    public void Slots_are_on_weekdays_from_nine_to_five_at_the_clinic_across_a_change_of_the_clocks(string now, string change)
    {
        var changeDay = DateOnly.Parse(change, CultureInfo.InvariantCulture);
        var slots = Build(now).OfType<Slot>().Where(slot => slot.Schedule.Reference == "Schedule/demo-okoye").ToList();
        var byDay = slots.GroupBy(slot => DateOnly.FromDateTime(Local(slot.Start!.Value, changeDay).DateTime)).ToList();

        Assert.Contains(byDay, day => day.Key < changeDay);
        Assert.Contains(byDay, day => day.Key > changeDay);
        foreach (var day in byDay)
        {
            Assert.NotEqual(DayOfWeek.Saturday, day.Key.DayOfWeek);
            Assert.NotEqual(DayOfWeek.Sunday, day.Key.DayOfWeek);
            Assert.Equal(16, day.Count());
            Assert.Equal(new TimeOnly(9, 0), day.Min(slot => TimeOnly.FromDateTime(Local(slot.Start!.Value, changeDay).DateTime)));
            Assert.Equal(new TimeOnly(17, 0), day.Max(slot => TimeOnly.FromDateTime(Local(slot.End!.Value, changeDay).DateTime)));
        }

        Assert.All(slots, slot => Assert.Equal(TimeSpan.FromMinutes(30), slot.End - slot.Start));
    }

    [Fact]
    public void Slots_reach_fourteen_days_ahead_and_none_has_begun()
    {
        // Tuesday, 10:10 at the clinic: what starts at 10:30 is the first that is left.
        var now = Parse("2026-11-24T15:10:00Z");
        var slots = Build("2026-11-24T15:10:00Z").OfType<Slot>().ToList();

        Assert.Equal(Parse("2026-11-24T15:30:00Z"), slots.Min(slot => slot.Start));
        Assert.Equal(Parse("2026-12-08T22:00:00Z"), slots.Max(slot => slot.End));
        Assert.All(slots, slot => Assert.True(slot.Start > now));
        Assert.Equal(2 * (13 + (10 * 16)), slots.Count);
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void The_booked_visit_takes_one_slot_and_the_rest_are_free(string now)
    {
        var resources = Build(now);
        var appointment = Assert.Single(resources.OfType<Appointment>());
        var busy = Assert.Single(resources.OfType<Slot>(), slot => slot.Status != Slot.SlotStatus.Free);

        Assert.Equal(Appointment.AppointmentStatus.Booked, appointment.Status);
        Assert.Equal(Slot.SlotStatus.Busy, busy.Status);
        Assert.Equal($"Slot/{busy.Id}", Assert.Single(appointment.Slot).Reference);
        Assert.Equal("Schedule/demo-lee", busy.Schedule.Reference);
        Assert.Equal((busy.Start, busy.End), (appointment.Start, appointment.End));
        Assert.True(appointment.Start > Parse(now));
        var planned = Assert.Single(resources.OfType<Encounter>(), encounter => encounter.Status == Encounter.EncounterStatus.Planned);
        Assert.Equal($"Appointment/{appointment.Id}", Assert.Single(planned.Appointment).Reference);
        Assert.Single(resources.OfType<Encounter>(), encounter => encounter.Status == Encounter.EncounterStatus.Finished);
        Assert.All(resources.OfType<Encounter>(), encounter => Assert.Equal("VR", encounter.Class.Code));
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void The_address_of_the_visit_is_its_page_and_holds_no_key(string now)
    {
        foreach (var resource in Build(now).OfType<DomainResource>().Where(resource => resource is Appointment or Encounter { Status: Encounter.EncounterStatus.Planned }))
        {
            var service = Assert.Single(
                resource.Extension,
                extension => extension.Url == $"http://hl7.org/fhir/5.0/StructureDefinition/extension-{resource.TypeName}.virtualService");
            Assert.Equal("VirtualServiceDetail", service.GetStringExtension("http://hl7.org/fhir/StructureDefinition/_datatype"));
            Assert.Null(service.GetExtension("sessionKey"));
            var address = service.GetExtension("address")!;
            Assert.Equal("ExtendedContactDetail", address.GetStringExtension("http://hl7.org/fhir/StructureDefinition/_datatype"));
            Assert.Equal("http://localhost:5080/visit/demo-amy-visit", address.GetExtensionValue<ContactPoint>("telecom")?.Value);
        }
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public void Both_patients_have_ninety_days_of_four_measures_and_none_in_the_future(string now)
    {
        var observations = Build(now).OfType<Observation>().ToList();

        foreach (var patient in (string[])["Patient/demo-amy", "Patient/demo-ben"])
        {
            foreach (var code in (string[])["85354-9", "8867-4", "29463-7", "59408-5"])
            {
                var course = observations
                    .Where(reading => reading.Subject!.Reference == patient && reading.Code.Coding.Any(coding => coding.Code == code))
                    .Select(reading => DateTimeOffset.Parse(((FhirDateTime)reading.Effective!).Value!, CultureInfo.InvariantCulture)).ToList();
                Assert.Equal(90, course.Select(time => time.Date).Distinct().Count());
                Assert.Equal(90, course.Count);
                Assert.All(course, time => Assert.True(time < Parse(now)));
            }
        }
    }

    [Fact]
    public void Blood_pressure_has_both_panel_codes_and_the_cuff_is_named_on_Amys_alone()
    {
        var pressures = Build("2026-11-24T15:00:00Z").OfType<Observation>().Where(reading => reading.Component.Count > 0).ToList();

        Assert.Equal(180, pressures.Count);
        Assert.All(pressures, reading =>
        {
            Assert.Superset(new HashSet<string?> { "85354-9", "55284-4" }, reading.Code.Coding.Select(coding => coding.Code).ToHashSet());
            Assert.Equal(["8480-6", "8462-4"], reading.Component.Select(part => part.Code.Coding[0].Code));
            Assert.All(reading.Component, part => Assert.Equal(("http://unitsofmeasure.org", "mm[Hg]"), (((Quantity)part.Value!).System, ((Quantity)part.Value!).Code)));
            Assert.True(((Quantity)reading.Component[0].Value!).Value > ((Quantity)reading.Component[1].Value!).Value);
            Assert.Equal(reading.Subject!.Reference == "Patient/demo-amy" ? "Device/demo-cuff" : null, reading.Device?.Reference);
        });
    }

    [Fact]
    public void Local_times_carry_the_offset_of_their_day()
    {
        var readings = Build("2026-11-05T15:00:00Z").OfType<Observation>()
            .Select(reading => ((FhirDateTime)reading.Effective!).Value!).ToList();

        Assert.All(readings.Where(time => string.CompareOrdinal(time, "2026-11-01") < 0), time => Assert.EndsWith("-04:00", time));
        Assert.All(readings.Where(time => string.CompareOrdinal(time, "2026-11-01") >= 0), time => Assert.EndsWith("-05:00", time));
    }

    [Fact]
    public void Two_servers_show_the_same_figures()
    {
        var first = Build("2026-11-24T15:00:00Z").Select(resource => FhirJson.Serialize(resource));
        var second = Build("2026-11-24T15:00:00Z").Select(resource => FhirJson.Serialize(resource));

        Assert.Equal(first, second);
    }

    private static IReadOnlyList<Resource> Build(string now) => DemoSeed.Resources(Parse(now), "https://telefhir.dev/fhir", "http://localhost:5080");

    private static DateTimeOffset Parse(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);

    /// <summary>Reckoned without a zone database, for the two weeks around one change: standard time is five hours behind, summer time four.</summary>
    private static DateTimeOffset Local(DateTimeOffset time, DateOnly change)
    {
        var toSummer = change.Month == 3;
        var changeAt = new DateTimeOffset(change.ToDateTime(new TimeOnly(toSummer ? 7 : 6, 0)), TimeSpan.Zero);
        return time.ToOffset(TimeSpan.FromHours(time < changeAt == toSummer ? -5 : -4));
    }

    private static IEnumerable<Base> Descendants(Base element) =>
        element.EnumerateElements().SelectMany(child => child.Value is IEnumerable<Base> many ? many : [(Base)child.Value]).SelectMany(Descendants).Prepend(element);
}
