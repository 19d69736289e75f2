using System.Collections.Immutable;

namespace TeleFhir.Domain.Search;

/// <summary>One branch of a search expression: from the resource type it starts at, step by step to the values.</summary>
/// <param name="Root">The type it is for, null where it starts at the element in hand.</param>
/// <param name="Steps">The way.</param>
/// <param name="Source">As published.</param>
internal sealed record PathBranch(string? Root, ImmutableArray<PathStep> Steps, string Source)
{
    /// <summary>Equal for branches that lead to the same elements, however they are written.</summary>
    public string Text => string.Join('.', Steps.Select(step => step.Text));

    /// <summary>Whether it starts at this type or at one that all types inherit from.</summary>
    public bool IsFor(string type) => Root == type || Root is null or "Resource" or "DomainResource";

    /// <summary>
    /// The same branch, where it leads through the repetitions of a composite's base element with these numbered from 1.
    /// </summary>
    public PathBranch Numbered(ImmutableArray<PathStep> through) =>
        through is [.., ChildStep last] && Steps.Length >= through.Length && Steps.Take(through.Length).SequenceEqual(through)
            ? this with { Steps = Steps.SetItem(through.Length - 1, last with { IsNumbered = true }) }
            : this;
}

/// <summary>One step of a path.</summary>
internal abstract record PathStep
{
    public abstract string Text { get; }
}

/// <summary>To the elements of a name; numbered where they are the repetitions that composite components are matched by.</summary>
internal sealed record ChildStep(string Name, bool IsNumbered = false) : PathStep
{
    public override string Text => IsNumbered ? $"{Name}#" : Name;
}

/// <summary>Only values of a type.</summary>
internal sealed record CastStep(string Name, Type Type) : PathStep
{
    public override string Text => $"as({Name})";
}

/// <summary>Only the element at a place, from 0.</summary>
internal sealed record IndexStep(int Index) : PathStep
{
    public override string Text => $"[{Index}]";
}

/// <summary>Only elements with a child of this value.</summary>
internal sealed record WhereStep(string Element, string Value) : PathStep
{
    public override string Text => $"where({Element}='{Value}')";
}

/// <summary>
/// <c>where(resolve() is T)</c>: only references to a type. It is decided from the reference alone, by its text or its <c>type</c>
/// element; nothing is fetched.
/// </summary>
internal sealed record TargetStep(string Type) : PathStep
{
    public override string Text => $"where(resolve() is {Type})";
}

/// <summary><c>%resource</c>: back to the resource.</summary>
internal sealed record ResourceStep : PathStep
{
    public override string Text => "%resource";
}

/// <summary>The truth of something about the element in hand.</summary>
internal sealed record TestStep(PathTest Test, string Source) : PathStep
{
    public override string Text => Source;
}

/// <summary>Something that is true, false, or neither.</summary>
internal abstract record PathTest;

/// <summary>Both are true.</summary>
internal sealed record AndTest(PathTest Left, PathTest Right) : PathTest;

/// <summary>There is such an element.</summary>
internal sealed record ExistsTest(ImmutableArray<PathBranch> Paths) : PathTest;

/// <summary>An element equals a literal, or differs from it; neither where there is no element.</summary>
internal sealed record CompareTest(ImmutableArray<PathBranch> Paths, bool Negated, object Literal) : PathTest;
