using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using Hl7.FhirPath;
using TeleFhir.Domain.Fhir;
using Published = Hl7.Fhir.Model.SearchParamDefinition;
using Stored = Hl7.Fhir.Model.SearchParameter;

namespace TeleFhir.Domain.Search;

/// <summary>A search parameter that somebody stored as a resource (https://hl7.org/fhir/R4/searchparameter.html).</summary>
public sealed class CustomDefinition
{
    private const int LongestExpression = 1_000;

    // What makes the cost of an expression grow without measure, or needs what is not in the resource.
    private static readonly string[] _refused = ["descendants", "repeat", "children", "aggregate", "matches", "replaceMatches", "memberOf"];

    private CustomDefinition(string code, ImmutableArray<(SearchParameter Parameter, StoredParameter Rows)> parts)
    {
        Code = code;
        Parts = parts;
    }

    /// <summary>Its name in a query.</summary>
    public string Code { get; }

    /// <summary>The types that it is for.</summary>
    public IEnumerable<string> Types => Parts.Select(part => part.Parameter.ResourceType);

    internal ImmutableArray<(SearchParameter Parameter, StoredParameter Rows)> Parts { get; private init; }

    /// <summary>Reads a definition; what is wrong with it is one sentence in <paramref name="refusal"/>.</summary>
    public static CustomDefinition? Read(SearchParameterCatalog catalog, Stored resource, out string refusal)
    {
        var type = resource.Type;
        var code = resource.Code ?? "";
        ImmutableArray<string> types = [.. resource.Base.Select(one => one.GetLiteral()).SelectMany(TypesOf).Distinct()];
        refusal = code.Length is 0 or > 64 || !char.IsAsciiLetter(code[0]) || !code.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_')
                ? "The code must be a letter and up to 63 letters, digits, hyphens and underscores."
            : types.IsEmpty ? "It has no base."
            : types.FirstOrDefault(one => catalog.IsBuiltIn(one, code)) is { } taken ? $"R4 itself defines {code} for {taken}."
            : type is null or SearchParamType.Composite or SearchParamType.Special ? "Composite and special parameters cannot be added."
            : string.IsNullOrWhiteSpace(resource.Expression) ? "It has no expression."
            : ExpressionFault(resource.Expression);
        if (refusal.Length > 0)
        {
            return null;
        }

        ImmutableArray<(SearchParameter Parameter, StoredParameter Rows)> parts = [.. types.Select(one => CatalogType.Custom(one, new Published
        {
            Resource = one,
            Code = code,
            Name = code,
            Type = type!.Value,
            Expression = resource.Expression,
            Url = resource.Url ?? "",
            Description = resource.DescriptionElement,
            Target = [.. resource.Target.Select(target => target.GetLiteral()).Where(ResourceCatalog.IsKnown)
                .Select(target => EnumUtility.ParseLiteral<VersionIndependentResourceTypesAll>(target)).OfType<VersionIndependentResourceTypesAll>()],
        })).OfType<(SearchParameter, StoredParameter)>()];
        if (parts.Length < types.Length)
        {
            refusal = $"The expression leads to nothing that a parameter of type {type.GetLiteral()} compares.";
            return null;
        }

        return new CustomDefinition(code, parts);
    }

    /// <summary>The same, able to be searched by or not yet.</summary>
    public CustomDefinition Ready(bool isReady) =>
        new(Code, [.. Parts.Select(part => (part.Parameter with { IsReady = isReady }, part.Rows))]);

    /// <summary>The numbers under which a parameter of this code writes rows for the types.</summary>
    public static ImmutableArray<int> NumbersOf(string code, IEnumerable<string> types) =>
    [
        .. from type in types
           let id = CatalogType.IdOf(type, code)
           from number in Enum.GetValues<IndexFacet>().Select(facet => IndexSource.IdOf(id, facet)).Prepend(id)
           select number,
    ];

    private static IEnumerable<string> TypesOf(string? type) => type switch
    {
        "Resource" or "DomainResource" => ResourceCatalog.Types,
        _ when ResourceCatalog.IsKnown(type) => [type!],
        _ => [],
    };

    private static string ExpressionFault(string expression)
    {
        if (expression.Length > LongestExpression)
        {
            return $"The expression is longer than {LongestExpression} characters.";
        }

        if (_refused.FirstOrDefault(name => expression.Contains(name, StringComparison.Ordinal)) is { } word)
        {
            return $"The expression uses {word}, which an index cannot.";
        }

        if (PathParser.Parse(expression) is not null)
        {
            return "";
        }

        try
        {
            new FhirPathCompiler().Compile(expression);
            return "";
        }
        catch (Exception wrong) when (wrong is not OutOfMemoryException)
        {
            return "The expression is no FHIRPath.";
        }
    }
}
