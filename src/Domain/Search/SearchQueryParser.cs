using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>How large a page is, and how large it may be asked for.</summary>
public sealed record SearchLimits
{
    /// <summary>Matches per page where <c>_count</c> is not given.</summary>
    public int DefaultCount { get; init; } = 50;

    /// <summary>Whether <c>_content</c> can be searched by.</summary>
    public bool IndexesContent { get; init; }

    /// <summary>The most that <c>_count</c> gives.</summary>
    public int MaxCount { get; init; } = 1_000;
}

/// <summary>
/// Query parameters to a <see cref="SearchQuery"/> (https://hl7.org/fhir/R4/search.html). What is written wrongly is 400. What is
/// not known is passed over with a warning, or 400 under strict handling.
/// A search of several types, or of all, knows the parameters that each of them has; its criteria carry the parameter of the first
/// type searched and stand for the parameter of that code on each.
/// </summary>
/// <param name="catalog">The parameters there are.</param>
/// <param name="limits">Page sizes.</param>
/// <param name="baseUrl">Our FHIR base as clients see it: references below it are to resources here.</param>
/// <param name="clock">Now, for <c>ap</c> on dates.</param>
public sealed class SearchQueryParser(SearchParameterCatalog catalog, SearchLimits limits, string baseUrl, TimeProvider clock)
{
    private const int MaxParameters = 64;
    private const int MaxLength = 100_000;

    private readonly SearchValueParser _values = new(baseUrl, clock);

    /// <summary>Reads a search.</summary>
    /// <param name="types">The types of the address; empty for a search of the whole system, where <c>_type</c> may name some.</param>
    /// <param name="parameters">Names and values, decoded, in the order given.</param>
    /// <param name="strict">Whether what is not known is refused.</param>
    public SearchQuery Parse(ImmutableArray<string> types, IEnumerable<KeyValuePair<string, string>> parameters, bool strict)
    {
        var given = parameters.Take(MaxParameters + 1).ToList();
        if (given.Count > MaxParameters)
        {
            throw FhirException.Invalid($"A search may have at most {MaxParameters} parameters.");
        }

        if (given.Find(parameter => !IsReadable(parameter.Key) || !IsReadable(parameter.Value)) is { Key: { } unreadable })
        {
            throw FhirException.Invalid($"Parameter {SearchText.Shown(unreadable)} is too long or has characters that no text may have.");
        }

        var isSystem = types.IsEmpty;
        var draft = new SearchDraft(catalog, limits, _values, isSystem ? TypesIn(given) : types, isSystem, strict);
        foreach (var (name, value) in given)
        {
            draft.Add(name, value);
        }

        return draft.Finish();
    }

    /// <summary>The page that a token leads to. What can no longer be applied is refused: the rows would be others.</summary>
    public SearchQuery Parse(PageRequest page) => Parse(page.Types, page.Parameters, strict: true) with { After = page.After, Compartment = page.Compartment };

    private static bool IsReadable(string text) => text.Length <= MaxLength && SearchText.IsStorable(text);

    private static ImmutableArray<string> TypesIn(List<KeyValuePair<string, string>> parameters)
    {
        var lists = parameters.Where(parameter => parameter.Key == SearchDraft.Type).Select(parameter => parameter.Value)
            .Where(value => !SearchText.Alternatives(value).IsEmpty).ToList();
        if (lists.Count > 1)
        {
            throw FhirException.Invalid("_type may be given once; name several types with a comma between them.");
        }

        ImmutableArray<string> types = [.. lists.SelectMany(list => SearchText.Alternatives(list)).Distinct()];
        return types.All(ResourceCatalog.IsKnown) ? types : throw FhirException.Invalid("_type takes names of resource types.");
    }
}
