using Hl7.Fhir.Model;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;
using static TeleFhir.Domain.Tests.Scheduling.Bookings;

namespace TeleFhir.Domain.Tests.Scheduling;

public sealed class OccupancyTests
{
    private static readonly Dictionary<string, DomainResource> _known = new(StringComparer.Ordinal)
    {
        ["PractitionerRole/r1"] = new PractitionerRole { Practitioner = new ResourceReference("Practitioner/d1") },
        ["Location/site"] = new Location { PhysicalType = new CodeableConcept("http://terminology.hl7.org/CodeSystem/location-physical-type", "si") },
        ["Location/room"] = new Location { PhysicalType = new CodeableConcept("http://terminology.hl7.org/CodeSystem/location-physical-type", "ro") },
    };

    [Fact]
    public void It_takes_the_time_of_humans_and_rooms()
    {
        var appointment = Appointment(
            AppointmentStatus.Booked, "09:00", "09:30",
            "Patient/p1", "PractitionerRole/r1", "Location/site", "Location/room", "HealthcareService/h", "RelatedPerson/mother", "RelatedPerson/interpreter");
        appointment.Participant[6].Type = [new CodeableConcept("http://terminology.hl7.org/CodeSystem/participant-type", "translator")];

        Assert.Equal(["Location/room", "Patient/p1", "Practitioner/d1", "RelatedPerson/interpreter"], Actors(appointment));
    }

    [Fact]
    public void The_actors_of_the_slots_are_taken_too_each_once()
    {
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30", "Patient/p1", "Practitioner/d1");

        var entries = Of(appointment, [Slot("t1", "09:00", "09:30")], [Schedule("s1", "PractitionerRole/r1"), Schedule("s2", "Location/room")]);

        Assert.Equal(["Location/room", "Patient/p1", "Practitioner/d1"], entries.Select(entry => entry.Actor));
    }

    [Fact]
    public void Whoever_declined_has_time()
    {
        var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30", "Patient/p1", "Practitioner/d1", "Practitioner/d2");
        appointment.Participant[1].Status = ParticipationStatus.Declined;
        appointment.Participant[2].Required = ParticipantRequired.InformationOnly;

        Assert.Equal(["Patient/p1"], Actors(appointment));
    }

    [Theory]
    [InlineData(AppointmentStatus.Pending, OccupancyState.Hold)]
    [InlineData(AppointmentStatus.Booked, OccupancyState.Booked)]
    [InlineData(AppointmentStatus.Arrived, OccupancyState.Booked)]
    [InlineData(AppointmentStatus.CheckedIn, OccupancyState.Booked)]
    [InlineData(AppointmentStatus.Fulfilled, OccupancyState.Booked)]
    [InlineData(AppointmentStatus.Proposed, null)]
    [InlineData(AppointmentStatus.Waitlist, null)]
    [InlineData(AppointmentStatus.Cancelled, null)]
    [InlineData(AppointmentStatus.Noshow, null)]
    [InlineData(AppointmentStatus.EnteredInError, null)]
    public void The_status_says_how(AppointmentStatus status, OccupancyState? expected)
    {
        Assert.Equal(expected, Of(Appointment(status, "09:00", "09:30")).Select(entry => (OccupancyState?)entry.State).FirstOrDefault());
    }

    [Fact]
    public void A_hold_has_an_end_even_where_none_is_written()
    {
        var pending = Appointment(AppointmentStatus.Pending, "09:00", "09:30");
        Assert.Equal(NodaTime.Instant.FromDateTimeOffset(At("08:10")), Of(pending).Single().HoldExpires);
        HoldExpiry.Put(pending, At("08:02"), Own);
        var entry = Of(pending).Single();
        Assert.True(entry.IsLive(NodaTime.Instant.FromDateTimeOffset(At("08:01"))));
        Assert.False(entry.IsLive(NodaTime.Instant.FromDateTimeOffset(At("08:02"))));
    }

    [Fact]
    public void The_past_and_the_timeless_take_nothing()
    {
        Assert.Empty(Of(Appointment(AppointmentStatus.Booked, "07:00", "08:00")));
        Assert.Empty(Of(Appointment(AppointmentStatus.Booked, "09:00", "09:00")));
        Assert.Empty(Of(Appointment(AppointmentStatus.Proposed)));
    }

