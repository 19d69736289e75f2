using TeleFhir.Domain.Bundles;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Update, also as create under the caller's id, and conditional update (https://hl7.org/fhir/R4/http.html#update,
/// https://hl7.org/fhir/R4/http.html#cond-update).
/// </summary>
internal static class Update
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        var entry = BundleEntry.Update(request.Url, json, request.IfMatch, request.IfNoneMatch);
        return await Write.RunAsync(request, server, entry, cancellationToken);
    }
}
