using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary><c>CodeSystem/$lookup</c> (https://hl7.org/fhir/R4/codesystem-operation-lookup.html).</summary>
public static class LookUpCode
{
    /// <summary>
    /// What the code system says of a code: its display, definition, designations, place in the hierarchy and other properties.
    /// <paramref name="properties"/> are those that are wanted; empty for all. 404 where the system or the code is not known.
    /// </summary>
    public static async Task<TerminologyAnswer> RunAsync(
        Vocabulary vocabulary, Caller caller, string system, string code, IReadOnlyCollection<string> properties, CancellationToken cancellationToken)
    {
        var found = await vocabulary.FindCodeSystemAsync(caller, system, cancellationToken)
            ?? throw FhirException.NotFound("There is no such code system.");
        var index = found.Resource;
        var concept = index.Find(code) ?? throw FhirException.NotFound("The code system has no such code.");
        var parameters = new Parameters();
        parameters.Add("name", new FhirString(index.CodeSystem.Title ?? index.CodeSystem.Name ?? index.CodeSystem.Url));
        if (index.CodeSystem.Version is { } version)
        {
            parameters.Add("version", new FhirString(version));
        }

        parameters.Add("display", new FhirString(concept.Definition.Display ?? concept.Code));
        foreach (var designation in concept.Definition.Designation)
        {
            parameters.Parameter.Add(Designation(designation));
        }

        foreach (var (name, value) in PropertiesOf(concept).Where(property => properties.Count == 0 || properties.Contains(property.Name)))
        {
            parameters.Parameter.Add(new() { Name = "property", Part = [Part("code", new Code(name)), Part("value", value)] });
        }

        return new(parameters, found.Stored);
    }

    private static IEnumerable<(string Name, DataType Value)> PropertiesOf(Concept concept)
    {
        if (concept.Definition.Definition is { } definition)
        {
            yield return ("definition", new FhirString(definition));
        }

        foreach (var parent in concept.Parents)
        {
            yield return ("parent", new Code(parent.Code));
        }

        foreach (var child in concept.Children)
        {
            yield return ("child", new Code(child.Code));
        }

        foreach (var property in concept.Definition.Property)
        {
            if (property is { Code: { } name and not ("parent" or "child"), Value: { } value })
            {
                yield return (name, value);
            }
        }
    }

    private static Parameters.ParameterComponent Designation(CodeSystem.DesignationComponent designation)
    {
        var parts = new List<Parameters.ParameterComponent>();
        if (designation.Language is { } language)
        {
            parts.Add(Part("language", new Code(language)));
        }

        if (designation.Use is { } use)
        {
            parts.Add(Part("use", use));
        }

        parts.Add(Part("value", new FhirString(designation.Value)));
        return new() { Name = "designation", Part = parts };
    }

    private static Parameters.ParameterComponent Part(string name, DataType value) => new() { Name = name, Value = value };
}
