using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Operations;

/// <summary>
/// <c>$meta</c>, <c>$meta-add</c>, <c>$meta-delete</c> (https://hl7.org/fhir/R4/resource-operations.html). A change is an update: it makes a
/// version, unless nothing changes, and what is written must be within the caller's reach before and after.
/// </summary>
internal static class MetaOperations
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        await OperationInput.ReadAsync(request, server, "meta", [], cancellationToken);
        return Answer(await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken));
    }

    public static Task<FhirResult> HandleAddAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken) =>
        ChangeAsync(request, server, "meta-add", MetaChange.Add, cancellationToken);

    public static Task<FhirResult> HandleDeleteAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken) =>
        ChangeAsync(request, server, "meta-delete", MetaChange.Delete, cancellationToken);

    private static async Task<FhirResult> ChangeAsync(
        FhirRequest request, FhirServer server, string name, Func<ReadOnlyMemory<byte>, Meta, byte[]> change, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Update, request.Key.Type);
        var input = await OperationInput.ReadAsync(request, server, name, ["meta"], cancellationToken);
        var meta = input.Find<Meta>("meta") ?? throw input.Wrong("meta", "must be given, as a Meta in the content");
        var patch = new PatchChange(request.Key, stored =>
        {
            var json = change(stored.Json, meta);
            var resource = FhirJson.Parse(json, request.Key.Type);
            server.Validator.Validate(resource);
            return new ResourceContent(resource, json);
        });
        var changes = ChangeSet.Of(patch) with { Audit = request.Audit?.Entry(AuditKind.Rest, $"${name}") };
        var commit = await server.Store.CommitAsync(request.Caller, changes, cancellationToken);
        return Answer(commit.Results[0].Resource!) with { IsAudited = true };
    }

    private static FhirResult Answer(StoredResource resource) => FhirResult.Ok(
        resource,
        FhirContent.Of(Encoding.UTF8.GetBytes(
            $$$"""{"resourceType":"Parameters","parameter":[{"name":"return","valueMeta":{{{MetaChange.Of(resource.Json)}}}}]}""")));
}
