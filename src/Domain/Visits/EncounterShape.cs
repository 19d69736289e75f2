using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>What must be true of an Encounter by itself, beyond what its definition says.</summary>
public static class EncounterShape
{
    private static readonly HashSet<string> _classes = ["AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "PRENC", "SS", "VR"];

    /// <summary>
    /// Null where all is well, else 422: <c>class-system</c> for a class of v3-ActCode under a system that it never had (an older or misspelt address), <c>subject-missing</c> for a virtual visit of
    /// nobody, <c>period</c> for one that ends before it starts.
    /// </summary>
    public static Refusal? Check(Encounter encounter)
    {
        var kind = encounter.Class;
        if (kind?.Code is { } code && _classes.Contains(code) && kind.System is { } system && system != TelehealthVisit.ActCode
            && system.Contains("ActCode", StringComparison.Ordinal))
        {
            return Refusal.BusinessRule("class-system", $"The class {code} is a code of {TelehealthVisit.ActCode}.", "Encounter.class.system");
        }

        if (kind?.Code == "VR" && encounter.Subject is null && !EncounterStates.IsOver(encounter.Status))
        {
            return Refusal.BusinessRule("subject-missing", "A virtual visit has a subject.", "Encounter.subject");
        }

        return Moment.Read(encounter.Period?.Start) is { } start && Moment.Read(encounter.Period?.End) is { } end && end < start
            ? Refusal.BusinessRule("period", "The encounter ends before it starts.", "Encounter.period")
            : null;
    }
}
