using System.Net;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Tests.Fhir;

/// <summary>What a client sees when the server itself is in trouble.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task A_fault_is_500_and_tells_the_request_id_and_nothing_else()
    {
        await using var host = await HostWithAsync(new TroubledStore(_ => throw new InvalidOperationException("secret of the database")));

        var answer = await host.GetAsync("/fhir/Patient/1", "X-Request-Id: find-me");

        Assert.Equal((HttpStatusCode.InternalServerError, "exception"), (answer.Status, answer.IssueCode));
        Assert.Contains("find-me", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_503_and_told_when_to_come_back()
    {
        await using var host = await HostWithAsync(new TroubledStore(token => Task.Delay(Timeout.Infinite, token)), "00:00:00.200");

        var answer = await host.GetAsync("/fhir/Patient/1");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "timeout"), (answer.Status, answer.IssueCode));
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    private static Task<TelehealthHost> HostWithAsync(IResourceStore store, string timeout = "00:00:30") => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Limits:RequestTimeout", timeout);
        builder.ConfigureTestServices(services => services.AddSingleton(store));
    });

    private sealed class TroubledStore(Func<CancellationToken, Task> trouble) : IResourceStore
    {
        public async ValueTask<StoredResource?> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
        {
            await trouble(cancellationToken);
            return null;
        }

        public Task<SearchPage> SearchAsync(Caller caller, SearchQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<HistoryPage> HistoryAsync(Caller caller, HistoryQuery query, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<CommitResult> CommitAsync(Caller caller, ChangeSet changes, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
