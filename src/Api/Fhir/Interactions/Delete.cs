using TeleFhir.Domain.Bundles;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Delete of one resource, or of what criteria match: one, or with <c>_count=n</c> up to n. Deleting what is not there is done already
/// (https://hl7.org/fhir/R4/http.html#delete).
/// </summary>
internal static class Delete
{
    public static Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken) =>
        Write.RunAsync(request, server, BundleEntry.Delete(request.Url, request.IfMatch), cancellationToken);
}
