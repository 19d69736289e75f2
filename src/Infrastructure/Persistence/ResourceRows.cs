namespace TeleFhir.Infrastructure.Persistence;

/// <summary>The current version of one resource. A deleted one stays as a row without JSON, to remember its versions.</summary>
internal sealed class ResourceRow
{
    /// <summary>Issued by <see cref="KeySequence"/>: grows with time, so inserts go to the right of every index that starts with it.</summary>
    public long Key { get; set; }

    /// <summary><see cref="StorageHash"/> of <c>Type/id</c>; unique, and what reference rows point at.</summary>
    public long IdHash { get; set; }

    public short Type { get; set; }

    public string Id { get; set; } = "";

    public int Version { get; set; }

    public bool Deleted { get; set; }

    /// <summary>UTC ticks, whole milliseconds.</summary>
    public long Updated { get; set; }

    public short Method { get; set; }

    /// <summary>Low end of the timeline value in ticks, 0 for none: the default order of a search.</summary>
    public long Rank { get; set; }

    /// <summary>High end of the timeline value.</summary>
    public long RankHigh { get; set; }

    /// <summary>Hash of the one patient it is about, 0 where there is none or several.</summary>
    public long Patient { get; set; }

    /// <summary>UTF-8 JSON, exactly what a read answers; empty when deleted.</summary>
    public byte[] Raw { get; set; } = [];
}

/// <summary>A version that is no longer current.</summary>
internal sealed class HistoryRow
{
    public long Key { get; set; }

    public int Version { get; set; }

    public short Type { get; set; }

    public long Updated { get; set; }

    public short Method { get; set; }

    public byte[] Raw { get; set; } = [];
}

/// <summary>One change, in the transaction that made it: what subscriptions and other followers read.</summary>
internal sealed class OutboxRow
{
    public const int LongestEvent = 64;

    public long Sequence { get; set; }

    public long Key { get; set; }

    public int Version { get; set; }

    public short Method { get; set; }

    public short Type { get; set; }

    /// <summary>Empty for a new version; else what happened without one.</summary>
    public string Event { get; set; } = "";
}

/// <summary>Tokens that no longer work before their time. Sequences grow in the order of commits, so a reader that remembers one misses none.</summary>
internal sealed class RevocationRow
{
    public long Sequence { get; set; }

    public short Kind { get; set; }

    public string Value { get; set; } = "";

    /// <summary>UTC ticks.</summary>
    public long Revoked { get; set; }

    /// <summary>UTC ticks from which no token that it could concern is valid.</summary>
    public long Expires { get; set; }
}

/// <summary>How far a file has been imported, so that a repeated import goes on from there.</summary>
internal sealed class ImportRow
{
    /// <summary>SHA-256 of the content, hexadecimal.</summary>
    public string Hash { get; set; } = "";

    /// <summary>How many of its parts (a transaction, entries or lines), counted from the start, are stored.</summary>
    public int Done { get; set; }
}

/// <summary>How far the index of an added search parameter has come, or, under key 0, the index of everything.</summary>
internal sealed class ReindexRow
{
    /// <summary>Under this the whole index is kept, its version being that of the layout of the rows.</summary>
    public const long Everything = 0;

    /// <summary>Storage key of the SearchParameter.</summary>
    public long Key { get; set; }

    /// <summary>The version of the SearchParameter that the rows are of.</summary>
    public int Version { get; set; }

    /// <summary>The parameter's name, to know its rows by when it is gone.</summary>
    public string Code { get; set; } = "";

    /// <summary>The types it is for, with a comma between them.</summary>
    public string Types { get; set; } = "";

    /// <summary>A <see cref="Domain.Storage.ReindexState"/>.</summary>
    public short State { get; set; }

    /// <summary>Resources up to this storage key are done.</summary>
    public long Done { get; set; }

    /// <summary>How many resources that were.</summary>
    public long Indexed { get; set; }

    /// <summary>Why it was refused, else empty.</summary>
    public string Note { get; set; } = "";
}
