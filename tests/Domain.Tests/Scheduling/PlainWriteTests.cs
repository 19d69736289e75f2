using Hl7.Fhir.Model;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;
using static TeleFhir.Domain.Tests.Scheduling.Bookings;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>What a create, update or patch of an Appointment brings with it.</summary>
public sealed class PlainWriteTests
{
    private readonly BookingRules _rules = new(new BookingSettings(Own));

    [Fact]
    public void A_booked_appointment_takes_its_slots()
    {
        var change = _rules.Write(null, Appointment(AppointmentStatus.Booked, "09:00", "09:30"), [], [Free("t1")], Morning).Value!;

        Assert.Equal(["t1 Busy"], Statuses(change));
        Assert.Equal(
            "slot-unavailable",
            _rules.Write(null, Appointment(AppointmentStatus.Booked, "09:00", "09:30"), [], [Busy("t1", "other")], Morning).Refusal!.Code);
        Assert.Equal(
            "wrong-duration",
            _rules.Write(null, Appointment(AppointmentStatus.Booked, "09:00", "09:45"), [], [Free("t1")], Morning).Refusal!.Code);
    }

    [Fact]
    public void One_without_slots_and_one_of_the_past_take_none()
    {
        Assert.Empty(_rules.Write(null, Appointment(AppointmentStatus.Booked, "09:00", "09:30"), [], [], Morning).Value!.Slots);
        Assert.Empty(_rules.Write(null, Appointment(AppointmentStatus.Fulfilled, "09:00", "09:30"), [], [Busy("t1", "other")], At("09:30")).Value!.Slots);
    }

    [Theory]
    [InlineData(AppointmentStatus.Cancelled)]
    [InlineData(AppointmentStatus.Noshow)]
    [InlineData(AppointmentStatus.EnteredInError)]
    public void What_is_given_up_frees_its_slots(AppointmentStatus status)
    {
        var before = Appointment(AppointmentStatus.Booked, "09:00", "09:30");

        var change = _rules.Write(before, Appointment(status, "09:00", "09:30"), [Busy("t1", "a1")], [Busy("t1", "a1")], At("09:45")).Value!;

        Assert.Equal(["t1 Free"], Statuses(change));
        Assert.Equal(status == AppointmentStatus.Cancelled, change.Appointment.GetExtension(BookingRules.CancellationDateUrl) is not null);
        Assert.Equal(status == AppointmentStatus.Cancelled, change.Appointment.Meta?.Tag.Exists(tag => tag.Code == "late-cancel") == true);
    }

    [Fact]
    public void An_import_that_is_given_up_leaves_the_slot_to_its_owner()
    {
        var before = Appointment(AppointmentStatus.Booked, "09:00", "09:30");

        Assert.Empty(_rules.Write(before, Appointment(AppointmentStatus.Cancelled), [Busy("t1", "other")], [], At("09:45")).Value!.Slots);
    }

    [Fact]
    public void What_is_over_keeps_its_slots()
    {
        var before = Appointment(AppointmentStatus.CheckedIn, "09:00", "09:30");

        Assert.Empty(_rules.Write(before, Appointment(AppointmentStatus.Fulfilled, "09:00", "09:30"), [Busy("t1", "a1")], [Busy("t1", "a1")], At("10:00")).Value!.Slots);
    }

    [Fact]
    public void What_is_moved_into_the_past_gives_its_slots_back()
    {
        var before = Appointment(AppointmentStatus.Booked, "09:00", "09:30");
        var after = Appointment(AppointmentStatus.Booked, "07:00", "07:30");

        Assert.Equal(["t1 Free"], Statuses(_rules.Write(before, after, [Busy("t1", "a1")], [Busy("t1", "a1")], At("08:30")).Value!));
    }

    [Fact]
    public void A_write_that_moves_it_changes_both_slots()
    {
        var before = Appointment(AppointmentStatus.Booked, "09:00", "09:30");
        var after = Appointment(AppointmentStatus.Booked, "10:00", "10:30");

        var change = _rules.Write(before, after, [Busy("t1", "a1")], [new(Slot("t2", "10:00", "10:30"))], Morning).Value!;

        Assert.Equal(["t2 Busy", "t1 Free"], Statuses(change));
    }

    [Fact]
    public void Nobody_writes_when_a_hold_ends()
    {
        var before = Appointment(AppointmentStatus.Proposed, "09:00", "09:30");
        var after = Appointment(AppointmentStatus.Pending, "09:00", "09:30");
        HoldExpiry.Put(after, At("23:00"), Own);

        var held = _rules.Write(before, after, [], [Free("t1")], Morning).Value!;
        Assert.Equal(At("08:10"), HoldExpiry.Of(held.Appointment, Own));
        Assert.Equal(["t1 BusyTentative"], Statuses(held));
        Assert.Equal(At("08:10"), HoldExpiry.Of(_rules.Write(held.Appointment, after, [], [], At("08:05")).Value!.Appointment, Own));

        var booked = _rules.Write(held.Appointment, Appointment(AppointmentStatus.Booked, "09:00", "09:30"), [], [], Morning).Value!;
        Assert.Null(HoldExpiry.Of(booked.Appointment, Own));
    }

    private static LoadedSlot Free(string id) => new(Slot(id, "09:00", "09:30"));

    private static LoadedSlot Busy(string id, string appointment) =>
        new(Slot(id, "09:00", "09:30", Hl7.Fhir.Model.Slot.SlotStatus.Busy)) { AppointmentId = appointment };

    private static IEnumerable<string> Statuses(BookingChange change) => change.Slots.Select(slot => $"{slot.Id} {slot.Status}");
}
