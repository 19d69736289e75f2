using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Search;

/// <summary>A parsed search: what must hold, in which order, how much of it, and what to bring along.</summary>
public sealed record SearchQuery
{
    /// <summary>The types searched: one, or several for a system search; empty means every type.</summary>
    public required ImmutableArray<string> Types { get; init; }

    /// <summary>Whose compartment is searched (<c>Patient/x/Observation</c>); null for all that is stored.</summary>
    public ResourceKey? Compartment { get; init; }

    /// <summary>All of these must hold.</summary>
    public ImmutableArray<Criterion> Criteria { get; init; } = [];

    /// <summary>Order; empty means newest first on the type's timeline.</summary>
    public ImmutableArray<SortKey> Sort { get; init; } = [];

    /// <summary>Matches per page, 0 for a count alone.</summary>
    public int Count { get; init; } = 50;

    /// <summary>Whether and how a total is wanted.</summary>
    public TotalMode Total { get; init; } = TotalMode.Default;

    /// <summary>Resources that matches refer to.</summary>
    public ImmutableArray<Include> Includes { get; init; } = [];

    /// <summary>Resources that refer to matches.</summary>
    public ImmutableArray<Include> ReverseIncludes { get; init; } = [];

    /// <summary><c>_summary</c>.</summary>
    public SummaryMode Summary { get; init; } = SummaryMode.False;

    /// <summary><c>_elements</c>: top-level element names; empty means all.</summary>
    public ImmutableArray<string> Elements { get; init; } = [];

    /// <summary>Where the page starts: after this place; null for the first page.</summary>
    public PageCursor? After { get; init; }

    /// <summary>
    /// Whether a page may be shorter than <see cref="Count"/>, even empty, with more to come: then a search that finds little in much ends its page
    /// where it has read enough, and the next one goes on there. False where all matches up to the count are needed, as for a condition.
    /// </summary>
    public bool MayEndEarly { get; init; }

    /// <summary>The parameters that were understood, as written and in order, for the self link and the cursor.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Applied { get; init; } = [];

    /// <summary>What was not applied (lenient handling) or was changed, one sentence each.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>Something a resource must satisfy.</summary>
public abstract record Criterion;

/// <summary>A parameter has at least one of the values (comma is OR).</summary>
/// <param name="Parameter">The parameter.</param>
/// <param name="Modifier">How to compare.</param>
/// <param name="Values">Alternatives; never empty.</param>
public sealed record ValueCriterion(SearchParameter Parameter, SearchModifier Modifier, ImmutableArray<SearchValue> Values) : Criterion;

/// <summary><c>:missing</c>: the parameter has no value, or has one.</summary>
public sealed record MissingCriterion(SearchParameter Parameter, bool IsMissing) : Criterion;

/// <summary>A chain: a reference leads to a resource of one of the types that satisfies that type's criterion.</summary>
public sealed record ChainCriterion(SearchParameter Reference, ImmutableArray<ChainTarget> Targets) : Criterion;

/// <summary>One type a chain may lead to, and what must hold there.</summary>
public sealed record ChainTarget(string Type, Criterion Criterion);

/// <summary><c>_has</c>: a resource of <paramref name="SourceType"/> refers here by <paramref name="Reference"/> and satisfies the criterion.</summary>
public sealed record HasCriterion(string SourceType, SearchParameter Reference, Criterion Criterion) : Criterion;

/// <summary>
/// A code has a place in a value set or a code system. What codes that are is asked of <see cref="ITerminology"/> when the search runs.
/// </summary>
/// <param name="Parameter">A token parameter.</param>
/// <param name="Relation">Which place.</param>
/// <param name="Values">Value sets, as codes without a system, or codes with their system; never empty.</param>
public sealed record ConceptCriterion(SearchParameter Parameter, ConceptRelation Relation, ImmutableArray<TokenSearchValue> Values) : Criterion;

/// <summary>Places of a code.</summary>
public enum ConceptRelation
{
    /// <summary><c>:in</c>: some code is in the value set.</summary>
    In,

    /// <summary><c>:not-in</c>: no code is in the value set.</summary>
    NotIn,

    /// <summary><c>:below</c>: some code is the given one or is subsumed by it.</summary>
    Below,

    /// <summary><c>:above</c>: some code is the given one or subsumes it.</summary>
    Above,
}

/// <summary>The words of one of the texts are in the narrative, or anywhere in the content.</summary>
public sealed record WordsCriterion(bool IsContent, ImmutableArray<string> Texts) : Criterion;

/// <summary>This does not hold.</summary>
public sealed record NotCriterion(Criterion Criterion) : Criterion;

/// <summary>Modifiers that compare values; <c>:missing</c> and <c>:[type]</c> are not among them.</summary>
public enum SearchModifier
{
    /// <summary>No modifier.</summary>
    None,

    /// <summary><c>:exact</c> on strings.</summary>
    Exact,

    /// <summary><c>:contains</c> on strings.</summary>
    Contains,

    /// <summary><c>:not</c> on tokens: no value matches, or there is none.</summary>
    Not,

    /// <summary><c>:identifier</c> on references: <c>Reference.identifier</c>, as token values.</summary>
    Identifier,

    /// <summary><c>:text</c> on tokens and references: what the code or the reference is called, as a string.</summary>
    Text,

    /// <summary><c>:of-type</c> on identifiers: system and code of the type, and the value; as a token whose code is <c>code|value</c>.</summary>
    OfType,

    /// <summary><c>:below</c> on URIs: those that start with it.</summary>
    Below,