    [Fact]
    public void One_human_has_one_calendar()
    {
        var first = Stored("b", "09:00", "09:30", "PractitionerRole/r1");

        Assert.Equal("slot-unavailable", Seat(Stored("a", "09:15", "09:45", "Practitioner/d1"), first).Refusal!.Code);
        Assert.True(Seat(Stored("a", "09:30", "10:00", "Practitioner/d1"), first).IsAllowed);
        Assert.True(Seat(Stored("b", "09:15", "09:45", "Practitioner/d1"), first).IsAllowed);
        Assert.Equal("slot-unavailable", Seat(Stored("a", "09:15", "09:45", "Practitioner/d1"), Block("09:00", "09:20")).Refusal!.Code);
    }

    [Fact]
    public void Holds_that_ran_out_are_passed_over()
    {
        var hold = Appointment(AppointmentStatus.Pending, "09:00", "09:30", "Practitioner/d1");
        hold.Id = "b";
        HoldExpiry.Put(hold, Morning, Own);

        Assert.True(Seat(Stored("a", "09:00", "09:30", "Practitioner/d1"), Of(hold)).IsAllowed);
    }

    [Fact]
    public void A_patient_with_two_appointments_is_refused_or_warned()
    {
        var first = Stored("b", "09:00", "09:30", "Patient/p1");
        var second = Stored("a", "09:00", "09:30", "Patient/p1", "Practitioner/d2");

        Assert.Equal("patient-overlap", Seat(second, first).Refusal!.Code);
        var warned = Occupancy.Seat(second, first, Morning, PatientOverlap.Warn).Value!;
        Assert.NotNull(warned.Warning);
        Assert.Equal(["Practitioner/d2"], warned.Entries.Select(entry => entry.Actor));
    }

    [Fact]
    public void A_group_has_seats_and_nobody_else_gets_between()
    {
        var slot = Slot("t1", "09:00", "09:30");
        slot.AddExtension(ScheduleHours.CapacityUrl, new Integer(2));
        var taken = new List<OccupancyEntry>();
        foreach (var (id, seat) in new[] { ("a", 1), ("b", 2), ("c", 0) })
        {
            var appointment = Appointment(AppointmentStatus.Booked, "09:00", "09:30", $"Patient/{id}", "Practitioner/d1");
            appointment.Id = id;
            var decision = Occupancy.Seat(Of(appointment, [slot], []), taken, Morning, PatientOverlap.Reject);
            Assert.Equal(seat > 0, decision.IsAllowed);
            if (decision.IsAllowed)
            {
                Assert.Equal(seat, decision.Value.Entries.Single(entry => !entry.IsPatient).Seat);
                taken.AddRange(decision.Value.Entries);
            }
        }

        taken.RemoveAll(entry => entry.AppointmentId == "a");
        Assert.Equal("slot-unavailable", Seat(Stored("d", "09:00", "09:30", "Practitioner/d1"), taken).Refusal!.Code);
    }

    private static Domain.Fhir.Decision<Seating> Seat(IReadOnlyList<OccupancyEntry> wanted, IReadOnlyList<OccupancyEntry> existing) =>
        Occupancy.Seat(wanted, existing, Morning, PatientOverlap.Reject);

    private static IReadOnlyList<OccupancyEntry> Stored(string id, string from, string to, params string[] actors)
    {
        var appointment = Appointment(AppointmentStatus.Booked, from, to, actors);
        appointment.Id = id;
        return Occupancy.Seat(Of(appointment), [], Morning, PatientOverlap.Reject).Value!.Entries;
    }

    private static IReadOnlyList<OccupancyEntry> Block(string from, string to) =>
        Occupancy.OfBlock(Slot("x", from, to, Hl7.Fhir.Model.Slot.SlotStatus.BusyUnavailable), Schedule("s1", "PractitionerRole/r1"), Resolve);

    private static IEnumerable<string> Actors(Appointment appointment) => Of(appointment).Select(entry => entry.Actor);

    private static IReadOnlyList<OccupancyEntry> Of(Appointment appointment, IReadOnlyList<Slot>? slots = null, IReadOnlyList<Schedule>? schedules = null) =>
        Occupancy.Of(appointment, slots ?? [], schedules ?? [], Resolve, Morning, Own);

    private static string? Resolve(string reference) => Occupancy.ActorOf(reference, _known.GetValueOrDefault);
}
