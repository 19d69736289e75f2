using System.Collections.Immutable;
using System.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ResourceStoreTests
{
    private const string Patient = """{"resourceType":"Patient","id":"p1","active":true,"name":[{"family":"Müller","given":["Änne"]}]}""";

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_was_written_is_read_back(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var written = await store.PutAsync(Patient);
        var read = await store.ReadAsync("Patient/p1");
        Assert.NotNull(read);
        Assert.Equal(1, read.Key.Version);
        Assert.Equal(Encoding.UTF8.GetString(written.Json.Span), Encoding.UTF8.GetString(read.Json.Span));
        Assert.Contains("\"meta\":{\"versionId\":\"1\",\"lastUpdated\":\"", Encoding.UTF8.GetString(read.Json.Span), StringComparison.Ordinal);
        Assert.Contains("Müller", Encoding.UTF8.GetString(read.Json.Span), StringComparison.Ordinal);
        Assert.Null(await store.ReadAsync("Patient/nobody"));
        Assert.Null(await store.ReadAsync("Patient/p1/_history/2"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Every_version_stays_readable(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient);
        var second = await store.PutAsync(Patient.Replace("true", "false", StringComparison.Ordinal));
        Assert.Equal(2, second.Key.Version);
        var same = await store.PutAsync(Patient.Replace("true", " false ", StringComparison.Ordinal));
        Assert.Equal(2, same.Key.Version);
        var deleted = await store.CommitAsync(new DeleteChange(new ResourceKey("Patient", "p1")));
        Assert.Equal(ChangeOutcome.Deleted, deleted.Results[0].Outcome);
        Assert.Equal(ChangeOutcome.Unchanged, (await store.CommitAsync(new DeleteChange(new ResourceKey("Patient", "p1")))).Results[0].Outcome);
        Assert.True((await store.ReadAsync("Patient/p1"))!.IsDeleted);
        var again = await store.PutAsync(Patient);
        Assert.Equal(4, again.Key.Version);

        Assert.Contains("true", Encoding.UTF8.GetString((await store.ReadAsync("Patient/p1/_history/1"))!.Json.Span), StringComparison.Ordinal);
        Assert.True((await store.ReadAsync("Patient/p1/_history/3"))!.IsDeleted);
        var history = await store.Store.HistoryAsync(
            TestStore.Caller, new HistoryQuery { Type = "Patient", Id = "p1", Count = 3 }, TestContext.Current.CancellationToken);
        Assert.Equal([4, 3, 2], history.Entries.Select(entry => entry.Key.Version ?? 0));
        Assert.Equal(4, history.Total);
        foreach (var query in (HistoryQuery[])[new() { Type = "Patient", Id = "p1" }, new() { Type = "Patient" }, new()])
        {
            var rest = await store.Store.HistoryAsync(
                TestStore.Caller, query with { After = history.Next }, TestContext.Current.CancellationToken);
            Assert.Equal([1], rest.Entries.Select(entry => entry.Key.Version ?? 0));
            Assert.Null(rest.Next);
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_fifty_parallel_puts_every_one_becomes_a_version(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var results = await Task.WhenAll(Enumerable.Range(0, 50).Select(at =>
            Task.Run(() => store.PutAsync(Patient.Replace("Müller", $"Müller{at}", StringComparison.Ordinal)))));
        Assert.Equal(Enumerable.Range(1, 50), results.Select(result => result.Key.Version ?? 0).Order());
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_fifty_parallel_puts_with_one_If_Match_one_wins(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient);
        var statuses = await Task.WhenAll(Enumerable.Range(0, 50).Select(at => Task.Run(async () =>
        {
            var content = TestStore.Content(Patient.Replace("Müller", $"Müller{at}", StringComparison.Ordinal));
            try
            {
                var result = await store.CommitAsync(new PutChange(new ResourceKey("Patient", "p1"), content) { IfMatch = [1] });
                return (int)result.Status;
            }
            catch (FhirException refused)
            {
                return (int)refused.Status;
            }
        })));
        Assert.Single(statuses, (int)CommitStatus.Committed);
        Assert.Equal(49, statuses.Count(status => status == 412));
        Assert.Equal(2, (await store.ReadAsync("Patient/p1"))!.Key.Version);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_change_set_is_written_whole_or_not_at_all(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient);
        var other = TestStore.Content(Patient.Replace("p1", "p2", StringComparison.Ordinal));
        await Assert.ThrowsAsync<FhirException>(() => store.CommitAsync(
            new PutChange(new ResourceKey("Patient", "p2"), other),
            new DeleteChange(new ResourceKey("Patient", "p1")) { IfMatch = [7] }));
        Assert.Null(await store.ReadAsync("Patient/p2"));
        Assert.False((await store.ReadAsync("Patient/p1"))!.IsDeleted);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Crossing_change_sets_do_not_block_each_other_for_good(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var keys = Enumerable.Range(0, 6).Select(at => new ResourceKey("Patient", $"p{at}")).ToImmutableArray();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(round => Task.Run(() => store.CommitAsync(
            [.. (round % 2 == 0 ? keys : keys.Reverse()).Select(key => new PutChange(
                key, TestStore.Content($$"""{"resourceType":"Patient","id":"{{key.Id}}","multipleBirthInteger":{{round}}}""")))]))));
        foreach (var key in keys)
        {
            Assert.Equal(30, (await store.ReadAsync(key.ToString()))!.Key.Version);
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_resource_may_refer_to_very_many(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient);
        await store.PutAsync(GroupOf("g", 5000));
        Assert.Equal(["p1"], await store.IdsAsync("Patient?_has:Group:member:type=person"));
        Assert.Equal(["g"], await store.IdsAsync("Group?member.family=muller"));
        Assert.Equal(["p1"], (await store.SearchAsync("Group?_include=Group:member")).Included.Select(one => one.Key.Id));

        var refused = await Assert.ThrowsAsync<FhirException>(() => store.PutAsync(GroupOf("h", 40_000)));
        Assert.Equal(422, (int)refused.Status);
        Assert.Null(await store.ReadAsync("Group/h"));
    }

    private static string GroupOf(string id, int members)
    {
        var list = string.Join(',', Enumerable.Range(1, members).Select(at => $$$"""{"entity":{"reference":"Patient/p{{{at}}}"}}"""));
        return $$"""{"resourceType":"Group","id":"{{id}}","type":"person","actual":true,"member":[{{list}}]}""";
    }
}
