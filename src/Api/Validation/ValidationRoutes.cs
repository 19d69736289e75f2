using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Validation;

/// <summary>The operation that tells what is wrong with a resource without writing it.</summary>
internal static class ValidationRoutes
{
    public static void MapValidation(this IEndpointRouteBuilder routes) => routes.MapGroup("/fhir").MapStandardOperation(
        DeclaredOperation.AnyType, "validate", "Tell what is wrong with a resource", ["POST"], OperationLevel.Type | OperationLevel.Instance, Validate.HandleAsync);
}
