using TeleFhir.Api.Fhir;
using TeleFhir.Api.Hosting;

namespace TeleFhir.Api.Operations;

/// <summary>The operations that R4 defines on any type or on clinical ones (https://hl7.org/fhir/R4/operationslist.html).</summary>
internal static class OperationRoutes
{
    private static readonly string[] _both = ["GET", "POST"];
    private static readonly string[] _post = ["POST"];

    public static void MapOperations(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapStandardOperation(DeclaredOperation.AnyType, "meta", "Tell profiles, tags and security labels", _both, OperationLevel.Instance, MetaOperations.HandleAsync);
        fhir.MapStandardOperation(DeclaredOperation.AnyType, "meta-add", "Put on profiles, tags and security labels", _post, OperationLevel.Instance, MetaOperations.HandleAddAsync);
        fhir.MapStandardOperation(DeclaredOperation.AnyType, "meta-delete", "Take off profiles, tags and security labels", _post, OperationLevel.Instance, MetaOperations.HandleDeleteAsync);
        fhir.MapStandardOperation("Patient", "everything", "Fetch a patient's record", _both, OperationLevel.Instance, Everything.HandlePatientAsync).MayRespondAsync().LongRunning();
        fhir.MapStandardOperation("Encounter", "everything", "Fetch all that belongs to an encounter", _both, OperationLevel.Instance, Everything.HandleEncounterAsync).MayRespondAsync().LongRunning();
        fhir.MapStandardOperation("Observation", "lastn", "Fetch the last observations of each code", _both, OperationLevel.Type, LastObservations.HandleAsync).MayRespondAsync().LongRunning();
        fhir.MapStandardOperation("Observation", "stats", "Compute statistics over observations", _both, OperationLevel.Type, Statistics.HandleAsync).MayRespondAsync().LongRunning();
        fhir.MapStandardOperation("Composition", "document", "Make a document of a composition", _both, OperationLevel.Instance, Document.HandleAsync).MayRespondAsync(writes: true).LongRunning();
    }
}
