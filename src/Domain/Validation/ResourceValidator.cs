using System.Net;
using FluentValidation.Results;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// The rules that a parsed resource must keep (https://hl7.org/fhir/R4/validation.html): required bindings, reference targets and
/// invariants of R4, the profiles that it claims and are known here, and what a telehealth server adds. What may follow on what (a
/// booked appointment that is cancelled, say) is not judged here.
/// </summary>
public sealed class ResourceValidator
{
    private readonly AppointmentRules _appointment = new();
    private readonly EncounterRules _encounter = new();
    private readonly ObservationRules _observation = new();

    /// <summary>
    /// Throws with one issue per fault: 400 where a code or a reference is not one that its element takes, else 422 where an invariant, a
    /// claimed profile or another rule is broken; the text and code of a broken rule's issue begin with its key.
    /// <paramref name="source"/> is where the resource sits, as in <see cref="FhirJson.Parse"/>.
    /// </summary>
    public void Validate(Resource resource, string? source = null)
    {
        var walk = Walk(resource, source ?? resource.TypeName, withGuidelines: false, []);
        if (walk.Faults.Count > 0)
        {
            throw new FhirException(HttpStatusCode.BadRequest, [.. walk.Faults, .. walk.Broken]);
        }

        if (walk.Broken.Count > 0)
        {
            throw new FhirException(HttpStatusCode.UnprocessableEntity, walk.Broken);
        }
    }

    /// <summary>
    /// Everything there is to say of a resource: what <see cref="Validate"/> refuses it for, and as warnings the guidelines that it does
    /// not keep. <paramref name="profiles"/> are held against it too, claimed or not; an unknown one is an error.
    /// </summary>
    public Review Review(Resource resource, IEnumerable<string> profiles)
    {
        var walk = Walk(resource, resource.TypeName, withGuidelines: true, [.. profiles]);
        return new([.. walk.Faults, .. walk.Broken], [.. walk.Extensible.Select(bound => new BoundValue(bound.ValueSet, bound.Value, bound.Place))]);
    }

    private RuleWalk Walk(Resource resource, string root, bool withGuidelines, IReadOnlyList<string> profiles)
    {
        RuleWalk walk = null!;
        walk = new RuleWalk(root, withGuidelines, (one, place) =>
        {
            AddBroken(one, place, walk.Broken);
            ProfileRules.Check(one, place, ReferenceEquals(one, resource) ? profiles : [], withGuidelines, walk.Broken);
        });
        walk.Visit(resource);
        return walk;
    }

    private void AddBroken(Resource resource, string place, List<OperationOutcome.IssueComponent> broken)
    {
        var result = resource switch
        {
            Appointment appointment => _appointment.Validate(appointment),
            Encounter encounter => _encounter.Validate(encounter),
            Observation observation => _observation.Validate(observation),
            _ => null,
        };
        if (result is { Errors.Count: > 0 })
        {
            broken.AddRange(result.Errors.Select(rule => Issue(rule, place)));
        }
    }

    private static OperationOutcome.IssueComponent Issue(ValidationFailure rule, string place) => BrokenRule.Issue(
        rule.ErrorCode,
        rule.ErrorMessage,
        $"{place}.{rule.PropertyName}",
        rule.CustomState is OperationOutcome.IssueType code ? code : OperationOutcome.IssueType.Invariant);
}

/// <summary>What a resource was found to be.</summary>
/// <param name="Issues">What is wrong, and as warnings what could be better.</param>
/// <param name="Bound">Values that should be of a value set, where that has to be asked elsewhere.</param>
public sealed record Review(IReadOnlyList<OperationOutcome.IssueComponent> Issues, IReadOnlyList<BoundValue> Bound);

/// <summary>A CodeableConcept, Coding or Quantity that should be of a value set (binding strength extensible).</summary>
/// <param name="ValueSet">The value set's URL.</param>
/// <param name="Value">The value.</param>
/// <param name="Place">Where it is, as FHIRPath.</param>
public sealed record BoundValue(string ValueSet, Base Value, string Place);
