using System.Globalization;
using System.Net;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>Creates that share a transaction stay each other's strangers: one that fails fails alone.</summary>
public sealed class GroupCommitTests
{
    private const int Writers = 200;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_create_that_cannot_be_written_fails_alone(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync("""{"resourceType":"Patient","id":"taken"}""");

        // Every tenth takes an id that exists, which the store refuses for a create.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, Writers).Select(at => Task.Run(() => CreateAsync(store, at % 10 == 5 ? "taken" : $"n{at}"))));

        Assert.Equal(Writers / 10, outcomes.Count(outcome => outcome == HttpStatusCode.Conflict));
        Assert.Equal(Writers * 9 / 10, outcomes.Count(outcome => outcome is null));
        Assert.Equal(1 + (Writers * 9 / 10), (await store.SearchAsync("Patient?_count=0")).Total);
        Assert.Equal(1, (await store.ReadAsync("Patient/taken"))!.Key.Version);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_was_acknowledged_can_be_read_at_once_by_another_server(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(at => Task.Run(async () =>
        {
            Assert.Null(await CreateAsync(store, $"n{at}"));
            Assert.NotNull(await second.ReadAsync($"Patient/n{at}"));
        })));
    }

    private static async Task<HttpStatusCode?> CreateAsync(TestStore store, string id)
    {
        var content = TestStore.Content(string.Create(CultureInfo.InvariantCulture, $$"""{"resourceType":"Patient","id":"{{id}}"}"""));
        try
        {
            await store.CommitAsync(new CreateChange(new ResourceKey("Patient", id), content));
            return null;
        }
        catch (FhirException refused)
        {
            return refused.Status;
        }
    }
}
