using TeleFhir.Domain.Bundles;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>Create under an id that the server gives, unconditional or with If-None-Exist (https://hl7.org/fhir/R4/http.html#create).</summary>
internal static class Create
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        return await Write.RunAsync(request, server, BundleEntry.Create(request.Type!, json, request.IfNoneExist), cancellationToken);
    }
}
