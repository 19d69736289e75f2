using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Binaries;

/// <summary>Read and vread of a file, as it is or as a resource.</summary>
internal static class ReadBinary
{
    private static readonly Caller _self = Caller.System("files");

    public static async Task<IResult> HandleAsync(BinaryRequest request, FhirServer server, HttpContext context, CancellationToken cancellationToken)
    {
        var found = await server.Store.ReadAsync(request.Fhir.Caller, request.Fhir.Key, cancellationToken);
        if (found is null or { IsDeleted: true } || request.Fhir.Preconditions?.HasAlready(found) == true || request.Fhir.Preconditions?.Allows(found) == false)
        {
            return await Read.HandleAsync(request.Fhir, server, cancellationToken);
        }

        var binary = (Binary)FhirJson.Parse(found.Json, "Binary");
        var patients = await PatientsAsync(binary, server, cancellationToken);
        var content = BinaryContent.Of(found.Json);
        switch (request.WantsResource(BinaryRules.MediaTypeOf(binary.ContentType) ?? ""))
        {
            case false:
                return new FileResult(found, binary, content, server.Contents) { Patients = patients };
            case null:
                throw FhirException.Of(
                    HttpStatusCode.NotAcceptable,
                    OperationOutcome.IssueType.NotSupported,
                    $"This file is served as {binary.ContentType}, application/fhir+json and application/fhir+xml.");
        }

        if (content is null || content.Size <= server.Options.Limits.ResourceBytes || ResourceView.Of(request.Fhir, server).Projection is not null)
        {
            return await Read.HandleAsync(request.Fhir, server, cancellationToken) with { Patients = patients };
        }

        // JSON goes out while it is read; the other forms are made of the whole, which so large a file is not to be in memory as.
        return Negotiation.Of(context) is { Xml: false, Pretty: false }
            ? FhirResult.Ok(found, new WholeBinary(found, content, server.Contents)) with { Patients = patients }
            : throw FhirException.Of(
                HttpStatusCode.NotAcceptable, OperationOutcome.IssueType.NotSupported, "So large a file is served as itself and as plain application/fhir+json.");
    }

    /// <summary>Whose record a file is of, for the account of who was shown what.</summary>
    private static async Task<ImmutableArray<string>> PatientsAsync(Binary binary, FhirServer server, CancellationToken cancellationToken) =>
        ResourceKey.TryParse(binary.SecurityContext?.Reference, out var context)
        && await server.Store.ReadAsync(_self, new ResourceKey(context.Type, context.Id), cancellationToken) is { IsDeleted: false } owner
            ? PatientScan.Run(owner.Key, owner.Json.Span)
            : [];
}
