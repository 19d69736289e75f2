using System.Globalization;
using FluentValidation;
using FluentValidation.Results;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The invariants of Observation (https://hl7.org/fhir/R4/observation.html#invs) and of the vital signs profile
/// (https://hl7.org/fhir/R4/vitalsigns.html). The profile's rules hold for whatever claims it, and for whatever has the category
/// vital-signs: R4 asks servers to conform to the profile wherever vital signs are exchanged, claimed or not, and the profiles made
/// from it (heart rate, blood pressure) all demand the category.
/// </summary>
internal sealed class ObservationRules : AbstractValidator<Observation>
{
    private const string _category = "http://terminology.hl7.org/CodeSystem/observation-category";
    private const string _profile = "http://hl7.org/fhir/StructureDefinition/vitalsigns";

    public ObservationRules()
    {
        RuleForEach(observation => observation.ReferenceRange)
            .Must(HasRange)
            .OverridePropertyName("referenceRange").WithErrorCode("obs-3").WithMessage("A reference range has a low, a high or a text.");

        RuleForEach(observation => observation.Component)
            .Must(component => component.ReferenceRange.All(HasRange))
            .OverridePropertyName("component").WithErrorCode("obs-3").WithMessage("A reference range has a low, a high or a text.");

        RuleFor(observation => observation.DataAbsentReason)
            .Must((observation, reason) => reason is null || observation.Value is null)
            .OverridePropertyName("dataAbsentReason").WithErrorCode("obs-6").WithMessage("A value is not said to be absent.");

        RuleFor(observation => observation.Component).Custom(RefuseCodeOfWhole);

        When(IsVitalSign, () =>
        {
            // A year, or a year and a month, says too little of when a vital sign was taken.
            RuleFor(observation => observation.Effective)
                .Must(effective => effective is not FhirDateTime { Value: { Length: < 8 } })
                .OverridePropertyName("effective").WithErrorCode("vs-1")
                .WithMessage("The time of a vital sign is known at least to the day.");

            RuleFor(observation => observation.Value)
                .Must((observation, value) => value is not null || observation.DataAbsentReason is not null
                    || observation.Component.Count > 0 || observation.HasMember.Count > 0)
                .OverridePropertyName("value").WithErrorCode("vs-2")
                .WithMessage("A vital sign without components and members has a value or the reason why there is none.");

            RuleForEach(observation => observation.Component)
                .Must(component => component.Value is not null || component.DataAbsentReason is not null)
                .OverridePropertyName("component").WithErrorCode("vs-3")
                .WithMessage("A component of a vital sign has a value or the reason why there is none.");
        });
    }

    private static bool HasRange(Observation.ReferenceRangeComponent range) =>
        range.Low is not null || range.High is not null || range.TextElement is not null;

    // By a set, as both lists may be long.
    private static void RefuseCodeOfWhole(List<Observation.ComponentComponent> components, ValidationContext<Observation> context)
    {
        var observation = context.InstanceToValidate;
        if (components.Count == 0 || observation is { Value: null } or { Code: null })
        {
            return;
        }

        var codings = observation.Code.Coding.Select(Parts).ToHashSet();
        foreach (var (i, _) in components.Index().Where(component => component.Item.Code?.Coding.Exists(coding => codings.Contains(Parts(coding))) == true))
        {
            context.AddFailure(new ValidationFailure(
                string.Create(CultureInfo.InvariantCulture, $"component[{i}]"),
                "Where the observation has a value, no component has the code of the observation.")
            {
                ErrorCode = "obs-7",
            });
        }
    }

    private static (string?, string?, string?, string?, bool?) Parts(Coding coding) =>
        (coding.System, coding.Code, coding.Version, coding.Display, coding.UserSelected);

    private static bool IsVitalSign(Observation observation) =>
        observation.Category.Any(category => category.Coding.Any(coding => coding is { Code: "vital-signs", System: _category }))
        || observation.Meta?.Profile.Any(profile => profile?.Split('|')[0] == _profile) == true;
}
