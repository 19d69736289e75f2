using FluentValidation;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Validation;

/// <summary>R4 has no invariants of Encounter (https://hl7.org/fhir/R4/encounter.html); these are what a visit needs.</summary>
internal sealed class EncounterRules : AbstractValidator<Encounter>
{
    private const string _actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    public EncounterRules()
    {
        RuleFor(encounter => encounter.Subject)
            .Must((encounter, subject) => subject is not null || encounter.Class is not { Code: "VR", System: null or _actCode })
            .OverridePropertyName("subject").WithErrorCode("encounter-virtual-subject").WithMessage("A virtual encounter has a subject.")
            .WithState(_ => OperationOutcome.IssueType.BusinessRule);

        RuleFor(encounter => encounter.Period)
            .Must(period => period is null || !EndsBeforeStart(period))
            .OverridePropertyName("period").WithErrorCode("encounter-period").WithMessage("The period does not end before it starts.")
            .WithState(_ => OperationOutcome.IssueType.BusinessRule);
    }

    // Dates may be partial: 2026-05 to 2026-05-03 is in order, because some start in May is before the end of the third.
    private static bool EndsBeforeStart(Period period) =>
        period is { Start: { } start, End: { } end }
        && DateRange.TryParse(start, out var first) && DateRange.TryParse(end, out var last)
        && first.Low >= last.High;
}
