using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Read and vread: the stored bytes as they are (https://hl7.org/fhir/R4/http.html#read, https://hl7.org/fhir/R4/http.html#vread). A proposal
/// of <c>$find</c> is no stored resource, and is there to be read all the same.
/// </summary>
internal static class Read
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        if (request.Key is { Type: "Appointment", Version: null } && ProposalId.TryParse(request.Key.Id, out var proposal))
        {
            var proposed = (await server.Proposals.FindAsync(request.Caller, proposal, cancellationToken)).OrThrow(server.Booking.Canonicals);
            return FhirResult.Ok(FhirContent.Of(proposed.Json));
        }

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
            _ when request is { Preconditions: null, Parameters: [] } => FhirResult.Ok(found, server.Show(found)),
            _ when request.Preconditions?.HasAlready(found) == true => FhirResult.NotModified(found),
            _ when request.Preconditions?.Allows(found) == false => throw FhirException.PreconditionFailed("If-Match names another version."),
            _ when ResourceView.Of(request, server) is { Projection: not null } view => FhirResult.Ok(found, view.Show(found)),
            _ => FhirResult.Ok(found, server.Show(found)),
        };
    }
}
