using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Terminology;

/// <summary>The terminology operations (https://hl7.org/fhir/R4/terminology-service.html).</summary>
internal static class TerminologyRoutes
{
    private static readonly string[] _both = ["GET", "POST"];

    public static void MapTerminology(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapStandardOperation("ValueSet", "expand", "List the codes of a value set", _both, OperationLevel.Type | OperationLevel.Instance, Expand.HandleAsync);
        fhir.MapStandardOperation(
            "ValueSet", "validate-code", "Tell whether a code is in a value set", _both, OperationLevel.Type | OperationLevel.Instance, ValidateCode.HandleValueSetAsync);
        fhir.MapStandardOperation("CodeSystem", "lookup", "Tell about a code", _both, OperationLevel.Type, LookUp.HandleAsync);
        fhir.MapStandardOperation(
            "CodeSystem", "validate-code", "Tell whether a code is in a code system", _both, OperationLevel.Type | OperationLevel.Instance, ValidateCode.HandleCodeSystemAsync);
    }
}
