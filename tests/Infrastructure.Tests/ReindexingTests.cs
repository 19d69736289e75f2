using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ReindexingTests
{
    private const string Url = "http://example.org/eye";

    private static readonly CancellationToken _now = TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_added_parameter_is_searched_by_once_all_is_indexed_whatever_restarts(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.CommitAsync([.. Enumerable.Range(0, 450).Select(at => Put(Patient($"p{at}", at % 3 == 0 ? "green" : "blue")))]);
        await store.PutAsync("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p3"} }""");
        await store.PutAsync(Parameter("eye", "string", $"(Patient.extension.where(url='{Url}').value as string)"));
        var first = Of(store);
        await first.LoadAsync(_now);
        await store.PutAsync(Patient("late", "green"));

        var refusal = Assert.Throws<FhirException>(() => store.Parse("Patient?eye=green"));
        Assert.Equal(ReindexState.Waiting, (await first.StateAsync(_now))[1].State);
        Assert.True(await first.StepAsync(waits: false, _now));
        var (running, _) = (Assert.Single(await first.StateAsync(_now), state => state.Code == "eye"), 0);
        Assert.Equal(0, (await store.Services.GetRequiredService<IConsistencyCheck>().RunAsync(_now)).Faults);

        await using var second = store.Second();
        var again = Of(second);
        await again.LoadAsync(_now);
        Assert.Throws<FhirException>(() => second.Parse("Patient?eye=green"));
        await FinishAsync(again);

        Assert.Equal(400, (int)refusal.Status);
        Assert.Equal((ReindexState.Running, 200L), (running.State, running.Indexed));
        Assert.Equal((ReindexState.Ready, 451L), await StateOf(again, "eye"));
        Assert.Equal(151, (await second.SearchAsync("Patient?eye=GREEN&_total=accurate&_count=0")).Total);
        Assert.Equal(151, (await second.SearchAsync("Patient?eye:exact=green&_count=0")).Total);
        Assert.Equal(0, (await second.SearchAsync("Patient?eye:missing=true&_count=0")).Total);
        Assert.Equal(["o"], await second.IdsAsync("Observation?patient.eye=green"));
        Assert.Equal(["late"], await second.IdsAsync("Patient?_sort=-eye,-_lastUpdated&_count=1"));
        Assert.Equal(0, (await second.Services.GetRequiredService<IConsistencyCheck>().RunAsync(_now)).Faults);
        await first.LoadAsync(_now);
        Assert.Equal(151, (await store.SearchAsync("Patient?eye=green&_count=0")).Total);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_changed_parameter_is_indexed_anew_and_a_deleted_one_leaves_nothing(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(Patient("p", "green"));
        await store.PutAsync(Parameter("eye", "string", $"(Patient.extension.where(url='{Url}').value as string)"));
        var reindexing = Of(store);
        await FinishAsync(reindexing);
        Assert.Equal(["p"], await store.IdsAsync("Patient?eye=green"));

        await store.PutAsync(Parameter("eye", "token", $"Patient.extension('{Url}').value"));
        await reindexing.LoadAsync(_now);
        Assert.Throws<FhirException>(() => store.Parse("Patient?eye=green"));
        await FinishAsync(reindexing);
        Assert.Equal(["p"], await store.IdsAsync("Patient?eye=green"));
        Assert.Empty(await store.IdsAsync("Patient?eye=gre"));

        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("SearchParameter/eye")));
        await FinishAsync(reindexing);
        Assert.Throws<FhirException>(() => store.Parse("Patient?eye=green"));
        Assert.Single(await reindexing.StateAsync(_now));
        Assert.Equal(0, (await store.Services.GetRequiredService<IConsistencyCheck>().RunAsync(_now)).Faults);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Everything_can_be_indexed_anew_while_others_write(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.CommitAsync([.. Enumerable.Range(0, 250).Select(at => Put(Patient($"p{at}", "green")))]);
        var reindexing = Of(store);
        Assert.Equal(ReindexState.Ready, (await reindexing.StateAsync(_now))[0].State);

        await reindexing.RestartAsync(TestStore.Caller, _now);
        Assert.True(await reindexing.StepAsync(waits: false, _now));
        await store.PutAsync(Patient("p0", "blue"));
        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/p249")));
        await FinishAsync(reindexing);

        Assert.Equal((ReindexState.Ready, 249L), ((await reindexing.StateAsync(_now))[0].State, (await reindexing.StateAsync(_now))[0].Indexed));
        Assert.Equal(249, (await store.SearchAsync("Patient?family=common&_count=0")).Total);
        Assert.Equal(0, (await store.Services.GetRequiredService<IConsistencyCheck>().RunAsync(_now)).Faults);
    }

    [Fact]
    public async Task A_new_parameter_waits_until_every_server_has_looked()
    {
        var clock = new SetClock(new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero));
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite, clock: clock);
        await store.PutAsync(Parameter("eye", "string", "Patient.language"));
        var reindexing = Of(store);

        Assert.False(await reindexing.StepAsync(waits: true, _now));
        clock.Now += TimeSpan.FromSeconds(10);
        Assert.True(await reindexing.StepAsync(waits: true, _now));
    }

    [Theory]
    [InlineData("gender", "token", "Patient.gender")]
    [InlineData("_mine", "token", "Patient.gender")]
    [InlineData("a.b", "token", "Patient.gender")]
    [InlineData("mine", "quantity", "Patient.gender")]
    [InlineData("mine", "token", "Patient.(")]
    [InlineData("mine", "token", "Patient.descendants()")]
    [InlineData("mine", "composite", "Patient")]
    public async Task A_definition_that_cannot_be_indexed_is_refused_with_a_reason(string code, string type, string expression)
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        await store.PutAsync(Parameter(code, type, expression));
        await store.PutAsync(Patient("p", "green"));
        var reindexing = Of(store);
        await FinishAsync(reindexing);

        var state = (await reindexing.StateAsync(_now))[1];
        Assert.Equal(ReindexState.Refused, state.State);
        Assert.EndsWith(".", state.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expression_that_fails_on_a_resource_does_not_fail_the_write()
    {
        await using var store = await TestStore.CreateAsync(DatabaseProvider.Sqlite);
        await store.PutAsync(Parameter("mine", "string", "Patient.name.family.toInteger().single().toString() + (1/0)"));
        await FinishAsync(Of(store));

        await store.PutAsync(Patient("p", "green"));

        Assert.Equal(["p"], await store.IdsAsync("Patient?mine:missing=true"));
    }

    private static Reindexing Of(TestStore store) => (Reindexing)store.Services.GetRequiredService<IReindexing>();

    private static async Task FinishAsync(Reindexing reindexing)
    {
        for (var steps = 0; await reindexing.StepAsync(waits: false, _now); steps++)
        {
            Assert.InRange(steps, 0, 50);
        }

        await reindexing.LoadAsync(_now);
    }

    private static async Task<(ReindexState, long)> StateOf(Reindexing reindexing, string code)
    {
        var state = Assert.Single(await reindexing.StateAsync(_now), state => state.Code == code);
        return (state.State, state.Indexed);
    }

    private static PutChange Put(string json)
    {
        var content = TestStore.Content(json);
        return new PutChange(new ResourceKey(content.Resource.TypeName, content.Resource.Id!), content);
    }

    private static string Patient(string id, string eye) =>
        $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"Common"}],"extension":[{"url":"{{Url}}","valueString":"{{eye}}"}]}""";

    private static string Parameter(string code, string type, string expression) =>
        $$"""
        {"resourceType":"SearchParameter","id":"eye","url":"http://example.org/SearchParameter/eye","name":"Eye","status":"active","description":"d",
         "code":"{{code}}","base":["Patient"],"type":"{{type}}","expression":"{{expression}}"}
        """;
}
