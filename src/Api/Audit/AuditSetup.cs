using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Audit;

/// <summary>Puts the audit trail before everything that answers under the FHIR base, so that nothing answers without it.</summary>
internal static class AuditSetup
{
    public static void UseRequestAudit(this IApplicationBuilder app)
    {
        var services = app.ApplicationServices;
        if (!services.GetRequiredService<TeleFhirOptions>().Audit.Enabled)
        {
            return;
        }

        var trail = services.GetRequiredService<IAuditTrail>();
        var callers = services.GetRequiredService<Callers>();
        var clock = services.GetRequiredService<TimeProvider>();
        app.Use(next => context =>
        {
            if (FhirRoutes.Covers(context))
            {
                context.Features.Set(new RequestAudit(context, trail, callers, clock));
            }

            return next(context);
        });
    }
}
