using Microsoft.AspNetCore.Http.Timeouts;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Hosting;

/// <summary>How long a request may take before it is given up with 503.</summary>
internal static class RequestTimeLimits
{
    private const string Long = "long";

    public static IServiceCollection AddRequestTimeLimits(this IServiceCollection services)
    {
        services.AddRequestTimeouts();
        services.AddOptions<RequestTimeoutOptions>().Configure<TeleFhirOptions>((timeouts, options) =>
        {
            timeouts.DefaultPolicy = Policy(options.Limits.RequestTimeout);
            timeouts.Policies[Long] = Policy(options.Limits.BundleTimeout);
        });
        return services;
    }

    /// <summary>The time limit of requests that carry many others.</summary>
    public static void LongRunning(this IEndpointConventionBuilder builder) => builder.WithRequestTimeout(Long);

    private static RequestTimeoutPolicy Policy(TimeSpan limit) => new()
    {
        Timeout = limit,
        TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
        WriteTimeoutResponse = FhirErrors.WriteTimeoutAsync,
    };
}
