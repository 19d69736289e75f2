using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Scheduling;

/// <summary>What is done with times that were found: hold, book, move, give up, check in.</summary>
internal static class BookingRoutes
{
    private const string Ihe = "https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-";
    private static readonly string[] _post = ["POST"];

    public static void MapBooking(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(new("Appointment", "hold") { Definition = Ihe + "hold" }, "Keep a time for a few minutes", _post, OperationLevel.Type | OperationLevel.Instance, Hold.HandleAsync);
        fhir.MapOperation(new("Appointment", "book") { Definition = Ihe + "book" }, "Book a time", _post, OperationLevel.Type | OperationLevel.Instance, Book.HandleAsync);
        fhir.MapOperation(new("Appointment", "cancel"), "Give an appointment up", _post, OperationLevel.Instance, Cancel.HandleAsync);
        fhir.MapOperation(new("Appointment", "reschedule"), "Give an appointment another time", _post, OperationLevel.Instance, Reschedule.HandleAsync);
        fhir.MapOperation(new("Appointment", "check-in"), "Tell that the patient is there", _post, OperationLevel.Instance, CheckIn.HandleAsync);
    }
}
