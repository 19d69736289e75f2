using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Terminology;

namespace TeleFhir.Api.Terminology;

/// <summary><c>CodeSystem/$lookup</c> (https://hl7.org/fhir/R4/codesystem-operation-lookup.html).</summary>
internal static class LookUp
{
    private static readonly string[] _names = ["code", "system", "version", "coding", "property"];

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, Vocabulary vocabulary, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "lookup", _names, cancellationToken);
        var coding = (input.Find<Coding>("coding"), input.Text("code")) switch
        {
            ({ } given, null) => given,
            (null, { } code) => new Coding { Code = code, System = input.Text("system"), Version = input.Text("version") },
            _ => throw FhirException.Invalid("Give a code with its system, or a coding."),
        };
        if (coding is not { System: { } system, Code: { } value })
        {
            throw FhirException.Invalid("The code and its system are both needed.");
        }

        var answer = await LookUpCode.RunAsync(
            vocabulary,
            request.Caller,
            coding.Version is { } version ? $"{system}|{version}" : system,
            value,
            [.. input.Texts("property")],
            cancellationToken);
        return Expand.Answer(answer);
    }
}
