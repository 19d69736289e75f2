using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using static Hl7.Fhir.Model.Appointment;
using static TeleFhir.Domain.Tests.Scheduling.Bookings;
using SlotStatus = Hl7.Fhir.Model.Slot.SlotStatus;

namespace TeleFhir.Domain.Tests.Scheduling;

/// <summary>Who is asked when a time becomes free.</summary>
public sealed class WaitingListTests
{
    private readonly BookingRules _rules = new(new BookingSettings(Own));

    public static TheoryData<string, string, bool> Wishes => new()
    {
        { "nothing", "{}", true },
        { "not waiting", """{"status":"proposed"}""", false },
        { "the clinician", Actor("Practitioner/d1"), true },
        { "another clinician", Actor("Practitioner/d2"), false },
        { "either of two", Actor("Practitioner/d2", "Practitioner/d1"), true },
        { "a role of the clinician", Actor("PractitionerRole/r1"), true },
        { "a place", Actor("Location/l1"), true },
        { "another place", Actor("Practitioner/d1", "Location/l2"), false },
        { "the slot", """{"slot":[{"reference":"Slot/t9"},{"reference":"Slot/t1"}]}""", true },
        { "another slot", """{"slot":[{"reference":"Slot/t9"}]}""", false },
        { "the service", """{"serviceType":[{"coding":[{"system":"urn:s","code":"flu"},{"system":"urn:s","code":"check"}]}]}""", true },
        { "another service", """{"serviceType":[{"coding":[{"system":"urn:s","code":"flu"}]}]}""", false },
        { "the same code of another system", """{"serviceType":[{"coding":[{"system":"urn:t","code":"check"}]}]}""", false },
        { "the specialty of the schedule", """{"specialty":[{"coding":[{"system":"urn:s","code":"heart"}]}]}""", true },
        { "another specialty", """{"specialty":[{"coding":[{"system":"urn:s","code":"skin"}]}]}""", false },
        { "a kind that the slot does not say", """{"appointmentType":{"coding":[{"code":"FOLLOWUP"}]}}""", true },
        { "its length", """{"minutesDuration":30}""", true },
        { "another length", """{"minutesDuration":60}""", false },
        { "that day", """{"requestedPeriod":[{"start":"2026-11-05","end":"2026-11-06"},{"start":"2026-11-02","end":"2026-11-02"}]}""", true },
        { "another day", """{"requestedPeriod":[{"start":"2026-11-03"}]}""", false },
        { "hours that it does not fit in", """{"requestedPeriod":[{"start":"2026-11-02T09:00:00Z","end":"2026-11-02T10:15:00Z"}]}""", false },
        { "within its start and end", """{"start":"2026-11-02T09:00:00Z","end":"2026-11-02T12:00:00Z"}""", true },
        { "after its end", """{"start":"2026-11-02T09:00:00Z","end":"2026-11-02T10:00:00Z"}""", false },
        { "offered before", """{"extension":[{"url":"https://telefhir.dev/fhir/StructureDefinition/waitlist-offered","valueReference":{"reference":"Slot/t1"}}]}""", false },
    };

    [Theory]
    [MemberData(nameof(Wishes))]
    public void A_slot_suits_who_wishes_nothing_else(string name, string wish, bool suits) =>
        Assert.True(suits == WaitingList.Suits(Wish(wish), Freed, Calendar, ActorOf, Own), name);

    [Fact]
    public void The_most_urgent_come_first_and_then_who_has_waited_longest()
    {
        var waiting = new[]
        {
            Wish("""{"id":"none"}"""), Wish("""{"id":"zero","priority":0,"created":"2026-10-01T00:00:00Z"}"""),
            Wish("""{"id":"nine","priority":9}"""), Wish("""{"id":"late","priority":1,"created":"2026-10-03T00:00:00Z"}"""),
            Wish("""{"id":"early","priority":1,"created":"2026-10-02T00:00:00Z"}"""), Wish("""{"id":"other","minutesDuration":10}"""),
        };

        Assert.Equal(["early", "late", "nine", "zero", "none"], WaitingList.Rank(waiting, Freed, Calendar, ActorOf, Own).Select(one => one.Id));
    }

