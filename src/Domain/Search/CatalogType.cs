using System.Collections.Immutable;
using System.IO.Hashing;
using System.Text;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using Definition = Hl7.Fhir.Model.SearchParamDefinition;

namespace TeleFhir.Domain.Search;

/// <summary>Rows that are written for a type: where they come from. <paramref name="Branches"/> is empty where only the SDK's engine can
/// read the expression.</summary>
internal sealed record StoredParameter(int Id, IndexKind Kind, string Expression, ImmutableArray<PathBranch> Branches);

/// <summary>The catalogue of one resource type.</summary>
internal sealed record CatalogType(ImmutableArray<SearchParameter> Parameters, ImmutableArray<StoredParameter> Stored)
{
    private const string Address = "http://hl7.org/fhir/SearchParameter/Resource-";

    // The parameters of every type: the SDK's list has only those of single types.
    private static readonly ImmutableArray<Definition> _common =
    [
        Common("_id", SearchParamType.Token, string.Empty, "Logical id of this artifact"),
        Common("_lastUpdated", SearchParamType.Date, string.Empty, "When the resource version last changed"),
        Common("_profile", SearchParamType.Uri, "Resource.meta.profile", "Profiles this resource claims to conform to"),
        Common("_security", SearchParamType.Token, "Resource.meta.security", "Security Labels applied to this resource"),
        Common("_source", SearchParamType.Uri, "Resource.meta.source", "Identifies where the resource comes from"),
        Common("_tag", SearchParamType.Token, "Resource.meta.tag", "Tags applied to this resource"),
    ];

    /// <summary>Builds the catalogue of a type from the definitions published for it.</summary>
    public static CatalogType Build(string type, IEnumerable<Definition> definitions)
    {
        ImmutableArray<Draft> drafts =
        [
            .. definitions.Concat(_common)
                .Where(definition => definition.Type != SearchParamType.Special)
                .Where(definition => definition is { Code: not null, Expression: not null, Url: not null })
                .OrderBy(definition => definition.Code, StringComparer.Ordinal)
                .Select(definition => Draft.Of(type, definition)),
        ];
        var bases = drafts
            .Where(draft => draft.Kind == IndexKind.Composite)
            .SelectMany(draft => draft.Branches, (_, branch) => branch.Steps)
            .Where(steps => !steps.IsEmpty)
            .ToList();
        drafts = [.. drafts.Select(draft => draft.Numbered(type, bases))];
        var plan = new SourcePlan(type);
        var sources = plan.Assign(drafts.Where(draft => draft.HasRows));
        var byPatient = drafts
            .Where(draft => IndexPlan.IsByPatient(type, draft.Code))
            .SelectMany(draft => sources[draft.Id], (_, source) => source.ParameterId)
            .ToHashSet();
        var timeline = IndexPlan.TimelineOf(type);
        ImmutableArray<SearchParameter> parameters =
        [
            .. drafts.Select(draft =>
            {
                var own = sources.GetValueOrDefault(draft.Id, []);
                return new SearchParameter
                {
                    Id = draft.Id,
                    ResourceType = type,
                    Code = draft.Code,
                    Type = draft.Definition.Type,
                    Kind = draft.Kind,
                    Expression = draft.Expression,
                    Url = draft.Definition.Url!,
                    Description = Describe(draft),
                    Targets = TargetsOf(draft.Definition),
                    Sources = own,
                    Components = draft.Kind == IndexKind.Composite ? plan.Components(draft, drafts) : [],
                    IsTimeline = draft.Kind == IndexKind.Date && draft.Code == timeline,
                    IsByPatient = own.Length > 0 && own.All(source => byPatient.Contains(source.ParameterId)),
                    Modifiers = IndexPlan.HasNames(type) ? ModifiersOf(draft) : ModifiersOf(draft).RemoveRange(["of-type", "text"]),
                    LongestRange = draft.Kind == IndexKind.Date ? LongestRange(draft) : null,
                };
            }),
        ];
        return new CatalogType(parameters, [.. plan.Stored]);
    }

    /// <summary>A parameter beside those published, with rows of its own; null where its expression has no values of its type.</summary>
    public static (SearchParameter Parameter, StoredParameter Rows)? Custom(string type, Definition definition)
    {
        var draft = Draft.Of(type, definition).Numbered(type, []);
        if (!draft.Branches.IsEmpty && draft.Keys.IsEmpty)
        {
            return null;
        }

        // Where only the SDK reads the expression nobody knows what it leads to.
        ImmutableArray<string> modifiers = !draft.Branches.IsEmpty ? ModifiersOf(draft)
            : draft.Kind == IndexKind.Token ? ["missing", "not", "text"]
            : draft.Kind == IndexKind.Reference ? ["identifier", "missing", "text"]
            : ModifiersOf(draft);
        var parameter = new SearchParameter
        {
            Id = draft.Id,
            ResourceType = type,
            Code = draft.Code,
            Type = definition.Type,
            Kind = draft.Kind,
            Expression = draft.Expression,
            Url = definition.Url ?? "",
            Description = Describe(draft),
            Targets = TargetsOf(definition),
            Sources = [new IndexSource(draft.Id)],
            Modifiers = modifiers,
        };
        return (parameter, new StoredParameter(draft.Id, draft.Kind, draft.Expression, draft.Branches));
    }

    /// <summary>The number of a parameter: the same wherever and whenever it is computed.</summary>
    public static int IdOf(string type, string code) => unchecked((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes($"{type}.{code}")));

    private static Definition Common(string code, SearchParamType type, string expression, string description) => new()
    {
        Name = code,
        Code = code,
        Type = type,
        Expression = expression,
        Url = Address + code[1..],
        Description = new Markdown(description),
    };

    private static string Describe(Draft draft)
    {
        var text = draft.Definition.Description?.Value?.ReplaceLineEndings(" ").Trim();
        return string.IsNullOrEmpty(text) ? $"Values of {draft.Expression}" : text;
    }

    private static ImmutableArray<string> TargetsOf(Definition definition) =>
        [.. (definition.Target ?? []).Select(target => target.GetLiteral()).Where(ResourceCatalog.IsKnown).Order(StringComparer.Ordinal)];

    private static ImmutableArray<string> ModifiersOf(Draft draft)
    {
        var types = draft.Keys.Select(key => key.EndType).ToHashSet();
        return draft.Kind switch
        {
            IndexKind.Id => ["missing", "not"],
            IndexKind.Token when types.Contains(typeof(Identifier)) => ["missing", "not", "of-type", "text"],
            IndexKind.Token when types.Contains(typeof(Coding)) || types.Contains(typeof(CodeableConcept)) =>
                ["above", "below", "in", "missing", "not", "not-in", "text"],
            IndexKind.Token when types.Any(typeof(Code).IsAssignableFrom) => ["above", "below", "in", "missing", "not", "not-in"],
            IndexKind.Token => ["missing", "not"],
            IndexKind.Reference when types.Contains(typeof(ResourceReference)) => ["identifier", "missing", "text"],
            IndexKind.String => ["contains", "exact", "missing"],
            IndexKind.Uri => ["above", "below", "missing"],
            IndexKind.Composite => [],
            _ => ["missing"],
        };
    }

    private static long? LongestRange(Draft draft)
    {
        // The longest value of a date is a year alone, in a leap year.
        var types = draft.Keys.Select(key => key.EndType).ToHashSet();
        return types.Count == 0 || types.Contains(typeof(Period)) || types.Contains(typeof(Timing)) ? null
            : types.SetEquals([typeof(Instant)]) ? TimeSpan.TicksPerSecond
            : 366 * TimeSpan.TicksPerDay;
    }
}
