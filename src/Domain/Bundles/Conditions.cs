using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// Resolves the searches that requests carry instead of ids. Equal ones are searched for once. Each answer becomes an
/// <see cref="Expectation"/>, so that the commit notices if it has changed meanwhile; then a plan is made anew, with new conditions.
/// </summary>
/// <param name="parse">Reads the query of a type, strictly: what it does not understand is a 400.</param>
/// <param name="guard">The normal form of a query: equal for equal conditions.</param>
/// <param name="find">The ids of at most <see cref="SearchQuery.Count"/> current matches.</param>
public sealed class Conditions(
    Func<string, string, SearchQuery> parse,
    Func<SearchQuery, string> guard,
    Func<SearchQuery, CancellationToken, Task<IReadOnlyList<string>>> find)
{
    private readonly Dictionary<(string Guard, int Limit), Expectation> _known = [];

    /// <summary>What must still hold when the plan is committed.</summary>
    public ImmutableArray<Expectation> Expectations => [.. _known.Values];

    /// <summary>The guard of a condition, to tell equal ones. One without criteria is a 400: it would match anything.</summary>
    public string GuardOf(string type, string query) => guard(Parse(type, query));

    /// <summary>The condition and its matches: up to <paramref name="limit"/>, which tells one match from several if it is two.</summary>
    public async Task<Expectation> ResolveAsync(string type, string query, int limit, CancellationToken cancellationToken)
    {
        var condition = Parse(type, query) with { Count = limit, Total = TotalMode.None };
        var key = (guard(condition), limit);
        if (!_known.TryGetValue(key, out var expectation))
        {
            var found = await find(condition, cancellationToken);
            expectation = new Expectation(condition, key.Item1, [.. found.Take(limit)]);
            _known.Add(key, expectation);
        }

        return expectation;
    }

    private SearchQuery Parse(string type, string query)
    {
        var parsed = parse(type, query);
        if (parsed.Criteria.IsEmpty)
        {
            throw FhirException.Invalid("The condition has no criteria.");
        }

        return parsed.Warnings.IsEmpty
            ? parsed
            : throw FhirException.Invalid($"The condition is not understood: {string.Join(' ', parsed.Warnings)}");
    }
}
