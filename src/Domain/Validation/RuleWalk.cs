using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Validation;

/// <summary>Goes through a resource once and checks each element by the rules of its class and of its place. One serves one resource.</summary>
/// <param name="root">How the resource is called in expressions.</param>
/// <param name="withGuidelines">Whether what is only recommended is told too.</param>
/// <param name="check">Called for each resource that is met, the contained among them, with its place.</param>
internal sealed class RuleWalk(string root, bool withGuidelines, Action<Resource, string> check)
{
    /// <summary>How many issues are worth telling.</summary>
    private const int MostIssues = 100;

    private readonly List<(string Name, int Index)> _place = [];

    /// <summary>What is wrong in structure: codes and references that the element does not take.</summary>
    public List<OperationOutcome.IssueComponent> Faults { get; } = [];

    /// <summary>Invariants that do not hold.</summary>
    public List<OperationOutcome.IssueComponent> Broken { get; } = [];

    /// <summary>Bound elements whose value set is to be asked elsewhere: the value set, the value and its place.</summary>
    public List<(string ValueSet, Base Value, string Place)> Extensible { get; } = [];

    public void Visit(Resource resource) => Visit(resource, null, new(resource));

    private void Visit(Base value, ElementRules? place, Surroundings surroundings)
    {
        if (Faults.Count + Broken.Count > MostIssues)
        {
            return;
        }

        if (value is Resource inner)
        {
            // What a resource contains is in its surroundings; an entry of a Bundle is on its own.
            surroundings = _place.Count == 0 ? surroundings : new(inner, _place[^1].Name == "contained" ? surroundings : null);
            check(inner, Expression());
        }

        if (place is not null)
        {
            CheckPlace(value, place, surroundings);
        }

        if (value is PrimitiveType primitive)
        {
            if (primitive.HasExtensions())
            {
                VisitAll("extension", primitive.Extension, null, surroundings);
            }

            return;
        }

        var rules = ClassRules.Of(value);
        Check(value, rules.Constraints, surroundings);
        foreach (var (name, element) in value.EnumerateElements())
        {
            var own = rules.Elements.Count == 0 ? null : rules.Elements.GetValueOrDefault(name);
            if (element is Base child)
            {
                _place.Add((name, -1));
                Visit(child, own, surroundings);
                _place.RemoveAt(_place.Count - 1);
            }
            else if (element is IReadOnlyList<Base> children)
            {
                VisitAll(name, children, own, surroundings);
            }
        }
    }

    private void VisitAll(string name, IReadOnlyList<Base> children, ElementRules? own, Surroundings surroundings)
    {
        for (var i = 0; i < children.Count; i++)
        {
            _place.Add((name, i));
            Visit(children[i], own, surroundings);
            _place.RemoveAt(_place.Count - 1);
        }
    }

    private void CheckPlace(Base value, ElementRules place, Surroundings surroundings)
    {
        Check(value, place.Constraints, surroundings);
        if (place.Required is { } codes && !codes.Allows(value))
        {
            Faults.Add(FhirException.Issue(OperationOutcome.IssueType.CodeInvalid, $"The code is not one of the value set {codes.Url}.", Expression()));
        }

        if (place.Targets is { } targets && value is ResourceReference reference
            && ReferencedType.Of(reference, surroundings) is { } type && !targets.Contains(type))
        {
            Faults.Add(FhirException.Issue(
                OperationOutcome.IssueType.Structure, $"The reference is to a {type}, and may be to {string.Join(", ", targets.Order())}.", Expression()));
        }

        if (withGuidelines && place.Extensible is { } valueSet && value is CodeableConcept or Coding or Quantity)
        {
            Extensible.Add((place.Extensible, value, Expression()));
        }
    }

    private void Check(Base value, ImmutableArray<Constraint> constraints, Surroundings surroundings)
    {
        foreach (var constraint in constraints)
        {
            if ((constraint.IsError || withGuidelines) && !constraint.Holds(value, surroundings))
            {
                Broken.Add(BrokenRule.Issue(constraint, Expression()));
            }
        }
    }

    private string Expression()
    {
        if (_place.Count == 0)
        {
            return root;
        }

        var text = new StringBuilder(root);
        foreach (var (name, index) in _place)
        {
            text.Append('.').Append(name);
            if (index >= 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{index}]");
            }
        }

        return text.ToString();
    }
}
