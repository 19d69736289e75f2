using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Read and vread: the stored bytes as they are (https://hl7.org/fhir/R4/http.html#read, https://hl7.org/fhir/R4/http.html#vread).
/// </summary>
internal static class Read
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var found = await server.Store.ReadAsync(request.Caller, request.Key, cancellationToken);
        if (found is { IsDeleted: false } && request.Key.Version is null && server.AdditionTo(request.Key.Type) is { } addition
            && await addition.AddAsync(found, cancellationToken) is { } shown)
        {
            // It changes while the resource does not, so whoever has the version does not have this.
            return FhirResult.Ok(found, ResourceView.Of(request, server).Show(found with { Json = shown }));
        }

        return found switch
        {
            null => FhirResult.Of(FhirException.NotFound($"{request.Key} does not exist.")),
            { IsDeleted: true } => FhirResult.Of(FhirException.Gone(found.Key, found.ETag)),
            _ when request is { Preconditions: null, Parameters: [] } => FhirResult.Ok(found, FhirContent.Of(found.Json)),
            _ when request.Preconditions?.HasAlready(found) == true => FhirResult.NotModified(found),
            _ when request.Preconditions?.Allows(found) == false => throw FhirException.PreconditionFailed("If-Match names another version."),
            _ => FhirResult.Ok(found, ResourceView.Of(request, server).Show(found)),
        };
    }
}
