using System.Globalization;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Audit;

/// <inheritdoc cref="IAuditVerifier" />
internal sealed class AuditVerifier(Database database, StorageSettings settings) : IAuditVerifier
{
    private const int MostFaults = 50;
    private const int PagesAtOnce = 100;
    private const int RowsAtOnce = 500;

    public async Task<AuditVerdict> VerifyAsync(CancellationToken cancellationToken)
    {
        var walk = new Walk();
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            foreach (var chain in await AuditLog.ChainsAsync(session, cancellationToken))
            {
                walk.Chains[chain.Chain] = chain;
                await WalkAsync(session, chain, walk, cancellationToken);
            }

            await FindNamelessAsync(session, walk, cancellationToken);
        }

        await CheckHeadsAsync(walk, cancellationToken);
        await CountEventsAsync(walk, cancellationToken);
        return new AuditVerdict(
            walk.Chains.Count,
            walk.Entries,
            walk.Events,
            [.. walk.Faults],
            [.. walk.Chains.Values.Select(chain => new AuditHead(chain.Chain, chain.Next, Convert.ToHexStringLower(chain.Hash)))]);
    }

    /// <summary>Recomputes every hash of a chain, and holds the AuditEvents against its entries.</summary>
    private async Task WalkAsync(Session session, ChainState chain, Walk walk, CancellationToken cancellationToken)
    {
        var (expected, previous) = (0L, AuditPage.Origin);
        while (expected < chain.Next)
        {
            var pages = await AuditLog.PagesAsync(session, chain.Chain, expected, PagesAtOnce, cancellationToken);
            pages.RemoveAll(page => page.Next <= expected || page.Sequence >= chain.Next);
            foreach (var page in pages)
            {
                if (page.Sequence != expected)
                {
                    walk.Fault($"Chain {chain.Chain}: entries {expected} to {page.Sequence - 1} are missing.");
                }
                else if (!page.Hash.Span.SequenceEqual(page.HashOf(settings.AuditKey.Span, previous.Span)))
                {
                    walk.Fault($"Chain {chain.Chain}: entries {page.Sequence} to {page.Next - 1} or one before them are not what was written.");
                }

                await ReadAsync(session, chain, page, walk, cancellationToken);
                (expected, previous) = (page.Next, page.Hash);
            }

            if (pages.Count == 0)
            {
                walk.Fault($"Chain {chain.Chain}: entries {expected} to {chain.Next - 1} are missing at the end.");
                return;
            }
        }

        if (!previous.Span.SequenceEqual(chain.Hash))
        {
            walk.Fault($"Chain {chain.Chain}: its last hash is not the one that was noted with it.");
        }
    }

    private static async Task ReadAsync(Session session, ChainState chain, AuditPage page, Walk walk, CancellationToken cancellationToken)
    {
        var expected = new Dictionary<long, (string Id, byte[] Json)>();
        var count = 0;
        foreach (var (number, line) in page.Lines())
        {
            count++;
            try
            {
                var record = AuditRecordJson.Read(line);
                walk.Named.UnionWith(record.Heads);
                foreach (var made in AuditEventRendering.Render(page.Chain, number, record).Where(_ => number < chain.Done))
                {
                    expected[StorageHash.OfReference("AuditEvent", made.Id!)] = (made.Id!, FhirJson.Serialize(made));
                }
            }
            catch (FormatException)
            {
                walk.Fault($"Chain {page.Chain}: entry {number} cannot be read.");
            }
        }

        walk.Entries += count;
        if (count != page.Entries)
        {
            walk.Fault($"Chain {page.Chain}: the page at {page.Sequence} holds {count} entries instead of {page.Entries}.");
        }

        foreach (var some in expected.Chunk(RowsAtOnce))
        {
            await CompareAsync(session, some, walk, cancellationToken);
        }
    }

    private static async Task CompareAsync(
        Session session, KeyValuePair<long, (string Id, byte[] Json)>[] expected, Walk walk, CancellationToken cancellationToken)
    {
        var sql = new SqlText();
        var hashes = string.Join(", ", expected.Select(one => sql.Value(one.Key)));
        sql.Append($"SELECT id_hash, version, raw FROM resource WHERE id_hash IN ({hashes})");
        var rows = await session.QueryAsync(
            sql, row => (Hash: row.GetInt64(0), Version: row.GetInt32(1), Raw: row.GetFieldValue<byte[]>(2)), cancellationToken);
        var stored = rows.ToDictionary(row => row.Hash);
        foreach (var (hash, (id, json)) in expected)
        {
            if (!stored.TryGetValue(hash, out var row))
            {
                walk.Fault($"AuditEvent/{id} is missing.");
            }
            else if (row.Version != 1 || !Agree(row.Raw, json))
            {
                walk.Fault($"AuditEvent/{id} is not what the log says.");
            }

            walk.Events++;
        }
    }

    private static bool Agree(byte[] stored, byte[] rendered) => stored.Length > 0
        && FhirJson.EqualsIgnoringVersion(stored, FhirJson.Stamp(rendered, FhirJson.IdOf(rendered)!, 1, DateTimeOffset.UnixEpoch));

    /// <summary>Pages of a chain that is nowhere noted.</summary>
    private static async Task FindNamelessAsync(Session session, Walk walk, CancellationToken cancellationToken)
    {
        var sql = new SqlText().Append("SELECT DISTINCT l.chain FROM audit_log l LEFT JOIN audit_chain c ON c.chain = l.chain WHERE c.chain IS NULL");
        foreach (var chain in await session.QueryAsync(sql, row => row.GetString(0), cancellationToken))
        {
            // Started since the walk began, or its note was removed.
            var state = (await AuditLog.ChainsAsync(session, cancellationToken)).Find(other => other.Chain == chain);
            if (state is null)
            {
                walk.Fault($"Chain {chain}: where it ends is not noted any more.");
            }
        }
    }

    /// <summary>Where a chain's start says that another one ended, that one has a page that ends so.</summary>
    private async Task CheckHeadsAsync(Walk walk, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        foreach (var head in walk.Named)
        {
            var sql = new SqlText();
            sql.Append($"SELECT sequence + entries, hash FROM audit_log WHERE chain = {sql.Value(head.Chain)} AND sequence < {sql.Value(head.Next)}")
                .Append(" ORDER BY sequence DESC LIMIT 1");
            var ends = await session.QueryAsync(
                sql, row => new AuditHead(head.Chain, row.GetInt64(0), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(1))), cancellationToken);
            if (ends is not [var end] || end != head)
            {
                walk.Fault($"Chain {head.Chain}: a later chain knows it up to entry {head.Next - 1}, and it is not there as it was then.");
            }
        }
    }

    /// <summary>AuditEvents with ids as the log gives them, and no entry for them.</summary>
    private async Task CountEventsAsync(Walk walk, CancellationToken cancellationToken)
    {
        var type = ResourceCatalog.NumberOf("AuditEvent");
        var (after, afterKey, count) = (long.MinValue, long.MinValue, 0L);
        for (var more = true; more;)
        {
            await using var session = await database.OpenAsync(cancellationToken);
            var sql = new SqlText();
            sql.Append($"SELECT updated, key, id FROM resource WHERE type = {sql.Value(type)} AND (updated, key) > ({sql.Value(after)}, {sql.Value(afterKey)})")
                .Append(string.Create(CultureInfo.InvariantCulture, $" ORDER BY updated, key LIMIT {RowsAtOnce}"));
            var rows = await session.QueryAsync(sql, row => (Updated: row.GetInt64(0), Key: row.GetInt64(1), Id: row.GetString(2)), cancellationToken);
            foreach (var row in rows)
            {
                (after, afterKey) = (row.Updated, row.Key);
                if (AuditEventRendering.ParseId(row.Id) is not { } id)
                {
                    continue;
                }

                if (!walk.Chains.TryGetValue(id.Chain, out var chain))
                {
                    walk.Strange.Add((id.Chain, row.Id));
                }
                else if (id.Number < chain.Done)
                {
                    count++;
                }
            }

            more = rows.Count == RowsAtOnce;
        }

        await ReportAsync(walk, count, cancellationToken);
    }

    private async Task ReportAsync(Walk walk, long count, CancellationToken cancellationToken)
    {
        if (count > walk.Events)
        {
            walk.Fault($"There are {count - walk.Events} AuditEvents that no entry of the log gives.");
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var chains = (await AuditLog.ChainsAsync(session, cancellationToken)).Select(chain => chain.Chain).ToHashSet(StringComparer.Ordinal);
        foreach (var (_, id) in walk.Strange.Where(one => !chains.Contains(one.Chain)))
        {
            walk.Fault($"AuditEvent/{id} is of a chain that is not there.");
        }
    }

    private sealed class Walk
    {
        public Dictionary<string, ChainState> Chains { get; } = new(StringComparer.Ordinal);

        public List<string> Faults { get; } = [];

        /// <summary>What the starts of chains say of others.</summary>
        public HashSet<AuditHead> Named { get; } = [];

        public List<(string Chain, string Id)> Strange { get; } = [];

        public long Entries { get; set; }

        public long Events { get; set; }

        public void Fault(string sentence)
        {
            if (Faults.Count < MostFaults)
            {
                Faults.Add(sentence);
            }
        }
    }
}
