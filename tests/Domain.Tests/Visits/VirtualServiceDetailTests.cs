using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Domain.Tests.Visits;

public sealed class VirtualServiceDetailTests
{
    private const string Page = "https://host/visit/e1";

    private static readonly Canonicals _canonicals = new("https://telefhir.dev/fhir");

    [Fact]
    public void It_is_written_as_the_definition_of_R5_in_R4_has_it()
    {
        var appointment = TelehealthVisit.Connect(Booked(), Detail());
        var written = Parse(
            """
            {"resourceType":"Appointment","status":"proposed","participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}],
             "extension":[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService","extension":[
              {"url":"http://hl7.org/fhir/StructureDefinition/_datatype","valueString":"VirtualServiceDetail"},
              {"url":"channelType","valueCoding":{"system":"https://telefhir.dev/fhir/CodeSystem/virtual-channel","code":"telefhir-webrtc"}},
              {"url":"address","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/_datatype","valueString":"ExtendedContactDetail"},
                {"url":"telecom","valueContactPoint":{"system":"url","value":"https://host/visit/e1"}}]},
              {"url":"maxParticipants","valuePositiveInt":4}]}]}
            """);

        Assert.True(written.Extension[0].IsExactly(appointment.Extension[0]));
        Assert.Equal(Page, VirtualServiceDetail.Of(appointment).Single().Address);
        Assert.Equal(4, VirtualServiceDetail.Of(written).Single().MaxParticipants);
    }

    [Theory]
    [InlineData("""{"url":"address","valueUrl":"https://host/visit/e1"}""")]
    [InlineData("""{"url":"address","valueString":"https://host/visit/e1"}""")]
    [InlineData("""{"url":"address","valueContactPoint":{"system":"url","value":"https://host/visit/e1"}}""")]
    [InlineData("""{"url":"address","extension":[{"url":"telecom","valueContactPoint":{"system":"url","value":"https://host/visit/e1"}}]}""")]
    public void The_address_is_read_in_every_form(string address)
    {
        Assert.Equal(Page, VirtualServiceDetail.Of(With(address)).Single().Address);
    }

    [Fact]
    public void A_session_key_is_taken_out()
    {
        var appointment = With("""{"url":"sessionKey","valueString":"secret"}""");

        Assert.True(VirtualServiceDetail.RemoveSessionKeys(appointment));
        Assert.False(VirtualServiceDetail.RemoveSessionKeys(appointment));
        Assert.DoesNotContain(appointment.Extension[0].Extension, part => part.Url == "sessionKey");
    }

    [Fact]
    public void Connecting_again_replaces_what_was_there()
    {
        var twice = TelehealthVisit.Connect(TelehealthVisit.Connect(Booked(), Detail()), Detail() with { Address = "https://host/visit/e2" });

        Assert.Equal("https://host/visit/e2", VirtualServiceDetail.Of(twice).Single().Address);
    }

    [Fact]
    public void A_planned_encounter_has_what_the_appointment_knows()
    {
        var encounter = TelehealthVisit.Plan(Booked(), "e1", Detail()).Value!;

        Assert.Equal(
            (Encounter.EncounterStatus.Planned, "VR", "Patient/p1", "Appointment/a1"),
            (encounter.Status!.Value, encounter.Class!.Code, encounter.Subject!.Reference, encounter.Appointment.Single().Reference));
        Assert.Equal(["Practitioner/d1", "RelatedPerson/i1"], encounter.Participant.Select(one => one.Individual!.Reference));
        Assert.Equal("2026-11-02T14:00:00Z", (encounter.GetExtension(TelehealthVisit.PlannedStartUrl)!.Value as FhirDateTime)!.Value);
        Assert.Equal(Page, VirtualServiceDetail.Of(encounter).Single().Address);
        Assert.Null(encounter.Period);

        var later = Booked();
        (later.Start, later.End) = (later.Start!.Value.AddDays(1), later.End!.Value.AddDays(1));
        later.Participant[1] = Person("Practitioner/d2");
        var moved = TelehealthVisit.MovePlan(encounter, later);
        Assert.Equal("2026-11-03T14:30:00Z", (moved.GetExtension(TelehealthVisit.PlannedEndUrl)!.Value as FhirDateTime)!.Value);
        Assert.Equal(["Practitioner/d2", "RelatedPerson/i1"], moved.Participant.Select(one => one.Individual!.Reference));
    }

    [Fact]
    public void A_visit_needs_a_patient()
    {
        var appointment = Booked();
        appointment.Participant.RemoveAt(0);

        Assert.Equal("patient-missing", TelehealthVisit.Plan(appointment, "e1", Detail()).Refusal!.Code);
    }

    [Fact]
    public void The_service_type_makes_it_virtual()
    {
        var appointment = Booked();
        Assert.True(TelehealthVisit.IsVirtual(appointment));
        appointment.ServiceType[0].Coding[0].System = "http://example.org";
        Assert.False(TelehealthVisit.IsVirtual(appointment));
    }

    private static VirtualServiceDetail Detail() => new()
    {
        ChannelType = VirtualServiceDetail.OwnChannel(_canonicals),
        Address = TelehealthVisit.AddressOf("https://host", "e1"),
        MaxParticipants = 4,
    };

    private static Appointment With(string part) => Parse(
        $$"""
        {"resourceType":"Appointment","status":"proposed","participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"}],
         "extension":[{"url":"http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.virtualService","extension":[{{part}}]}]}
        """);

    private static Appointment Parse(string json) => (Appointment)FhirJson.Parse(Encoding.UTF8.GetBytes(json));

    private static Appointment Booked() => new()
    {
        Id = "a1",
        Status = Appointment.AppointmentStatus.Booked,
        ServiceType = [TelehealthVisit.ServiceType],
        Start = new DateTimeOffset(2026, 11, 2, 14, 0, 0, TimeSpan.Zero),
        End = new DateTimeOffset(2026, 11, 2, 14, 30, 0, TimeSpan.Zero),
        Participant =
        [
            Person("Patient/p1"), Person("Practitioner/d1"), Person("RelatedPerson/i1"), Person("Location/room"),
        ],
    };

    private static Appointment.ParticipantComponent Person(string reference) =>
        new() { Actor = new ResourceReference(reference), Status = ParticipationStatus.Accepted };
}