    /// <summary><c>:above</c> on URIs: those that it lies under.</summary>
    Above,

    /// <summary>The whole text, whatever its case and accents (<c>eq</c> of <c>_filter</c>).</summary>
    Whole,

    /// <summary>The end of the text (<c>ew</c> of <c>_filter</c>).</summary>
    EndsWith,

    /// <summary>Some value is another one (<c>ne</c> of <c>_filter</c>).</summary>
    Unequal,
}

/// <summary>One value to compare with.</summary>
public abstract record SearchValue;

/// <summary>A token. <paramref name="System"/>: null any, empty none, else that one. <paramref name="Code"/>: null any.</summary>
public sealed record TokenSearchValue(string? System, string? Code) : SearchValue
{
    /// <summary>As it is written in a query, before it is encoded for an address.</summary>
    public string ToQuery() => $"{(System is null ? "" : SearchText.Escape(System) + "|")}{SearchText.Escape(Code ?? "")}";
}

/// <summary>
/// A reference: <c>Type/id</c> where the type is known (also after <c>:[type]</c>, or cut from an address under our base),
/// a bare id where it is not, or a URL.
/// </summary>
/// <param name="Type">The type, or null.</param>
/// <param name="Id">The id, or null for a URL.</param>
/// <param name="Url">An absolute URL or canonical, or null.</param>
public sealed record ReferenceSearchValue(string? Type, string? Id, string? Url) : SearchValue;

/// <summary>A date with its prefix; the range is that of the value as written.</summary>
public sealed record DateSearchValue(SearchPrefix Prefix, DateRange Range) : SearchValue;

/// <summary>
/// A number, or a quantity with a unit. <paramref name="Low"/> and <paramref name="High"/> are the bounds of the implicit precision
/// ([low, high)), or of <c>ap</c>. <paramref name="System"/> null: any; <paramref name="Code"/> null: any.
/// </summary>
public sealed record QuantitySearchValue(SearchPrefix Prefix, decimal Value, decimal Low, decimal High, string? System, string? Code) : SearchValue
{
    /// <summary>The same in the base units of UCUM, <see cref="Code"/> being their symbol; null where the unit cannot be converted.</summary>
    public QuantitySearchValue? InBaseUnits { get; init; }
}

/// <summary>A string or a URI as written, unescaped.</summary>
public sealed record StringSearchValue(string Text) : SearchValue;

/// <summary>The parts of a composite in the order of its components.</summary>
public sealed record CompositeSearchValue(ImmutableArray<SearchValue> Parts) : SearchValue;

/// <summary>Comparison prefixes (https://hl7.org/fhir/R4/search.html#prefix).</summary>
public enum SearchPrefix
{
    /// <summary>The search range contains the value's.</summary>
    Eq,

    /// <summary>The complement of <see cref="Eq"/> among those with a value.</summary>
    Ne,

    /// <summary>Some of the value lies above.</summary>
    Gt,

    /// <summary>Some of the value lies below.</summary>
    Lt,

    /// <summary><see cref="Gt"/> or <see cref="Eq"/>.</summary>
    Ge,

    /// <summary><see cref="Lt"/> or <see cref="Eq"/>.</summary>
    Le,

    /// <summary>Wholly after.</summary>
    Sa,

    /// <summary>Wholly before.</summary>
    Eb,

    /// <summary>About: the ranges overlap after widening by a tenth.</summary>
    Ap,
}

/// <summary>One key of <c>_sort</c>.</summary>
public sealed record SortKey(SearchParameter Parameter, bool Descending);

/// <summary>
/// One <c>_include</c> or <c>_revinclude</c>: <c>SourceType:parameter[:TargetType]</c>, <c>SourceType:*</c> or <c>*</c>.
/// </summary>
/// <param name="SourceType">The type that holds the reference; null for any.</param>
/// <param name="Parameter">The reference parameter; null for all.</param>
/// <param name="TargetType">Only this target, or null for all.</param>
/// <param name="Iterates">Whether what was included is followed too (<c>:iterate</c>).</param>
public sealed record Include(string? SourceType, SearchParameter? Parameter, string? TargetType, bool Iterates = false)
{
    /// <summary>As a client writes it.</summary>
    public override string ToString() => SourceType is null ? "*" : $"{SourceType}:{Parameter?.Code ?? "*"}";
}

/// <summary><c>_total</c>.</summary>
public enum TotalMode
{
    /// <summary>Given where it is cheap: up to a set limit.</summary>
    Default,

    /// <summary>Not given.</summary>
    None,

    /// <summary>A quick guess.</summary>
    Estimate,

    /// <summary>Exact.</summary>
    Accurate,
}

/// <summary><c>_summary</c>.</summary>
public enum SummaryMode
{
    /// <summary>Whole resources.</summary>
    False,

    /// <summary>The elements marked as summary.</summary>
    True,

    /// <summary>Narrative and mandatory elements.</summary>
    Text,

    /// <summary>Without the narrative.</summary>
    Data,

    /// <summary>The total alone.</summary>
    Count,
}

/// <summary>
/// A place in an ordered search result: the sort values of the last row given and its key, which makes the place unique.
/// A null value stands for a row without a value of that sort key. With fewer values it is the place before all rows that begin with them:
/// a page that ended early had read everything up to there.
/// </summary>
/// <param name="Values">One for each sort key (numbers as long or double, text as string), then the id; on the timeline the place in time alone.</param>
/// <param name="Key">The storage key of the last row given.</param>
public sealed record PageCursor(ImmutableArray<object?> Values, long Key);
