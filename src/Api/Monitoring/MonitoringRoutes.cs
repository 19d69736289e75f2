using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Api.Monitoring;

/// <summary>Remote patient monitoring: readings of devices come in, and somebody is told where they are out of range.</summary>
internal static class MonitoringRoutes
{
    private static readonly string[] _both = ["GET", "POST"];
    private static readonly string[] _post = ["POST"];

    public static void AddMonitoring(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<TeleFhirOptions>();
            return new MonitoringSettings(new Canonicals(options.Fhir.CanonicalBase)) { RequireConsent = options.Monitoring.RequireConsent };
        });
        services.AddSingleton(provider => new IngestQueue(provider.GetRequiredService<TeleFhirOptions>().Monitoring));
        services.AddSingleton<IngestDesk>();
        services.AddSingleton(provider => PayloadMaps.Load(provider.GetRequiredService<TeleFhirOptions>().Monitoring.MapFolder));
        services.AddSingleton(provider => new LimitRules(provider.GetRequiredService<TeleFhirOptions>().Monitoring.Limits()));
        services.AddSingleton(provider => new AlertTask(provider.GetRequiredService<MonitoringSettings>().Canonicals));
        services.AddSingleton<AlertDesk>();
        services.AddSingleton<IChangeFollower, ReadingFollower>();
        services.AddSingleton<MissingReadings>();
        services.AddHostedService<MonitoringJobs>();
    }

    public static void MapMonitoring(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(new("Observation", "ingest"), "Take readings of devices", _post, OperationLevel.Type, Ingest.HandleAsync).LongRunning();
        fhir.MapOperation(new("Observation", "ingest-payload"), "Take what a wearable's service sends", _post, OperationLevel.Type, IngestPayload.HandleAsync).LongRunning();
        fhir.MapOperation(new("Patient", "rpm-report"), "Count days with readings and minutes of review", _both, OperationLevel.Instance, RpmReport.HandleAsync).LongRunning();
    }
}
