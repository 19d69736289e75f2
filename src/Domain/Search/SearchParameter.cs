using System.Collections.Immutable;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Search;

/// <summary>Where the values of a search parameter are kept.</summary>
public enum IndexKind
{
    /// <summary>The id of the resource row itself.</summary>
    Id,

    /// <summary>The time of the resource row itself.</summary>
    LastUpdated,

    /// <summary>Token rows: code and system.</summary>
    Token,

    /// <summary>Reference rows: hash of <c>Type/id</c> or of the absolute address.</summary>
    Reference,

    /// <summary>Date rows: half-open range of UTC ticks.</summary>
    Date,

    /// <summary>Quantity rows: value, system and unit; plain numbers too.</summary>
    Quantity,

    /// <summary>String rows: normalised and as written.</summary>
    String,

    /// <summary>String rows holding a URI as written.</summary>
    Uri,

    /// <summary>No rows of its own: its components' rows that share one item.</summary>
    Composite,
}

/// <summary>
/// Rows that answer for a search parameter: those written under <paramref name="ParameterId"/>, of all target types or
/// only of <paramref name="TargetType"/>. A parameter whose values another one already stores names that one's rows and writes none
/// (<c>patient</c> reads <c>subject</c>'s rows of type Patient; <c>combo-code</c> reads those of <c>code</c> and <c>component-code</c>).
/// </summary>
public readonly record struct IndexSource(int ParameterId, string? TargetType = null)
{
    /// <summary>The rows that say more about the same values.</summary>
    public IndexSource Of(IndexFacet facet) => new(IdOf(ParameterId, facet));

    /// <summary>The number under which a facet of a parameter is stored.</summary>
    internal static int IdOf(int parameterId, IndexFacet facet) =>
        unchecked((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{parameterId}:{facet}"))));
}

/// <summary>Rows beside the values of a parameter, which single modifiers compare with.</summary>
public enum IndexFacet
{
    /// <summary>Texts of codes and references, as string rows: <c>:text</c>.</summary>
    Text,

    /// <summary>Identifiers under the system of their type, as token rows of <c>code|value</c>: <c>:of-type</c>.</summary>
    OfType,

    /// <summary>Quantities in the base units of UCUM.</summary>
    BaseUnit,
}

/// <summary>One part of a composite parameter: rows of the part and of its partners match when they share resource and item.</summary>
public sealed record CompositeComponent(IndexKind Kind, SearchParamType Type, ImmutableArray<IndexSource> Sources);

/// <summary>
/// One search parameter of one resource type (https://hl7.org/fhir/R4/search.html), with the plan of where its values are.
/// The same object routes the query parser, the index extractor, the SQL writer and the capability statement.
/// </summary>
public sealed record SearchParameter
{
    /// <summary>The number under which rows are stored: a hash of type and code, so it is the same on every node and never reassigned.</summary>
    public required int Id { get; init; }

    /// <summary>The resource type it is for; a parameter of all types exists once for each.</summary>
    public required string ResourceType { get; init; }

    /// <summary>The name in a query, for example <c>birthdate</c>.</summary>
    public required string Code { get; init; }

    /// <summary>The R4 parameter type.</summary>
    public required SearchParamType Type { get; init; }

    /// <summary>Where its values are kept.</summary>
    public required IndexKind Kind { get; init; }

    /// <summary>The FHIRPath expression, cut down to the branches of this resource type; empty for those of the row itself.</summary>
    public required string Expression { get; init; }

    /// <summary>The canonical address of the definition.</summary>
    public required string Url { get; init; }

    /// <summary>What it finds, in the specification's words or ours; one line.</summary>
    public required string Description { get; init; }

    /// <summary>For references: the types that may be named.</summary>
    public ImmutableArray<string> Targets { get; init; } = [];

    /// <summary>The rows that hold its values; a parameter that writes its own rows names itself.</summary>
    public ImmutableArray<IndexSource> Sources { get; init; } = [];

    /// <summary>For composites: the parts in order.</summary>
    public ImmutableArray<CompositeComponent> Components { get; init; } = [];

    /// <summary>Whether this parameter gives the resource its place in time, the default order of a search (newest first).</summary>
    public bool IsTimeline { get; init; }

    /// <summary>
    /// Whether its rows are also ordered under the patient of the resource, so that "this patient's X, newest first" reads only
    /// the rows it answers with.
    /// </summary>
    public bool IsByPatient { get; init; }

    /// <summary>The modifiers it takes, without their colon, in alphabetical order; <c>:[type]</c> of references is not among them.</summary>
    public ImmutableArray<string> Modifiers { get; init; } = [];

    /// <summary>Whether all that is stored is indexed under it; false for a parameter that was added and whose index is being built.</summary>
    public bool IsReady { get; init; } = true;

    /// <summary>The longest a value's range can be, in ticks; null where a value may be open-ended (Period, Timing).</summary>
    public long? LongestRange { get; init; }
}
