using System.Collections.Immutable;
using Hl7.Fhir.FhirPath;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>
/// Compiles branches to walks over the SDK's objects: no reflection, no FHIRPath and next to no allocation when they run.
/// </summary>
internal static class PathCompiler
{
    /// <summary>The walks of a stored parameter, each to be started at the resource.</summary>
    public static ImmutableArray<PathWalk> Compile(StoredParameter parameter)
    {
        var read = new ReadWalk(ValueReader.Of(parameter.Kind));
        return parameter.Branches.IsEmpty && parameter.Expression.Length > 0
            ? [new ExpressionWalk(parameter.Expression, read)]
            : [.. parameter.Branches.Select(branch => Compile(branch, read))];
    }

    private static PathWalk Compile(PathBranch branch, PathWalk end)
    {
        var walk = end;
        for (var at = branch.Steps.Length - 1; at >= 0; at--)
        {
            var next = walk;
            walk = branch.Steps[at] switch
            {
                ChildStep step => new ChildWalk(step.Name, step.IsNumbered, next),
                CastStep step => new CastWalk(step.Type, next),
                IndexStep step => new IndexWalk(step.Index, next),
                WhereStep step => new WhereWalk(step.Element, step.Value, next),
                TargetStep step => new TargetWalk(step.Type, next),
                ResourceStep => new ResourceWalk(next),
                TestStep step => new TestWalk(Compile(step.Test), next),
                var step => throw new NotSupportedException(step.Text),
            };
        }

        return walk;
    }

    // Of three values: null where the test says nothing, as in FHIRPath.
    private static Func<Base, IndexSink, bool?> Compile(PathTest test)
    {
        switch (test)
        {
            case AndTest and:
                var left = Compile(and.Left);
                var right = Compile(and.Right);
                return (element, sink) => left(element, sink) & right(element, sink);
            case ExistsTest exists:
                var find = Find(exists.Paths);
                return (element, sink) => find(element, sink) is not null;
            case CompareTest compare:
                var found = Find(compare.Paths);
                return (element, sink) => found(element, sink) is { } value
                    ? compare.Literal.Equals((value as PrimitiveType)?.JsonValue) != compare.Negated
                    : null;
            default:
                throw new NotSupportedException(test.ToString());
        }
    }

    private static Func<Base, IndexSink, Base?> Find(ImmutableArray<PathBranch> paths)
    {
        ImmutableArray<PathWalk> walks = [.. paths.Select(path => Compile(path, new FindWalk()))];
        return (element, sink) =>
        {
            sink.Found = null;
            foreach (var walk in walks)
            {
                walk.Visit(element, sink);
            }

            return sink.Found;
        };
    }

    // What the parser does not read runs on the SDK's engine, at some hundred times the cost.
    private sealed class ExpressionWalk(string expression, PathWalk next) : PathWalk
    {
        public override void Visit(Base element, IndexSink sink)
        {
            foreach (var value in element.Select(expression).OfType<Base>())
            {
                next.Visit(OfFhir(value), sink);
            }
        }

        // What the expression computes rather than finds is of FHIRPath's own types.
        private static Base OfFhir(Base value) => value is not PrimitiveType primitive || ModelInfo.IsPrimitive(value.TypeName)
            ? value
            : primitive.JsonValue switch
            {
                bool truth => new FhirBoolean(truth),
                string text => new FhirString(text),
                decimal number => new FhirDecimal(number),
                int number => new Integer(number),
                long number => new FhirDecimal(number),
                _ => value,
            };
    }
}
