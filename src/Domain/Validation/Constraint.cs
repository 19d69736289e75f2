using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.FhirPath;

namespace TeleFhir.Domain.Validation;

/// <summary>
/// An invariant: something that must hold of an element (https://hl7.org/fhir/R4/conformance-rules.html#constraints). Its FHIRPath is
/// compiled when it is first needed; the frequent ones have been written by hand and ask FHIRPath only where they do not know.
/// </summary>
/// <param name="key">Its key, for example <c>pat-1</c>.</param>
/// <param name="isError">Whether a resource that breaks it is refused; a guideline is only told.</param>
/// <param name="expression">The FHIRPath.</param>
/// <param name="human">What it says, for people.</param>
internal sealed class Constraint(string key, bool isError, string expression, string human)
{
    private static readonly FhirPathCompiler _compiler = new(new FhirPathCompiler().Symbols.AddFhirExtensions());

    private readonly Func<Base, Surroundings, bool?>? _byHand = HandWritten.Find(key, expression);
    private readonly Lazy<CompiledExpression> _compiled = new(() => _compiler.Compile(expression));

    public string Key { get; } = key;

    public bool IsError { get; } = isError;

    public string Human { get; } = human;

    /// <summary>Whether the invariant was written by hand too.</summary>
    public bool IsHandWritten => _byHand is not null;

    /// <summary>Whether it holds.</summary>
    public bool Holds(Base element, Surroundings surroundings) =>
        _byHand?.Invoke(element, surroundings) ?? HoldsByPath(element, surroundings);

    /// <summary>Whether it holds, by FHIRPath alone. What cannot be told, as with dates of different precision, is not against the rule.</summary>
    public bool HoldsByPath(Base element, Surroundings surroundings)
    {
        try
        {
            return Evaluate(element, surroundings);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // The expression is R4's and the content has been parsed: what the engine cannot compare is no fault of the resource.
            return true;
        }
    }

    /// <summary>What FHIRPath answers, or throws.</summary>
    public bool Evaluate(Base element, Surroundings surroundings)
    {
        var root = surroundings.Root.ToPocoNode();
        var context = new FhirEvaluationContext
        {
            Resource = ReferenceEquals(surroundings.Resource, surroundings.Root) ? root : surroundings.Resource.ToPocoNode(),
            RootResource = root,
        };
        return _compiled.Value.Predicate(element.ToPocoNode(), context);
    }
}
