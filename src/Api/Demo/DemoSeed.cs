using System.Diagnostics;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Demo;

/// <summary>Puts the demo clinic into a database that never had it, before the server listens. Off outside Development.</summary>
internal sealed class DemoSeed(
    IResourceStore store,
    TeleFhirOptions options,
    FhirAddress address,
    IHostEnvironment environment,
    TimeProvider clock,
    ILogger<DemoSeed> logger) : IHostedLifecycleService
{
    private static readonly ResourceKey _first = new("Organization", "demo-clinic");

    private readonly Caller _caller = Caller.System("demo");

    /// <summary>Whether this server shows demo data.</summary>
    public static bool IsWanted(TeleFhirOptions options, IHostEnvironment environment) => options.Demo.Seed ?? environment.IsDevelopment();

    public async System.Threading.Tasks.Task StartingAsync(CancellationToken cancellationToken)
    {
        if (IsWanted(options, environment))
        {
            await SeedAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Writes everything as one change set, so that a start that is cut short leaves nothing half done. How many resources were written:
    /// none where the clinic is there, or was and has been deleted.
    /// </summary>
    public async Task<int> SeedAsync(CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(_caller, _first, cancellationToken) is not null)
        {
            return 0;
        }

        var start = Stopwatch.GetTimestamp();
        var resources = Resources(clock.GetUtcNow(), options.Fhir.CanonicalBase, new Uri(address.Base).GetLeftPart(UriPartial.Authority));
        var changes = resources.Select(resource => new PutChange(
            new ResourceKey(resource.TypeName, resource.Id!), new ResourceContent(resource, FhirJson.Serialize(resource))));
        await store.CommitAsync(_caller, new ChangeSet([.. changes], []), cancellationToken);
        logger.LogInformation("{Count} demo resources written in {Milliseconds:0} ms", resources.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return resources.Count;
    }

    /// <summary>The demo as seen from a moment: dates lie around it.</summary>
    public static IReadOnlyList<Resource> Resources(DateTimeOffset now, string canonicalBase, string origin)
    {
        var calendar = new DemoCalendar(now);
        return
        [
            .. DemoClinic.Build(calendar, canonicalBase, DemoVisits.BookedSlotId(calendar)),
            .. DemoPatients.Build(calendar, canonicalBase),
            .. DemoVisits.Build(calendar, canonicalBase, origin),
            .. DemoReadings.Build(calendar),
        ];
    }

    public System.Threading.Tasks.Task StartAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;

    public System.Threading.Tasks.Task StartedAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;

    public System.Threading.Tasks.Task StoppingAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;

    public System.Threading.Tasks.Task StopAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;

    public System.Threading.Tasks.Task StoppedAsync(CancellationToken cancellationToken) => System.Threading.Tasks.Task.CompletedTask;
}
