using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Terminology;

namespace TeleFhir.Api.Terminology;

/// <summary>
/// <c>$validate-code</c> of a value set and of a code system (https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
/// https://hl7.org/fhir/R4/codesystem-operation-validate-code.html).
/// </summary>
internal static class ValidateCode
{
    private static readonly string[] _ofValueSet =
        ["url", "valueSetVersion", "valueSet", "code", "system", "systemVersion", "display", "coding", "codeableConcept", "abstract"];

    private static readonly string[] _ofCodeSystem =
        ["url", "version", "codeSystem", "code", "display", "coding", "codeableConcept", "abstract"];

    public static async Task<FhirResult> HandleValueSetAsync(
        FhirRequest request, FhirServer server, Vocabulary vocabulary, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "validate-code", _ofValueSet, cancellationToken);
        var check = new CheckCodeRequest
        {
            Name = Expand.NameOf(request, input, "valueSetVersion"),
            ValueSet = input.Find<ValueSet>("valueSet"),
            Codings = Codings(input),
            AllowAbstract = input.Flag("abstract"),
        };
        return Expand.Answer(await CheckCode.InValueSetAsync(vocabulary, request.Caller, check, cancellationToken));
    }

    public static async Task<FhirResult> HandleCodeSystemAsync(
        FhirRequest request, FhirServer server, Vocabulary vocabulary, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "validate-code", _ofCodeSystem, cancellationToken);
        var check = new CheckCodeRequest
        {
            Name = Expand.NameOf(request, input, "version"),
            CodeSystem = input.Find<CodeSystem>("codeSystem"),
            Codings = Codings(input),
            AllowAbstract = input.Flag("abstract"),
        };
        return Expand.Answer(await CheckCode.InCodeSystemAsync(vocabulary, request.Caller, check, cancellationToken));
    }

    private static IReadOnlyList<Coding> Codings(OperationInput input)
    {
        var ways = new List<IReadOnlyList<Coding>>();
        if (input.Text("code") is { } code)
        {
            ways.Add([new Coding { System = input.Text("system"), Code = code, Version = input.Text("systemVersion"), Display = input.Text("display") }]);
        }

        if (input.Find<Coding>("coding") is { } coding)
        {
            ways.Add([coding]);
        }

        if (input.Find<CodeableConcept>("codeableConcept") is { } concept)
        {
            ways.Add(concept.Coding);
        }

        return ways is [{ Count: > 0 } only] ? only : throw FhirException.Invalid("Give one of code, coding and codeableConcept.");
    }
}
