using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary>
/// Works out what a value set holds (https://hl7.org/fhir/R4/valueset.html#compositions): an include is what all its parts have,
/// the includes together are united, the excludes taken out. One serves one expansion.
/// </summary>
internal sealed class Expander(
    Func<string, CancellationToken, Task<ValueSet?>> findValueSet,
    Func<string, CancellationToken, Task<CodeSystemIndex?>> findCodeSystem)
{
    /// <summary>The most codes that are worked out; the largest value set of R4 has a sixth of them.</summary>
    public const int MostCodes = 20_000;

    private const int MostImports = 100;

    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private int _imports;

    public async Task<Expansion> ExpandAsync(ValueSet valueSet, CancellationToken cancellationToken)
    {
        var expansion = new Expansion();
        if (valueSet.Compose is not { } compose)
        {
            AddContained(valueSet.Expansion?.Contains ?? [], expansion);
            return expansion;
        }

        foreach (var include in compose.Include)
        {
            expansion.Unite(await OfAsync(include, cancellationToken));
            if (expansion.Codes.Count > MostCodes)
            {
                throw FhirException.Of(
                    HttpStatusCode.UnprocessableEntity, OperationOutcome.IssueType.TooCostly, $"The value set has more than {MostCodes} codes.");
            }
        }

        foreach (var exclude in compose.Exclude)
        {
            expansion.Except(await OfAsync(exclude, cancellationToken));
        }

        return expansion;
    }

    private async Task<Expansion> OfAsync(ValueSet.ConceptSetComponent include, CancellationToken cancellationToken)
    {
        Expansion? all = include.System is { } system ? await OfSystemAsync(system, include, cancellationToken) : null;
        foreach (var imported in include.ValueSet.OfType<string>())
        {
            var other = await ImportAsync(imported, cancellationToken);
            all = all is null ? other : all.Intersect(other);
        }

        return all ?? new Expansion();
    }

    private async Task<Expansion> OfSystemAsync(string system, ValueSet.ConceptSetComponent include, CancellationToken cancellationToken)
    {
        var expansion = new Expansion();
        var content = await findCodeSystem(system, cancellationToken);
        if (include.Concept.Count > 0)
        {
            foreach (var listed in include.Concept.Where(listed => listed.Code is not null))
            {
                var concept = content?.Find(listed.Code);
                expansion.Add(new(system, listed.Code!, listed.Display ?? concept?.Definition.Display, concept, listed.Designation));
            }

            return expansion;
        }

        if (content is null or { IsEmpty: true })
        {
            return include.Filter.Count == 0
                ? Whole(system, expansion)
                : throw ConceptFilter.Unsupported($"The value set filters {system}, whose content is not here.");
        }

        var filters = include.Filter.ConvertAll(filter => ConceptFilter.Of(filter, content));
        foreach (var concept in content.Concepts.Where(concept => filters.TrueForAll(filter => filter(concept))))
        {
            expansion.Add(new(system, concept.Code, concept.Definition.Display, concept, []));
        }

        return expansion;
    }

    private static Expansion Whole(string system, Expansion expansion)
    {
        expansion.WholeSystems.Add(system);
        return expansion;
    }

    private async Task<Expansion> ImportAsync(string url, CancellationToken cancellationToken)
    {
        if (!_open.Add(url) || ++_imports > MostImports)
        {
            throw FhirException.BusinessRule($"The value set {url} is made of itself, or of too many others.");
        }

        var imported = await findValueSet(url, cancellationToken)
            ?? throw ConceptFilter.Unsupported($"The value set takes in {url}, which is not here.");
        var expansion = await ExpandAsync(imported, cancellationToken);
        _open.Remove(url);
        return expansion;
    }

    private static void AddContained(List<ValueSet.ContainsComponent> contained, Expansion expansion)
    {
        foreach (var code in contained)
        {
            if (code is { System: { } system, Code: { } value } && code.Abstract != true)
            {
                expansion.Add(new(system, value, code.Display, null, code.Designation));
            }

            AddContained(code.Contains, expansion);
        }
    }
}
