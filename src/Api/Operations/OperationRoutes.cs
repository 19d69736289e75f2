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
        fhir.MapSpecified("Resource", "meta", "Tell profiles, tags and security labels", _both, MetaOperations.HandleAsync);
        fhir.MapSpecified("Resource", "meta-add", "Put on profiles, tags and security labels", _post, MetaOperations.HandleAddAsync);
        fhir.MapSpecified("Resource", "meta-delete", "Take off profiles, tags and security labels", _post, MetaOperations.HandleDeleteAsync);
        fhir.MapSpecified("Patient", "everything", "Fetch a patient's record", _both, Everything.HandlePatientAsync).LongRunning();
        fhir.MapSpecified("Encounter", "everything", "Fetch all that belongs to an encounter", _both, Everything.HandleEncounterAsync).LongRunning();
        fhir.MapSpecified("Observation", "lastn", "Fetch the last observations of each code", _both, LastObservations.HandleAsync, hasId: false).LongRunning();
        fhir.MapSpecified("Observation", "stats", "Compute statistics over observations", _both, Statistics.HandleAsync, hasId: false).LongRunning();
        fhir.MapSpecified("Composition", "document", "Make a document of a composition", _both, Document.HandleAsync).LongRunning();
    }
}
