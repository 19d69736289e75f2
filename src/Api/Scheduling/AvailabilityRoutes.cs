using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;

namespace TeleFhir.Api.Scheduling;

/// <summary>What times there are, and how they come to be.</summary>
internal static class AvailabilityRoutes
{
    public static void MapAvailability(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(new DeclaredOperation("Schedule", "generate-slots"), "Make the slots that a schedule's rules give", ["POST"], OperationLevel.Instance, GenerateSlots.HandleAsync).LongRunning();
    }
}
