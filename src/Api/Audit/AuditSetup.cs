using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Audit;

/// <summary>Puts the audit trail before everything that answers under the FHIR base, so that nothing answers without it.</summary>
internal static class AuditSetup
{
    public static void UseRequestAudit(this IApplicationBuilder app) => app.Use(next =>
    {
        // Options are right by the time that the first of these lines runs: at the start of the server, behind their validation.
        var services = app.ApplicationServices;
        if (!services.GetRequiredService<TeleFhirOptions>().Audit.Enabled)
        {
            return next;
        }

        var trail = services.GetRequiredService<IAuditTrail>();
        var callers = services.GetRequiredService<Callers>();
        var clock = services.GetRequiredService<TimeProvider>();
        return context =>
        {
            if (FhirRoutes.Covers(context))
            {
                context.Features.Set(new RequestAudit(context, trail, callers, clock));
            }

            return next(context);
        };
    });
}
