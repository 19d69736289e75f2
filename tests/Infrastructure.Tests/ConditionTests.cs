using System.Globalization;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Expectations: what a writer found when it searched is still so when it commits, or it looks again.</summary>
public sealed class ConditionTests
{
    private const string Condition = "Patient?identifier=urn:mrn|";

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_fifty_parallel_conditional_creates_one_creates(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var ids = await Task.WhenAll(Enumerable.Range(0, 50).Select(at => Task.Run(() => CreateAsync(store, "A1", at))));
        Assert.Single(ids.Distinct());
        Assert.Equal([ids[0]], await store.IdsAsync("Patient?"));
        Assert.Equal(1, (await store.ReadAsync($"Patient/{ids[0]}"))!.Key.Version);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Two_servers_on_one_database_create_one_for_each_condition(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        var ids = await Task.WhenAll(Enumerable.Range(0, 60).Select(at => Task.Run(
            () => CreateAsync(at % 2 == 0 ? store : second, string.Create(CultureInfo.InvariantCulture, $"A{at % 3}"), at))));
        Assert.Equal(3, ids.Distinct().Count());
        Assert.Equal(ids.Distinct().Order(), (await second.IdsAsync("Patient?")).Order());
        for (var mrn = 0; mrn < 3; mrn++)
        {
            Assert.Single(ids.Where((_, at) => at % 3 == mrn).Distinct());
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_commit_is_given_up_where_the_condition_finds_others(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient("p1", "A1"));
        await store.PutAsync(Patient("p2", "A1"));
        await store.PutAsync(Patient("p3", "A3"));
        foreach (var (mrn, matched, status) in ((string, string[], CommitStatus)[])
        [
            ("A1", ["p2", "p1"], CommitStatus.Committed),
            ("A1", ["p1"], CommitStatus.ConditionChanged),
            ("A1", [], CommitStatus.ConditionChanged),
            ("A1", ["p1", "p2", "p3"], CommitStatus.ConditionChanged),
            ("A2", [], CommitStatus.Committed),
            ("A2", ["p1"], CommitStatus.ConditionChanged),
            ("A3", ["p3"], CommitStatus.Committed),
        ])
        {
            var before = (await store.ReadAsync("Patient/p3"))!;
            var change = new PutChange(TestStore.KeyOf("Patient/p3"), TestStore.Content(Patient("p3", "A3", before.Key.Version)));
            var result = await CommitAsync(store, change, mrn, matched);
            Assert.Equal(status, result.Status);
            Assert.Equal(status == CommitStatus.Committed ? 1 : 0, result.Results.Length);
            Assert.Equal(
                before.Key.Version + (status == CommitStatus.Committed ? 1 : 0), (await store.ReadAsync("Patient/p3"))!.Key.Version);
        }

        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/p1")));
        Assert.Equal(CommitStatus.Committed, (await CommitAsync(store, new DeleteChange(TestStore.KeyOf("Patient/p2")), "A1", ["p2"])).Status);
        Assert.Equal(["p3"], await store.IdsAsync("Patient?"));
    }

    /// <summary>As a server does it: look, write if there is nothing, and look again where somebody was quicker.</summary>
    private static async Task<string> CreateAsync(TestStore store, string mrn, int at)
    {
        for (var tries = 0; tries < 60; tries++)
        {
            var found = await store.IdsAsync(Condition + mrn);
            if (found.Length > 0)
            {
                return Assert.Single(found);
            }

            var id = string.Create(CultureInfo.InvariantCulture, $"n{at}");
            var result = await CommitAsync(
                store, new CreateChange(new ResourceKey("Patient", id), TestStore.Content(Patient(id, mrn))), mrn, []);
            if (result.Status == CommitStatus.Committed)
            {
                return id;
            }
        }

        throw new InvalidOperationException("The condition never came to rest.");
    }

    private static Task<CommitResult> CommitAsync(TestStore store, Change change, string mrn, string[] matched)
    {
        var condition = store.Parse(Condition + mrn);
        return store.Store.CommitAsync(
            TestStore.Caller,
            ChangeSet.Of(change, new Expectation(condition, SearchGuard.Of(condition), [.. matched])),
            TestContext.Current.CancellationToken);
    }

    private static string Patient(string id, string mrn, int? births = null) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"resourceType":"Patient","id":"{{id}}","multipleBirthInteger":{{births ?? 0}},"identifier":[{"system":"urn:mrn","value":"{{mrn}}"}]}""");
}
