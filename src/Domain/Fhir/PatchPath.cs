using System.Collections.Frozen;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;
using Hl7.FhirPath;
using Hl7.FhirPath.Expressions;
using Expression = Hl7.FhirPath.Expressions.Expression;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The FHIRPath of an operation of a patch. It picks elements of the resource and nothing else: of the functions only those that choose or
/// compare, each of which looks at every element once, so that no expression takes longer than its length times the resource's.
/// </summary>
internal sealed class PatchPath
{
    private const int _maxLength = 500;
    private const int _maxNesting = 8;

    private static readonly FrozenSet<string> _functions = FrozenSet.ToFrozenSet(
        [
            "where", "exists", "empty", "not", "all", "first", "last", "tail", "skip", "take", "single", "count", "ofType", "as", "is",
            "extension", "hasValue", "startsWith", "endsWith", "contains", "upper", "lower", "length", "toString",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string> _operators = FrozenSet.ToFrozenSet(
        ["=", "!=", "~", "!~", ">", "<", ">=", "<=", "and", "or", "xor", "implies", "in", "is", "as", "+", "-"], StringComparer.Ordinal);

    private static readonly FhirPathCompiler _compiler = new(new SymbolTable().AddStandardFP().AddFhirExtensions());

    private readonly Expression _expression;

    private PatchPath(string text, Expression expression) => (Text, _expression) = (text, expression);

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>The name of the last step where it is one, as it must be for a path that names a list.</summary>
    public string? LastName => (_expression as ChildExpression)?.ChildName;

    /// <summary>Reads a path; null where it is none or not one of those described above.</summary>
    public static PatchPath? Parse(string text)
    {
        if (text.Length > _maxLength || NestingOf(text) > _maxNesting)
        {
            return null;
        }

        try
        {
            var expression = _compiler.Parse(text);
            return IsAllowed(expression, isNested: false) ? new(text, expression) : null;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>The elements at this path; null where it cannot be followed, as when one is compared with several.</summary>
    public List<PocoNode>? Select(PocoNode resource) => Evaluate(_expression, resource);

    /// <summary>The elements that have the list which the last step names.</summary>
    public List<PocoNode>? SelectOwners(PocoNode resource) => _expression is ChildExpression { Focus: { } focus } ? Evaluate(focus, resource) : null;

    private static List<PocoNode>? Evaluate(Expression expression, PocoNode resource)
    {
        try
        {
            return [.. _compiler.Compile(expression)(resource, new EvaluationContext())];
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException or InvalidOperationException or InvalidCastException or NotSupportedException)
        {
            return null;
        }
    }

    private static int NestingOf(string text)
    {
        var (nesting, deepest) = (0, 0);
        foreach (var letter in text)
        {
            nesting += letter is '(' or '[' or '{' ? 1 : letter is ')' or ']' or '}' ? -1 : 0;
            deepest = Math.Max(deepest, nesting);
        }

        return deepest;
    }

    // A criterion that begins at the root again would look at all elements for each one.
    private static bool IsAllowed(Expression? expression, bool isNested) => expression switch
    {
        null or ConstantExpression or IdentifierExpression => true,
        AxisExpression axis => axis.AxisName is "this" or "that" or "focus",
        ChildExpression child => IsAllowed(child.Focus, isNested)
            && !(isNested && child.Focus is AxisExpression && child.ChildName.Length > 0 && char.IsAsciiLetterUpper(child.ChildName[0])),
        IndexerExpression indexer => IsAllowed(indexer.Focus, isNested) && indexer.Index is ConstantExpression,
        BinaryExpression binary => _operators.Contains(binary.Op) && IsAllowed(binary.Left, isNested) && IsAllowed(binary.Right, isNested),
        UnaryExpression unary => IsAllowed(unary.Operand, isNested),
        BracketExpression bracket => IsAllowed(bracket.Operand, isNested),
        FunctionCallExpression call => _functions.Contains(call.FunctionName) && IsAllowed(call.Focus, isNested)
            && call.Arguments.All(argument => IsAllowed(argument, isNested: true)),
        _ => false,
    };
}
