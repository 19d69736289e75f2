using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Tests.Visits;

public sealed class EncounterStatesTests
{
    [Fact]
    public void Nothing_but_the_table_is_allowed()
    {
        var allowed = new HashSet<string>(StringComparer.Ordinal)
        {
            "planned>arrived", "planned>in-progress", "planned>cancelled",
            "arrived>triaged", "arrived>in-progress", "arrived>cancelled",
            "triaged>in-progress", "triaged>cancelled",
            "in-progress>onleave", "in-progress>finished",
            "onleave>in-progress", "onleave>finished",
        };
        foreach (var from in Enum.GetValues<EncounterStatus>())
        {
            foreach (var to in Enum.GetValues<EncounterStatus>())
            {
                var refusal = EncounterStates.Check(At(from), At(to), TransitionAuthority.Staff);
                var isAllowed = from == to || to == EncounterStatus.EnteredInError || from == EncounterStatus.Unknown
                    || allowed.Contains($"{from.GetLiteral()}>{to.GetLiteral()}");
                Assert.True(isAllowed == refusal is null, $"{from} > {to}");
            }
        }
    }

    [Fact]
    public void Only_staff_call_it_an_error()
    {
        Assert.Equal(
            "invalid-transition",
            EncounterStates.Check(At(EncounterStatus.Planned), At(EncounterStatus.EnteredInError), TransitionAuthority.Anyone)!.Code);
    }

    [Fact]
    public void An_appointment_has_one_encounter_that_is_not_over()
    {
        var other = At(EncounterStatus.Planned);
        other.Id = "other";

        Assert.Equal("encounter-exists", EncounterStates.CheckOnlyOne(At(EncounterStatus.Planned), [other])!.Code);
        Assert.Null(EncounterStates.CheckOnlyOne(At(EncounterStatus.Finished), [other]));
        Assert.Null(EncounterStates.CheckOnlyOne(other, [other]));
        other.Status = EncounterStatus.Cancelled;
        Assert.Null(EncounterStates.CheckOnlyOne(At(EncounterStatus.Planned), [other]));
    }

    private static Encounter At(EncounterStatus status) =>
        new() { Id = "e1", Status = status, Appointment = [new ResourceReference("Appointment/a1")] };
}
