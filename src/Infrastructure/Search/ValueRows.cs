using System.Collections.Immutable;
using TeleFhir.Domain.Search;

namespace TeleFhir.Infrastructure.Search;

/// <summary>Which rows a condition looks at: those of the parameter, or what a modifier compares with instead.</summary>
internal static class ValueRows
{
    public static IndexKind KindOf(ValueCriterion criterion) => criterion.Modifier switch
    {
        SearchModifier.Text => IndexKind.String,
        SearchModifier.Identifier => IndexKind.Token,
        _ => criterion.Parameter.Kind,
    };

    public static ImmutableArray<IndexSource> SourcesOf(ValueCriterion criterion) => criterion.Modifier switch
    {
        SearchModifier.Text => [.. criterion.Parameter.Sources.Select(source => source.Of(IndexFacet.Text))],
        SearchModifier.OfType => [.. criterion.Parameter.Sources.Select(source => source.Of(IndexFacet.OfType))],
        _ => criterion.Parameter.Sources,
    };
}
