using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Terminology;

/// <summary>What is asked of <c>$expand</c>.</summary>
public sealed record ExpandRequest
{
    /// <summary>Canonical URL, with or without a version after <c>|</c>, or <c>ValueSet/id</c>; null where the value set comes along.</summary>
    public string? Name { get; init; }

    /// <summary>The value set itself, or null.</summary>
    public ValueSet? ValueSet { get; init; }

    /// <summary>Text that the display or the code of what is listed has in it; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>How many codes to pass over; null where no page was asked for.</summary>
    public int? Offset { get; init; }

    /// <summary>How many codes to list at most; null for all.</summary>
    public int? Count { get; init; }

    /// <summary>Whether other texts for the codes are told.</summary>
    public bool IncludeDesignations { get; init; }

    /// <summary>Whether codes that are not to be used any more are left out.</summary>
    public bool ActiveOnly { get; init; }
}

/// <summary><c>ValueSet/$expand</c> (https://hl7.org/fhir/R4/valueset-operation-expand.html).</summary>
public static class ExpandValueSet
{
    /// <summary>The value set with its expansion. 404 for an unknown one; 422 where its codes cannot be told.</summary>
    public static async Task<TerminologyAnswer> RunAsync(
        Vocabulary vocabulary, Caller caller, ExpandRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = await FindAsync(vocabulary, caller, request.ValueSet, request.Name, cancellationToken);
        var expansion = await vocabulary.ExpandAsync(caller, found.Resource, cancellationToken);
        if (expansion.WholeSystems.Count > 0)
        {
            throw ConceptFilter.Unsupported(
                $"The value set has all codes of {string.Join(", ", expansion.WholeSystems.Order(StringComparer.Ordinal))}, whose content is not here.");
        }

        var codes = expansion.Codes.Where(code => IsWanted(code, request)).ToList();
        var page = codes.Skip(request.Offset ?? 0).Take(request.Count ?? int.MaxValue);
        var valueSet = found.Resource;
        return new(
            new ValueSet
            {
                Id = valueSet.Id,
                Url = valueSet.Url,
                Version = valueSet.Version,
                Name = valueSet.Name,
                Title = valueSet.Title,
                Status = valueSet.Status ?? PublicationStatus.Unknown,
                Expansion = new()
                {
                    Identifier = $"urn:uuid:{Guid.CreateVersion7(now)}",
                    TimestampElement = new FhirDateTime(now),
                    Total = codes.Count,
                    Offset = request.Offset ?? (request.Count is null ? null : 0),
                    Parameter = [.. Parameters(request)],
                    Contains = [.. page.Select(code => Contains(code, request))],
                },
            },
            found.Stored);
    }

    internal static async Task<Found<ValueSet>> FindAsync(
        Vocabulary vocabulary, Caller caller, ValueSet? given, string? name, CancellationToken cancellationToken) =>
        (given, name) switch
        {
            ({ } valueSet, null) => new(valueSet, null),
            (null, { } known) => await vocabulary.FindValueSetAsync(caller, known, cancellationToken)
                ?? throw FhirException.NotFound("There is no such value set."),
            _ => throw FhirException.Invalid("Name the value set by its url, or send it along as valueSet."),
        };

    private static bool IsWanted(ExpandedCode code, ExpandRequest request) =>
        (!request.ActiveOnly || code.Concept is not { IsInactive: true })
        && (request.Filter is not { } filter
            || code.Display?.Contains(filter, StringComparison.OrdinalIgnoreCase) == true
            || code.Code.Contains(filter, StringComparison.OrdinalIgnoreCase));

    private static ValueSet.ContainsComponent Contains(ExpandedCode code, ExpandRequest request)
    {
        var contains = new ValueSet.ContainsComponent
        {
            System = code.System,
            Code = code.Code,
            Display = code.Display,
            Abstract = code.Concept is { IsAbstract: true } ? true : null,
            Inactive = code.Concept is { IsInactive: true } ? true : null,
        };
        if (request.IncludeDesignations)
        {
            contains.Designation =
            [
                .. code.Designations,
                .. (code.Concept?.Definition.Designation ?? []).Select(one =>
                    new ValueSet.DesignationComponent { Language = one.Language, Use = one.Use, Value = one.Value }),
            ];
        }

        return contains;
    }

    private static IEnumerable<ValueSet.ParameterComponent> Parameters(ExpandRequest request)
    {
        if (request.Filter is { } filter)
        {
            yield return new() { Name = "filter", Value = new FhirString(filter) };
        }

        if (request.Offset is { } offset)
        {
            yield return new() { Name = "offset", Value = new Integer(offset) };
        }

        if (request.Count is { } count)
        {
            yield return new() { Name = "count", Value = new Integer(count) };
        }

        if (request.ActiveOnly)
        {
            yield return new() { Name = "activeOnly", Value = new FhirBoolean(true) };
        }
    }
}
