using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>Files as what they are, and the operations of store and forward.</summary>
internal static class FileOperations
{
    private const string Tag = "Binary";

    public static void AddTo(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/Binary", FhirDocumentFilter.Path((HttpMethod.Post, Sent(operations.Create(Tag, Tag)))));
        paths.Add("/fhir/Binary/{id}", FhirDocumentFilter.Path((HttpMethod.Get, Served(operations.Read(Tag, Tag))), (HttpMethod.Put, Sent(operations.Update(Tag, Tag)))));
        paths.Add("/fhir/Task/$overdue", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            "Task", "overdue", "The e-consults that are open beyond their time; for staff.", "Bundle", byId: false))));
    }

    private static OpenApiOperation Sent(OpenApiOperation operation)
    {
        operation.Description = "A file with its own Content-Type, or a Binary with data in base64.";
        ((OpenApiRequestBody)operation.RequestBody!).Content!["*/*"] = File();
        operation.Parameters!.Add(FhirComponents.Parameter("X-Security-Context", ParameterLocation.Header, "What the file belongs to, as Patient/1: whoever may read that may read the file."));
        return operation;
    }

    private static OpenApiOperation Served(OpenApiOperation operation)
    {
        operation.Description = "The file, or the resource where Accept names FHIR. Range gives a part, with 206.";
        ((OpenApiResponse)operation.Responses!["200"]).Content!["*/*"] = File();
        return operation;
    }

    private static OpenApiMediaType File() => new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
}
