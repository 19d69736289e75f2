using System.Net;
using System.Text.RegularExpressions;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary>The filters of a value set's include (https://hl7.org/fhir/R4/valueset.html#ValueSet.compose.include.filter).</summary>
internal static class ConceptFilter
{
    /// <summary>Whether a concept passes. 422 for a filter that is not understood.</summary>
    public static Func<Concept, bool> Of(ValueSet.FilterComponent filter, CodeSystemIndex system) => (filter.Property, filter.Op) switch
    {
        ("concept" or "code", FilterOperator.IsA) => Among(system, filter.Value, CodeSystemIndex.Descendants),
        ("concept" or "code", FilterOperator.DescendentOf) => Among(system, filter.Value, concept => CodeSystemIndex.Descendants(concept).Skip(1)),
        ("concept" or "code", FilterOperator.IsNotA) => Not(Among(system, filter.Value, CodeSystemIndex.Descendants)),
        ("concept" or "code", FilterOperator.Generalizes) => Among(system, filter.Value, CodeSystemIndex.Ancestors),
        (_, FilterOperator.Equal) => concept => Values(filter.Property, concept).Contains(filter.Value, StringComparer.Ordinal),
        (_, FilterOperator.In) => In(filter),
        (_, FilterOperator.NotIn) => Not(In(filter)),
        (_, FilterOperator.Exists) => concept => Values(filter.Property, concept).Any() == (filter.Value == "true"),
        (_, FilterOperator.Regex) => Matches(filter),
        _ => throw Unsupported($"The filter {filter.Property} {filter.OpElement?.JsonValue} is not supported."),
    };

    /// <summary>422: it cannot be worked out here.</summary>
    public static FhirException Unsupported(string text) =>
        FhirException.Of(HttpStatusCode.UnprocessableEntity, OperationOutcome.IssueType.NotSupported, text);

    private static Func<Concept, bool> Among(CodeSystemIndex system, string? code, Func<Concept, IEnumerable<Concept>> reach)
    {
        var set = system.Find(code) is { } start ? reach(start).ToHashSet() : [];
        return set.Contains;
    }

    private static Func<Concept, bool> Not(Func<Concept, bool> filter) => concept => !filter(concept);

    private static Func<Concept, bool> In(ValueSet.FilterComponent filter)
    {
        var values = (filter.Value ?? "").Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
        return concept => Values(filter.Property, concept).Any(values.Contains);
    }

    // A pattern of a stranger must not be able to take forever, which rules out what backtracks.
    private static Func<Concept, bool> Matches(ValueSet.FilterComponent filter)
    {
        try
        {
            var pattern = new Regex($"^(?:{filter.Value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return concept => Values(filter.Property, concept).Any(pattern.IsMatch);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw Unsupported("The regular expression of a filter is not supported.");
        }
    }

    private static IEnumerable<string> Values(string? property, Concept concept) => property switch
    {
        "concept" or "code" => [concept.Code],
        "display" => concept.Definition.Display is { } display ? [display] : [],
        "parent" => concept.Parents.Select(parent => parent.Code),
        "child" => concept.Children.Select(child => child.Code),
        _ => concept.Definition.Property.Where(one => one.Code == property)
            .Select(one => one.Value is Coding coding ? coding.Code : one.Value?.ToString())
            .OfType<string>(),
    };
}