    [Fact]
    public void An_offer_is_held_with_the_wishes_inside_and_returns_them()
    {
        var wish = Wish("""
            {"id":"w1","priority":2,"minutesDuration":30,"requestedPeriod":[{"start":"2026-11-02"}],"extension":[{"url":"urn:mine","valueString":"kept"}],
             "participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"},{"actor":{"reference":"Practitioner/d1"},"required":"required","status":"needs-action"},
                            {"actor":{"reference":"Practitioner/d2"},"required":"required","status":"needs-action"}]}
            """);

        var change = _rules.Offer(FactsOf(wish)).Value!;

        var offer = change.Appointment;
        Assert.Equal((AppointmentStatus.Pending, At("10:00"), At("08:30")), (offer.Status, offer.Start, HoldExpiry.Of(offer, Own)));
        Assert.Equal(["Patient/p1", "Practitioner/d1", "Location/l1"], offer.Participant.Select(one => one.Actor?.Reference));
        Assert.Equal(["check"], offer.ServiceType.SelectMany(type => type.Coding).Select(coding => coding.Code));
        Assert.True(WaitingList.IsOffer(offer, Own));
        Assert.Equal(SlotStatus.BusyTentative, Assert.Single(change.Slots).Status);

        Assert.Null(_rules.Expire(offer, [], At("08:29")));
        var back = _rules.Expire(offer, [Busy("t1", "w1")], At("08:30"))!;
        Assert.Equal(AppointmentStatus.Waitlist, back.Appointment.Status);
        Assert.Equal(SlotStatus.Free, Assert.Single(back.Slots).Status);
        Assert.False(WaitingList.Suits(back.Appointment, Freed, Calendar, ActorOf, Own));
        back.Appointment.Extension.RemoveAll(one => one.Url?.EndsWith("waitlist-offered", StringComparison.Ordinal) == true);
        wish.Created = back.Appointment.Created;
        Assert.True(back.Appointment.IsExactly(wish), FhirText(back.Appointment));
    }

    [Fact]
    public void Who_takes_it_up_waits_no_more()
    {
        var offer = _rules.Offer(FactsOf(Wish("""{"id":"w1"}"""))).Value!.Appointment;

        var booked = _rules.Book(FactsOf(offer) with { IsStored = true }).Value!.Appointment;

        Assert.Equal((AppointmentStatus.Booked, 0, 0), (booked.Status, booked.Contained.Count, booked.Extension.Count));
        Assert.Equal("invalid-transition", _rules.Offer(FactsOf(booked)).Refusal!.Code);
    }

    [Fact]
    public void An_offer_ends_when_the_time_begins()
    {
        var offer = _rules.Offer(FactsOf(Wish("""{"id":"w1"}""")) with { Now = At("09:50") }).Value!.Appointment;

        Assert.Equal(At("10:00"), HoldExpiry.Of(offer, Own));
    }

    [Theory]
    [InlineData(SlotStatus.Busy, "08:00", true)]
    [InlineData(SlotStatus.BusyTentative, "08:00", true)]
    [InlineData(SlotStatus.BusyUnavailable, "08:00", true)]
    [InlineData(SlotStatus.Free, "08:00", false)]
    [InlineData(SlotStatus.Busy, "09:55", false)]
    public void A_slot_is_freed_that_was_taken_and_is_to_come(SlotStatus before, string now, bool freed) =>
        Assert.Equal(freed, WaitingList.IsFreed(Slot("t1", "10:00", "10:30", before), Freed, At(now)));

    private static Slot Freed { get; } = With(Slot("t1", "10:00", "10:30"), slot => slot.ServiceType = [new("urn:s", "check")]);

    private static LoadedSchedule Calendar { get; } = new(
        With(Schedule(), schedule =>
        {
            schedule.Actor.Add(new ResourceReference("Location/l1"));
            schedule.Specialty = [new("urn:s", "heart")];
        }),
        []);

    private static string? ActorOf(string reference) => reference == "PractitionerRole/r1" ? "Practitioner/d1" : reference;

    private static BookingFacts FactsOf(Appointment appointment) => new(appointment, true, [new LoadedSlot(Freed)], Morning) { Schedules = [Calendar.Schedule] };

    private static LoadedSlot Busy(string id, string appointment) =>
        new(With(Slot(id, "10:00", "10:30"), slot => slot.Status = SlotStatus.BusyTentative)) { AppointmentId = appointment };

    private static Appointment Wish(string json)
    {
        var wish = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
        wish["resourceType"] = "Appointment";
        wish["status"] ??= "waitlist";
        wish["participant"] ??= System.Text.Json.Nodes.JsonNode.Parse("""[{"actor":{"reference":"Patient/p1"},"status":"accepted"}]""");
        return (Appointment)FhirJson.Parse(System.Text.Encoding.UTF8.GetBytes(wish.ToJsonString()));
    }

    private static string Actor(params string[] actors)
    {
        var others = string.Concat(actors.Select(actor => $$""",{"actor":{"reference":"{{actor}}"},"status":"needs-action"}"""));
        return $$"""{"participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}{{others}}]}""";
    }

    private static T With<T>(T resource, Action<T> change)
    {
        change(resource);
        return resource;
    }

    private static string FhirText(Resource resource) => System.Text.Encoding.UTF8.GetString(FhirJson.Serialize(resource));
}
