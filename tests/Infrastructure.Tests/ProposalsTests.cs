using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;
using TeleFhir.Infrastructure.Scheduling;

namespace TeleFhir.Infrastructure.Tests;

public sealed class ProposalsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task They_are_found_by_who_asked_until_they_run_out_and_then_removed(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var proposals = store.Services.GetRequiredService<Proposals>();
        var now = TimeProvider.System.GetUtcNow();
        var (live, over) = (ProposalId.NewAnswer(now.AddMinutes(15)), ProposalId.NewAnswer(now.AddMinutes(-1)));
        var caller = Caller.User("u", "app") with { Patient = "p" };
        ReadOnlyMemory<byte>[] two = ["{\"id\":\"0\"}"u8.ToArray(), "{\"id\":\"1\"}"u8.ToArray()];
        await proposals.AddAsync(caller, live, two, Token);
        await proposals.AddAsync(caller, over, two, Token);

        Assert.Equal(two[1].ToArray(), (await proposals.FindAsync(caller, new ProposalId(live, 1), Token)).Value!.Json.ToArray());
        Assert.Equal("proposal-unknown", (await proposals.FindAsync(caller, new ProposalId(live, 2), Token)).Refusal!.Code);
        Assert.Equal("proposal-unknown", (await proposals.FindAsync(caller, new ProposalId(ProposalId.NewAnswer(now.AddMinutes(15)), 0), Token)).Refusal!.Code);
        Assert.Equal("proposal-expired", (await proposals.FindAsync(caller, new ProposalId(over, 0), Token)).Refusal!.Code);
        foreach (var other in (Caller[])[caller with { Patient = "q" }, caller with { ClientId = "other" }, Caller.User("v", "app") with { Patient = "p" }, Caller.Client("app")])
        {
            Assert.Equal("proposal-unknown", (await proposals.FindAsync(other, new ProposalId(live, 0), Token)).Refusal!.Code);
        }

        await proposals.PruneAsync(Token);

        await using var db = store.Services.GetRequiredService<Func<TeleFhirDb>>()();
        Assert.Equal([live], db.Set<ProposalRow>().Select(row => row.Answer).ToList());
        Assert.Equal("proposal-expired", (await proposals.FindAsync(caller, new ProposalId(over, 0), Token)).Refusal!.Code);
    }

    [Fact]
    public void An_id_says_when_it_runs_out_and_those_of_stored_appointments_areToken()
    {
        var expires = new DateTimeOffset(2026, 6, 1, 9, 0, 0, 123, TimeSpan.Zero);
        var id = new ProposalId(ProposalId.NewAnswer(expires), 7);

        Assert.True(ProposalId.TryParse(id.ToString(), out var read));
        Assert.Equal((id, expires), (read, read.Expires));
        foreach (var other in (string[])["prop-1", "prop-", "a1", id.ToString()[..^1], $"{id}00000", id.ToString().ToUpperInvariant(), id.ToString().Replace("prop-0", "prop-f", StringComparison.Ordinal), $"prop-{new string('z', 32)}-1"])
        {
            Assert.False(ProposalId.TryParse(other, out _), other);
        }
    }
}
