using System.Net;
using TeleFhir.Api.Tests.Audit;

namespace TeleFhir.Api.Tests.Async;

public sealed class AsyncAccessTests(AuditHost audit) : IClassFixture<AuditHost>
{
    private const string Prefer = "Prefer: respond-async";

    [Fact]
    public async Task It_runs_with_the_rights_of_who_asked_is_recorded_as_theirs_and_fetched_by_nobody_else()
    {
        var amy = await audit.PatientAsync("amy");
        var accepted = await audit.Host.GetAsync("/fhir/Patient", amy, Prefer, "X-Request-Id: async-amy");
        Assert.Equal(HttpStatusCode.Accepted, accepted.Status);
        var address = accepted.ContentHeaders.ContentLocation!.PathAndQuery;

        foreach (var other in new[] { await audit.PatientAsync("ben"), await audit.ClinicianAsync(), await audit.BackendAsync() })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await audit.Host.GetAsync(address, other)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await audit.Host.DeleteAsync(address, other)).Status);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await audit.Host.GetAsync(address)).Status);

        // One entry for what was accepted, and one for what was shown.
        var events = await audit.EventsAsync("async-amy", expected: 2);
        Assert.Equal(["search-type 0", "search-type 0 Patient/amy Patient/amy/_history/1"], events.Select(AuditHost.Summary));
        Answer done;
        do
        {
            done = await audit.Host.GetAsync(address, amy);
        }
        while (done.Status == HttpStatusCode.Accepted);

        var found = Assert.Single(done.Entries)!["resource"]!["entry"]!.AsArray();
        Assert.Equal("amy", Assert.Single(found)!["resource"]!["id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Whoever_may_not_is_refused_at_once()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, (await audit.Host.GetAsync("/fhir/Patient", Prefer)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await audit.Host.GetAsync("/fhir/Patient", await audit.BackendAsync("system/Observation.rs"), Prefer)).Status);
    }
}
