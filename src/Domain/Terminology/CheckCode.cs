using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary>What is asked of <c>$validate-code</c>, of a value set or of a code system.</summary>
public sealed record CheckCodeRequest
{
    /// <summary>Canonical URL or <c>Type/id</c> of the value set or code system; null where the definition comes along.</summary>
    public string? Name { get; init; }

    /// <summary>The value set itself, or null.</summary>
    public ValueSet? ValueSet { get; init; }

    /// <summary>The code system itself, or null.</summary>
    public CodeSystem? CodeSystem { get; init; }

    /// <summary>The codings to check: one, or those of a CodeableConcept, of which one has to be right. Never empty.</summary>
    public required IReadOnlyList<Coding> Codings { get; init; }

    /// <summary>Whether a code that only groups others is right too.</summary>
    public bool AllowAbstract { get; init; }
}

/// <summary>
/// <c>ValueSet/$validate-code</c> and <c>CodeSystem/$validate-code</c> (https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
/// https://hl7.org/fhir/R4/codesystem-operation-validate-code.html).
/// </summary>
public static class CheckCode
{
    /// <summary>Whether a coding is of the value set. 404 for an unknown value set; 422 where it cannot be told.</summary>
    public static async Task<TerminologyAnswer> InValueSetAsync(
        Vocabulary vocabulary, Caller caller, CheckCodeRequest request, CancellationToken cancellationToken)
    {
        var found = await ExpandValueSet.FindAsync(vocabulary, caller, request.ValueSet, request.Name, cancellationToken);
        var expansion = await vocabulary.ExpandAsync(caller, found.Resource, cancellationToken);
        var verdicts = request.Codings.Select(coding => Judge(coding, expansion, request.AllowAbstract)).ToList();
        if (!verdicts.Exists(verdict => verdict.IsRight)
            && request.Codings.FirstOrDefault(coding => coding.System is { } system && expansion.WholeSystems.Contains(system)) is { } unknown)
        {
            throw ConceptFilter.Unsupported($"The content of {unknown.System} is not here.");
        }

        return new(Answer(verdicts), found.Stored);
    }

    /// <summary>Whether a coding is of the code system. 404 for an unknown code system; 422 where its content is not here.</summary>
    public static async Task<TerminologyAnswer> InCodeSystemAsync(
        Vocabulary vocabulary, Caller caller, CheckCodeRequest request, CancellationToken cancellationToken)
    {
        var found = (request.CodeSystem, request.Name ?? request.Codings[0].System) switch
        {
            ({ } given, _) => new Found<CodeSystemIndex>(new(given), null),
            (null, { } name) => await vocabulary.FindCodeSystemAsync(caller, name, cancellationToken)
                ?? throw FhirException.NotFound("There is no such code system."),
            _ => throw FhirException.Invalid("Name the code system by its url, or send it along as codeSystem."),
        };
        var index = found.Resource;
        var verdicts = request.Codings.Select(coding => Judge(coding, index, request.AllowAbstract)).ToList();
        return !verdicts.Exists(verdict => verdict.IsRight) && index.IsPartial
            ? throw ConceptFilter.Unsupported($"The content of {index.CodeSystem.Url} is not all here.")
            : new(Answer(verdicts), found.Stored);
    }

    private static Verdict Judge(Coding coding, Expansion expansion, bool allowAbstract)
    {
        var code = coding.Code ?? "";
        var matches = coding.System is { } system
            ? expansion.Find(system, code) is { } one ? [one] : []
            : expansion.Codes.Where(listed => listed.Code == code).ToList();
        return matches switch
        {
            [] => new(false, "The code is not in the value set.", null),
            [_, _, ..] => new(false, "Several code systems of the value set have the code: the system has to be given.", null),
            [{ Concept.IsAbstract: true }] when !allowAbstract => new(false, "The code only groups others.", matches[0].Display),
            [var match] => WithDisplay(coding, match.Display, match.Concept),
        };
    }

    private static Verdict Judge(Coding coding, CodeSystemIndex index, bool allowAbstract)
    {
        if (coding.System is { } system && system != index.CodeSystem.Url)
        {
            return new(false, "The coding is of another code system.", null);
        }

        return index.Find(coding.Code) switch
        {
            null => new(false, "The code is not in the code system.", null),
            { IsAbstract: true } concept when !allowAbstract => new(false, "The code only groups others.", concept.Definition.Display),
            var concept => WithDisplay(coding, concept.Definition.Display, concept),
        };
    }

    // Case and spaces are not what makes a display another one.
    private static Verdict WithDisplay(Coding coding, string? display, Concept? concept)
    {
        var isRight = coding.Display is not { } given || display is null
            || concept?.Definition.Designation.Select(one => one.Value).Append(display).Any(known => Same(known, given)) != false
            || Same(display, given);
        return isRight ? new(true, null, display) : new(false, "The display is not one of the code.", display);
    }

    private static bool Same(string? one, string other) => string.Equals(one?.Trim(), other.Trim(), StringComparison.OrdinalIgnoreCase);

    private static Parameters Answer(List<Verdict> verdicts)
    {
        var verdict = verdicts.Find(one => one.IsRight) ?? verdicts[0];
        var parameters = new Parameters();
        parameters.Add("result", new FhirBoolean(verdict.IsRight));
        if (verdict.Message is not null)
        {
            parameters.Add("message", new FhirString(verdict.Message));
        }

        if (verdict.Display is not null)
        {
            parameters.Add("display", new FhirString(verdict.Display));
        }

        return parameters;
    }

    private sealed record Verdict(bool IsRight, string? Message, string? Display);
}
