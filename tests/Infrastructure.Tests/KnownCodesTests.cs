using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>The order of codes, which writers keep.</summary>
public sealed class KnownCodesTests
{
    [Fact]
    public void What_is_known_is_not_written_again()
    {
        var known = new KnownCodes();
        var first = known.MissingOf(Batch((2, 20), (1, 11), (1, 10), (1, 10)));
        Assert.Equal([(1, 10L), (1, 11L), (2, 20L)], first.Select(row => (row.Param, row.Hash)));

        // Until it is committed nothing is known.
        Assert.Equal(3, known.MissingOf(Batch((2, 20), (1, 11), (1, 10))).Count);
        known.Add(first);
        Assert.Equal([(3, 10L)], known.MissingOf(Batch((2, 20), (1, 10), (3, 10))).Select(row => (row.Param, row.Hash)));
    }

    [Fact]
    public void Memory_is_bounded()
    {
        var known = new KnownCodes();
        var many = Batch([.. Enumerable.Range(0, 65_537).Select(at => (1, (long)at))]);
        known.Add(known.MissingOf(many));
        Assert.Equal(65_537, known.MissingOf(many).Count);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Servers_that_share_a_database_write_the_same_codes(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        await Task.WhenAll(from at in Enumerable.Range(0, 40)
                           from writer in (TestStore[])[store, second]
                           select writer.PutAsync($$"""
                               {"resourceType":"Patient","id":"{{(writer == store ? "a" : "b")}}{{at:00}}","identifier":[{"value":"{{at % 10}}"}, {"value":"{{9 - (at % 10)}}"}]}
                               """));
        await using var walking = store.Walking();
        var ids = await walking.IdsAsync("Patient?_sort=identifier&_count=100");
        Assert.Equal(80, ids.Length);
        Assert.Equal(ids.OrderBy(id => Math.Min(id[^1] - '0', '9' - id[^1])).ThenBy(id => id, StringComparer.Ordinal), ids);
    }

    private static RowBatch Batch(params (int Param, long Hash)[] codes)
    {
        var batch = new RowBatch();
        batch.Tokens.AddRange(codes.Select(code => new TokenRow { Param = code.Param, Hash = code.Hash, Code = "c" }));
        return batch;
    }
}
