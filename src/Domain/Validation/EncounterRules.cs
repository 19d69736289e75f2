using FluentValidation;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>R4 has no invariants of Encounter (https://hl7.org/fhir/R4/encounter.html); this is what a visit needs.</summary>
internal sealed class EncounterRules : AbstractValidator<Encounter>
{
    private const string _actCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

    public EncounterRules()
    {
        RuleFor(encounter => encounter.Subject)
            .Must((encounter, subject) => subject is not null || encounter.Class is not { Code: "VR", System: null or _actCode })
            .OverridePropertyName("subject").WithErrorCode("encounter-virtual-subject").WithMessage("A virtual encounter has a subject.")
            .WithState(_ => OperationOutcome.IssueType.BusinessRule);
    }
}
