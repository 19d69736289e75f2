using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;

namespace TeleFhir.Api.Scheduling;

/// <summary>What times there are, and how they come to be.</summary>
internal static class AvailabilityRoutes
{
    private static readonly DeclaredOperation _find = new("Appointment", "find")
    {
        Definition = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-find",
    };

    public static void MapAvailability(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(_find, "Find times that are free", ["GET", "POST"], OperationLevel.Type, Find.HandleAsync);
        fhir.MapOperation(new DeclaredOperation("Schedule", "generate-slots"), "Make the slots that a schedule's rules give", ["POST"], OperationLevel.Instance, GenerateSlots.HandleAsync).LongRunning();
    }
}
