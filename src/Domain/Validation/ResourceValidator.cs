using System.Net;
using FluentValidation.Results;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The rules that a well-formed resource must keep: the R4 invariants of the types below and what a telehealth server adds to them.
/// Types without rules pass. What may follow on what (a booked appointment that is cancelled, say) is not judged here.
/// </summary>
public sealed class ResourceValidator
{
    private readonly AppointmentRules _appointment = new();
    private readonly EncounterRules _encounter = new();
    private readonly ObservationRules _observation = new();

    /// <summary>
    /// Throws 422 with one issue per broken rule; the issue's text and code begin with the rule's key. <paramref name="source"/> is where
    /// the resource sits, as in <see cref="FhirJson.Parse"/>.
    /// </summary>
    public void Validate(Resource resource, string? source = null)
    {
        var issues = Broken(resource, source ?? resource.TypeName);
        if (resource is DomainResource { Contained: { Count: > 0 } contained })
        {
            issues = [.. issues, .. contained.SelectMany((inner, i) => Broken(inner, $"{source ?? resource.TypeName}.contained[{i}]"))];
        }

        if (issues.Count > 0)
        {
            throw new FhirException(HttpStatusCode.UnprocessableEntity, issues);
        }
    }

    private List<OperationOutcome.IssueComponent> Broken(Resource resource, string root)
    {
        var result = resource switch
        {
            Appointment appointment => _appointment.Validate(appointment),
            Encounter encounter => _encounter.Validate(encounter),
            Observation observation => _observation.Validate(observation),
            _ => null,
        };
        return result is null ? [] : [.. result.Errors.Select(rule => Issue(rule, root))];
    }

    private static OperationOutcome.IssueComponent Issue(ValidationFailure rule, string root)
    {
        var issue = FhirException.Issue(
            rule.CustomState is OperationOutcome.IssueType code ? code : OperationOutcome.IssueType.Invariant,
            $"{rule.ErrorCode}: {rule.ErrorMessage}",
            $"{root}.{rule.PropertyName}");
        issue.Details!.Coding = [new Coding { Code = rule.ErrorCode }];
        return issue;
    }
}
