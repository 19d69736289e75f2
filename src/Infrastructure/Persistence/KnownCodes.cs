using System.Collections.Concurrent;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Which rows of <c>token_code</c> are there for certain, since this process wrote them or met them: most codes come again and again, and then
/// a write has nothing to do for their order.
/// </summary>
internal sealed class KnownCodes
{
    /// <summary>Some four megabytes. Identifiers never come again and would fill any memory.</summary>
    private const int Most = 65_536;

    private readonly ConcurrentDictionary<(int Param, long Hash), bool> _known = new();
    private int _count;

    /// <summary>The rows that a batch needs and that are not known, each once and in one order for everybody: two writers never wait for each other.</summary>
    public List<TokenCodeRow> MissingOf(RowBatch batch)
    {
        List<TokenCodeRow> missing = [];
        foreach (var token in batch.Tokens)
        {
            if (!_known.ContainsKey((token.Param, token.Hash)))
            {
                missing.Add(new TokenCodeRow { Param = token.Param, Code = token.Code, Hash = token.Hash });
            }
        }

        return missing.Count == 0
            ? missing
            : [.. missing.DistinctBy(row => (row.Param, row.Hash)).OrderBy(row => row.Param).ThenBy(row => row.Hash)];
    }

    /// <summary>These are committed.</summary>
    public void Add(List<TokenCodeRow> written)
    {
        foreach (var row in written)
        {
            if (_known.TryAdd((row.Param, row.Hash), true) && Interlocked.Increment(ref _count) > Most)
            {
                _known.Clear();
                Interlocked.Exchange(ref _count, 0);
            }
        }
    }
}
