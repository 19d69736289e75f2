using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Terminology;

namespace TeleFhir.Api.Terminology;

/// <summary><c>ValueSet/$expand</c> (https://hl7.org/fhir/R4/valueset-operation-expand.html).</summary>
internal static class Expand
{
    private static readonly string[] _names =
        ["url", "valueSetVersion", "valueSet", "filter", "offset", "count", "includeDesignations", "activeOnly", "excludeNested"];

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, Vocabulary vocabulary, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "expand", _names, cancellationToken);

        // What is expanded here is never nested, so that is not asked for in vain.
        _ = input.Flag("excludeNested");
        var answer = await ExpandValueSet.RunAsync(
            vocabulary,
            request.Caller,
            new ExpandRequest
            {
                Name = NameOf(request, input, "valueSetVersion"),
                ValueSet = input.Find<ValueSet>("valueSet"),
                Filter = input.Text("filter"),
                Offset = input.Number("offset"),
                Count = input.Number("count"),
                IncludeDesignations = input.Flag("includeDesignations"),
                ActiveOnly = input.Flag("activeOnly"),
            },
            server.Clock.GetUtcNow(),
            cancellationToken);
        return Answer(answer);
    }

    /// <summary>What the operation is about: the resource of the address, or the url; null where neither is given.</summary>
    public static string? NameOf(FhirRequest request, OperationInput input, string versionName)
    {
        var (url, version) = (input.Text("url"), input.Text(versionName));
        return request.Key.Id is null
            ? url is null || version is null ? url : $"{url.Split('|')[0]}|{version}"
            : url is null ? request.Key.ToString() : throw FhirException.Invalid("The address names it already: no url belongs here.");
    }

    public static FhirResult Answer(TerminologyAnswer answer) => FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer.Resource))) with
    {
        Touched = answer.Source is { } source ? [source] : default,
    };
}
