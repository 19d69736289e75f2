namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// What every index table has: rows lie together by resource (cheap to append, to delete and to probe), and each table has one
/// more index by value.
/// </summary>
internal abstract class IndexRow
{
    public long Key { get; set; }

    /// <summary>The search parameter's id.</summary>
    public int Param { get; set; }

    /// <summary>Counts the rows of one resource and parameter, from 0.</summary>
    public short Ordinal { get; set; }

    /// <summary>Which repetition of a composite's base; 0 for the resource itself.</summary>
    public short Item { get; set; }
}

internal sealed class TokenRow : IndexRow
{
    /// <summary>Hash of the code.</summary>
    public long Hash { get; set; }

    /// <summary>Hash of the system, 0 for none.</summary>
    public long System { get; set; }

    /// <summary>The resource's place in time, copied so that one index range gives a parameter's matches in order.</summary>
    public long Rank { get; set; }

    /// <summary>Hash of the patient for parameters indexed by patient, else 0.</summary>
    public long Patient { get; set; }

    /// <summary>The code, for sorting: at most <see cref="SearchText.IndexedLength"/> characters.</summary>
    public string Code { get; set; } = "";
}

/// <summary>
/// A code that some resource has or had under a parameter: the rows of <see cref="TokenRow"/> lie by hash, this is the order of their texts.
/// Once there it stays, so whoever has seen it needs not look again.
/// </summary>
internal sealed class TokenCodeRow
{
    public int Param { get; set; }

    public string Code { get; set; } = "";

    public long Hash { get; set; }
}

internal sealed class ReferenceRow : IndexRow
{
    /// <summary>Hash of <c>Type/id</c> or of the address.</summary>
    public long Hash { get; set; }

    /// <summary>Number of the type referred to, 0 where it is not known.</summary>
    public short TargetType { get; set; }

    public long Rank { get; set; }
}

internal sealed class DateRow : IndexRow
{
    public long Low { get; set; }

    public long High { get; set; }
}

internal sealed class QuantityRow : IndexRow
{
    public double Value { get; set; }

    /// <summary>Hash of the unit's system, 0 for none.</summary>
    public long System { get; set; }

    /// <summary>Hash of the coded unit, 0 for none.</summary>
    public long Code { get; set; }

    /// <summary>Hash of the printed unit, 0 for none.</summary>
    public long Unit { get; set; }
}

internal sealed class StringRow : IndexRow
{
    /// <summary>The start of the normalised text, at most <see cref="SearchText.IndexedLength"/> characters; of a URI: as written.</summary>
    public string Norm { get; set; } = "";

    /// <summary>The whole normalised text where <see cref="Norm"/> is cut, else null.</summary>
    public string? Rest { get; set; }

    /// <summary>As written.</summary>
    public string Text { get; set; } = "";
}

/// <summary>
/// What an active Consent denies, kept beside it so that a search can look it up by patient. Written by <see cref="ConsentRules"/>.
/// </summary>
internal sealed class ConsentRuleRow : IndexRow
{
    /// <summary>Hash of the patient.</summary>
    public long Patient { get; set; }

    /// <summary>Hash of whom it denies, 0 for everybody.</summary>
    public long Actor { get; set; }

    /// <summary>Number of the resource type that it denies, 0 for every type.</summary>
    public short Type { get; set; }

    /// <summary>From when, UTC ticks.</summary>
    public long Starts { get; set; }

    /// <summary>Until when, UTC ticks, exclusive.</summary>
    public long Ends { get; set; }
}
