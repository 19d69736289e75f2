using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>
/// A compiled step. It hands each element it leads to on to the next step, and the last hands values to the sink, so that
/// a walk builds no lists. Steps keep nothing of a walk and are shared by all threads.
/// </summary>
internal abstract class PathWalk
{
    public abstract void Visit(Base element, IndexSink sink);
}

internal sealed class ChildWalk(string name, bool isNumbered, PathWalk next) : PathWalk
{
    // TryGetValue and not the typed property: reading the property of an absent list creates one.
    public override void Visit(Base element, IndexSink sink)
    {
        if (!element.TryGetValue(name, out var value))
        {
            return;
        }

        if (value is Base one)
        {
            Enter(one, sink);
        }
        else if (value is IReadOnlyList<Base> many)
        {
            for (var at = 0; at < many.Count; at++)
            {
                Enter(many[at], sink);
            }
        }
    }

    private void Enter(Base child, IndexSink sink)
    {
        if (isNumbered)
        {
            sink.NextItem();
        }

        next.Visit(child, sink);
    }
}

internal sealed class CastWalk(Type type, PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink)
    {
        if (element.GetType() == type)
        {
            next.Visit(element, sink);
        }
    }
}

internal sealed class IndexWalk(int index, PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink)
    {
        if (sink.Passed++ == index)
        {
            next.Visit(element, sink);
        }
    }
}

internal sealed class WhereWalk(string name, string value, PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink)
    {
        if (element.TryGetValue(name, out var child) && ((child as PrimitiveType)?.JsonValue ?? child) is string text && text == value)
        {
            next.Visit(element, sink);
        }
    }
}

internal sealed class TargetWalk(string type, PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink)
    {
        if (element is ResourceReference reference && ReferenceTarget.TypeOf(reference) == type)
        {
            next.Visit(element, sink);
        }
    }
}

internal sealed class ResourceWalk(PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink) => next.Visit(sink.Resource, sink);
}

internal sealed class TestWalk(Func<Base, IndexSink, bool?> test, PathWalk next) : PathWalk
{
    public override void Visit(Base element, IndexSink sink)
    {
        if (test(element, sink) is { } outcome)
        {
            next.Visit(new FhirBoolean(outcome), sink);
        }
    }
}

internal sealed class FindWalk : PathWalk
{
    public override void Visit(Base element, IndexSink sink) => sink.Found ??= element;
}

internal sealed class ReadWalk(ValueReader reader) : PathWalk
{
    public override void Visit(Base element, IndexSink sink) => reader.Read(element, sink);
}
