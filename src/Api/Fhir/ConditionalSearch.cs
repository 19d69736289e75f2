using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir;

/// <summary>What the criteria of a conditional write found, and the expectation that holds the write to it.</summary>
internal sealed record ConditionalSearch(ImmutableArray<StoredResource> Matches, Expectation Expectation)
{
    private const int Attempts = 10;

    /// <summary>
    /// Searches for a condition, for at most <paramref name="limit"/> matches. Criteria must be given and understood: one that is left
    /// out would make the write hit more.
    /// </summary>
    public static async Task<ConditionalSearch> RunAsync(
        FhirServer server,
        Caller caller,
        string type,
        ImmutableArray<KeyValuePair<string, string>> criteria,
        int limit,
        CancellationToken cancellationToken)
    {
        var query = server.Parser.Parse([type], criteria, strict: true);
        if (query.Criteria.IsEmpty)
        {
            throw FhirException.Invalid("A conditional request needs search criteria.");
        }

        query = new SearchQuery { Types = query.Types, Criteria = query.Criteria, Count = limit, Total = TotalMode.None };
        var page = await server.Store.SearchAsync(caller, query, cancellationToken);
        return new(page.Matches, new Expectation(query, SearchGuard.Of(query), [.. page.Matches.Select(match => match.Key.Id)]));
    }

    /// <summary>The one match, or null; 412 where there are several.</summary>
    public StoredResource? Single() => Matches.Length <= 1
        ? Matches.FirstOrDefault()
        : throw FhirException.MultipleMatches("The criteria match more than one resource.");

    /// <summary>Tries until the condition stays what it was from the search to the commit; 409 where others keep changing it.</summary>
    public static async Task<FhirResult> RetryAsync(Func<Task<FhirResult?>> attempt)
    {
        for (var left = Attempts; left > 0; left--)
        {
            if (await attempt() is { } result)
            {
                return result;
            }
        }

        throw FhirException.Conflict("Others keep changing what the criteria match; try again.");
    }
}
