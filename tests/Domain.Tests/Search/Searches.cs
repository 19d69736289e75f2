using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

/// <summary>Searches written as query strings that need no decoding, asked at one fixed moment.</summary>
internal static class Searches
{
    public const string Base = "https://fhir.example.org/r4";

    public static readonly DateTimeOffset Now = new(2024, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly SearchQueryParser Parser = new(SearchParameterCatalog.R4, new SearchLimits(), Base, new StoppedClock());

    /// <summary>The search of a type, or of the system where the type is empty.</summary>
    public static SearchQuery Parse(string type, string text, bool strict = false) =>
        Parser.Parse(type.Length == 0 ? [] : [type], Pairs(text), strict);

    public static SearchQuery Again(string type, SearchQuery query) =>
        Parser.Parse(type.Length == 0 ? [] : [type], query.Applied, strict: true);

    public static FhirException Refused(string type, string text, bool strict = false) =>
        Assert.Throws<FhirException>(() => Parse(type, text, strict));

    /// <summary>The only condition of a search, which must be fully understood.</summary>
    public static Criterion Criterion(string type, string text) => Assert.Single(Parse(type, text, strict: true).Criteria);

    /// <summary>The only value of the only condition.</summary>
    public static SearchValue Value(string type, string text) => Assert.Single(Assert.IsType<ValueCriterion>(Criterion(type, text)).Values);

    public static IEnumerable<string> Applied(SearchQuery query) => query.Applied.Select(parameter => $"{parameter.Key}={parameter.Value}");

    public static string? CodeOf(FhirException refusal) => refusal.Outcome.Issue[0].CodeElement?.JsonValue as string;

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string text) =>
        from pair in text.Split('&')
        where pair.Length > 0
        let sign = pair.IndexOf('=', StringComparison.Ordinal)
        select sign < 0
            ? new KeyValuePair<string, string>(pair, "")
            : new KeyValuePair<string, string>(pair[..sign], pair[(sign + 1)..]);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
