using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>A search while its parameters are read, one after the other: which of them shape the result and which are conditions.</summary>
internal sealed class SearchDraft(
    SearchParameterCatalog catalog, SearchLimits limits, SearchValueParser values, ImmutableArray<string> types, bool isSystem, bool strict)
{
    /// <summary>The parameter that names the types of a search of the whole system.</summary>
    public const string Type = "_type";

    private const string List = "List";
    private const int MaxSortKeys = 8;

    private readonly CriterionParser _criteria = new(catalog, values, limits.IndexesContent);
    private readonly HashSet<string> _once = [];
    private readonly List<KeyValuePair<string, string>> _applied = [];
    private readonly List<string> _warnings = [];
    private readonly string _type = types.IsEmpty ? ResourceCatalog.Types[0] : types[0];
    private SearchQuery _query = new() { Types = types, Count = limits.DefaultCount };

    /// <summary>Takes one parameter into the search.</summary>
    public void Add(string name, string value)
    {
        if (SearchText.Alternatives(value).IsEmpty)
        {
            Ignore($"Parameter {SearchText.Shown(name)} has no value.");
            return;
        }

        var (code, modifier) = CriterionParser.Cut(name);
        switch (code)
        {
            case "_count":
                Count(Once(code, modifier), value);
                break;
            case "_total":
                Take(Once(code, modifier), value, _query with { Total = TotalOf(value) });
                break;
            case "_summary":
                Take(Once(code, modifier), value, _query with { Summary = SummaryOf(value) });
                break;
            case "_elements":
                Take(Plain(code, modifier), value, _query with { Elements = [.. _query.Elements.Union(ElementsOf(value))] });
                break;
            case "_sort":
                Sort(Plain(code, modifier), value);
                break;
            case "_list":
                Take(Plain(code, modifier), value, _query with { Criteria = _query.Criteria.Add(ListOf(value)) });
                break;
            case "_filter":
                Take(Plain(code, modifier), value, _query with { Criteria = _query.Criteria.Add(new FilterParser(catalog, values, _criteria).Parse(_type, value, IsKnown)) });
                break;
            case "_include":
            case "_revinclude":
                Include(code, modifier, value);
                break;
            case Type when isSystem:
                Take(Plain(code, modifier), value, _query);
                break;
            case "_format" or "_pretty":
                // Content negotiation: not of the search, and read elsewhere.
                break;
            default:
                Condition(name, code, value);
                break;
        }
    }

    /// <summary>The search, once all parameters are in.</summary>
    public SearchQuery Finish()
    {
        if (!_query.Elements.IsEmpty && _query.Summary != SummaryMode.False)
        {
            Ignore("_summary does not go together with _elements, which was applied.");
            _applied.RemoveAll(parameter => parameter.Key == "_summary");
            _query = _query with { Summary = SummaryMode.False };
        }

        if (_query.Count == 0 || _query.Summary == SummaryMode.Count)
        {
            _query = _query with { Count = 0, Summary = SummaryMode.Count };
        }

        return _query with { Applied = [.. _applied], Warnings = [.. _warnings] };
    }

    private void Take(string name, string value, SearchQuery query)
    {
        _query = query;
        _applied.Add(new(name, value));
    }

    private void Ignore(string why)
    {
        if (strict)
        {
            throw FhirException.NotSupported(why);
        }

        _warnings.Add($"{why} It was ignored.");
    }

    private static string Plain(string code, string? modifier) =>
        modifier is null ? code : throw FhirException.Invalid($"{code} takes no modifier.");

    private string Once(string code, string? modifier) =>
        _once.Add(Plain(code, modifier)) ? code : throw FhirException.Invalid($"{code} may be given once.");

    private void Count(string name, string value)
    {
        if (value.Any(character => !char.IsAsciiDigit(character)))
        {
            throw FhirException.Invalid("_count takes a whole number from 0.");
        }

        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > limits.MaxCount)
        {
            count = limits.MaxCount;
            _warnings.Add(string.Create(CultureInfo.InvariantCulture, $"A page has at most {count} matches; _count was lowered to that."));
        }

        Take(name, count.ToString(CultureInfo.InvariantCulture), _query with { Count = count });
    }

    private static TotalMode TotalOf(string value) => value switch
    {
        "none" => TotalMode.None,
        "estimate" => TotalMode.Estimate,
        "accurate" => TotalMode.Accurate,
        _ => throw FhirException.Invalid("_total takes none, estimate or accurate."),
    };

    private static SummaryMode SummaryOf(string value) => value switch
    {
        "true" => SummaryMode.True,
        "text" => SummaryMode.Text,
        "data" => SummaryMode.Data,
        "count" => SummaryMode.Count,
        "false" => SummaryMode.False,
        _ => throw FhirException.Invalid("_summary takes true, text, data, count or false."),
    };

    private static ImmutableArray<string> ElementsOf(string value)
    {
        var names = SearchText.Alternatives(value);
        return names.All(name => name.Length <= 64 && name.All(char.IsAsciiLetterOrDigit))
            ? names
            : throw FhirException.Invalid("_elements takes names of top-level elements with a comma between them.");
    }

    private void Sort(string name, string value)
    {
        var applied = new List<string>();
        foreach (var key in SearchText.Alternatives(value))
        {
            var descending = key[0] == '-';
            var code = descending ? key[1..] : key;
            if (Find(code) is not { } parameter)
            {
                Ignore($"{SearchText.Shown(code)} is nothing that this search can be sorted by.");
                continue;
            }

            applied.Add(key);
            if (_query.Sort.All(earlier => earlier.Parameter.Code != code))
            {
                _query = _query with { Sort = _query.Sort.Add(new SortKey(parameter, descending)) };
            }
        }

        if (_query.Sort.Length > MaxSortKeys)
        {
            throw FhirException.Invalid($"_sort takes at most {MaxSortKeys} keys.");
        }

        if (applied.Count > 0)
        {
            Take(name, string.Join(',', applied), _query);
        }
    }

    private void Include(string name, string? modifier, string value)
    {
        var iterates = modifier is "iterate" or "recurse";
        var written = iterates ? $"{name}:iterate" : Plain(name, modifier);
        if (IncludeOf(name, value) is not { } include)
        {
            Ignore($"{name} names no reference that can be followed: {SearchText.Shown(value)}.");
            return;
        }

        include = include with { Iterates = iterates };
        Take(written, value, name == "_include"
            ? _query with { Includes = _query.Includes.Add(include) }
            : _query with { ReverseIncludes = _query.ReverseIncludes.Add(include) });
    }

    private Include? IncludeOf(string name, string value)
    {
        if (value == "*")
        {
            return new Include(null, null, null);
        }

        var parts = value.Split(':');
        if (parts.Length is < 2 or > 3 || parts.Any(string.IsNullOrWhiteSpace))
        {
            throw FhirException.Invalid($"{name} takes Type:parameter, Type:parameter:TargetType, Type:* or *.");
        }

        var target = parts.Length == 3 ? parts[2] : null;
        if (!ResourceCatalog.IsKnown(parts[0]) || (target is not null && !ResourceCatalog.IsKnown(target)))
        {
            return null;
        }

        return parts[1] == "*" ? new Include(parts[0], null, target)
            : catalog.Searchable(parts[0], parts[1]) is { Type: SearchParamType.Reference } parameter ? new Include(parts[0], parameter, target)
            : null;
    }

    /// <summary>What an entry of one of the Lists names (https://hl7.org/fhir/R4/search.html#list).</summary>
    private HasCriterion ListOf(string value)
    {
        var ids = SearchText.Alternatives(value);
        return ids.All(ResourceKey.IsId)
            ? new HasCriterion(
                List,
                catalog.Find(List, "item")!,
                new ValueCriterion(catalog.Find(List, "_id")!, SearchModifier.None, [.. ids.Select(id => new TokenSearchValue(null, id))]))
            : throw FhirException.NotSupported("_list takes ids of List resources; lists by function, such as $current-problems, are not kept here.");
    }

    private void Condition(string name, string code, string value)
    {
        if (IsKnown(code) && _criteria.Parse(_type, name, value) is { } criterion)
        {
            Take(name, value, _query with { Criteria = _query.Criteria.Add(criterion) });
        }
        else
        {
            Ignore($"{SearchText.Shown(name)} is not a parameter of this search.");
        }
    }

    // _has would need one reference for all types.
    private bool IsKnown(string code) => types.Length == 1 || (code != "_has" && (code.StartsWith('_') || Find(code) is not null));

    /// <summary>The parameter of this code on the first type; null unless each of the types has one of the same kind.</summary>
    private SearchParameter? Find(string code) =>
        (!types.IsEmpty || code.StartsWith('_')) && catalog.Searchable(_type, code) is { Type: not SearchParamType.Special } parameter
        && types.All(type => catalog.Searchable(type, code) is { } own && own.Type == parameter.Type && own.Kind == parameter.Kind)
            ? parameter
            : null;
}
