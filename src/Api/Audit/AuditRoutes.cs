using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Audit;

/// <summary>The operations on a patient's record that are about access to it.</summary>
internal static class AuditRoutes
{
    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation("Patient", "disclosures", "Tell who was shown or changed a patient's record", ["GET", "POST"], Disclosures.HandleAsync);
        fhir.MapOperation("Patient", "break-glass", "Open a patient's record in an emergency", ["POST"], BreakGlass.HandleAsync);
        fhir.MapOperation("Patient", "end-break-glass", "Give up an emergency access", ["POST"], BreakGlass.HandleEndAsync);
    }
}
