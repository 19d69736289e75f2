using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Metrics;
using TeleFhir.Api.Smart;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Hosting;

/// <summary>What operators watch: liveness, readiness and metrics.</summary>
internal static class Telemetry
{
    /// <summary>Counts what became of reminders (<c>telefhir.reminders</c>, by channel and result).</summary>
    public const string ReminderMeter = "TeleFhir.Reminders";

    /// <summary>Counts what became of notifications (<c>telefhir.notifications</c>, by channel and result).</summary>
    public const string SubscriptionMeter = "TeleFhir.Subscriptions";

    public static IServiceCollection AddTelemetry(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck<DatabaseCheck>("database");
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddAspNetCoreInstrumentation()
            .AddMeter("System.Runtime", "Npgsql", SecurityAlerts.Meter, ReminderMeter, SubscriptionMeter)
            .AddPrometheusExporter());
        return services;
    }

    public static void MapTelemetry(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
        routes.MapHealthChecks("/health/ready").AllowAnonymous();
        routes.MapPrometheusScrapingEndpoint("/metrics").AllowAnonymous();
    }

    private sealed class DatabaseCheck(IDatabaseSchema schema) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            await schema.IsReadyAsync(cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The database does not answer, or migrations are pending.");
    }
}
