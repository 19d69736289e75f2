namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>The capability statement (https://hl7.org/fhir/R4/http.html#capabilities).</summary>
internal static class Capabilities
{
    public static FhirResult HandleAsync(FhirRequest request, FhirServer server)
    {
        // The request is bound for its form alone: a form that is not served is refused here too.
        ArgumentNullException.ThrowIfNull(request);
        return FhirResult.Ok(FhirContent.Of(server.Capabilities.Json)) with { IsPublic = true };
    }
}
