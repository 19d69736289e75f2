using System.Net;
using System.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class PatchTests
{
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Of_many_patches_at_the_same_time_on_two_servers_none_is_lost(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var second = store.Second();
        await store.PutAsync("""{"resourceType":"Patient","id":"p","identifier":[{"value":"0"}]}""");
        await Task.WhenAll(Enumerable.Range(1, 60).Select(at => Task.Run(() => (at % 2 == 0 ? store : second).CommitAsync(
            Patch("p", $$"""[{"op":"add","path":"/identifier/-","value":{"value":"{{at}}"} }]""")))));
        var stored = (await store.ReadAsync("Patient/p"))!;
        Assert.Equal(61, stored.Key.Version);
        Assert.All(Enumerable.Range(0, 61), at => Assert.Contains($"{{\"value\":\"{at}\"}}", Encoding.UTF8.GetString(stored.Json.Span), StringComparison.Ordinal));
        Assert.Equal(["p"], await store.IdsAsync("Patient?identifier=60"));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_patch_needs_what_it_changes_and_changes_nothing_when_it_fails(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync("""{"resourceType":"Patient","id":"p","active":true}""");
        Assert.Equal(ChangeOutcome.Unchanged, (await store.CommitAsync(Patch("p", """[{"op":"test","path":"/active","value":true}]"""))).Results[0].Outcome);
        Assert.Equal(HttpStatusCode.NotFound, await RefusedAsync(store, Patch("none", "[]")));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await RefusedAsync(store, Patch("p", "[]") with { IfMatch = [7] }));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, await RefusedAsync(store, Patch("p", """[{"op":"test","path":"/active","value":false}]""")));
        Assert.Equal(1, (await store.ReadAsync("Patient/p"))!.Key.Version);
        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/p")));
        Assert.Equal(HttpStatusCode.Gone, await RefusedAsync(store, Patch("p", "[]")));
    }

    private static async Task<HttpStatusCode> RefusedAsync(TestStore store, Change change) =>
        (await Assert.ThrowsAsync<FhirException>(() => store.CommitAsync(change))).Status;

    private static PatchChange Patch(string id, string patch) => new(TestStore.KeyOf($"Patient/{id}"), stored =>
        TestStore.Content(Encoding.UTF8.GetString(ResourcePatch.OfJson(Encoding.UTF8.GetBytes(patch)).Apply(stored.Json))));
}
