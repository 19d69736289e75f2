using System.Collections.Frozen;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;

namespace TeleFhir.Domain.Validation;

/// <summary>The rules that R4's StructureDefinitions give, as the product carries them. Read once, when the first resource is checked.</summary>
internal sealed class RuleDefinitions
{
    private static readonly Lazy<RuleDefinitions> _r4 = new(() => new RuleDefinitions());

    // What is checked elsewhere: by the SDK while it parses, or by rules with better words and places for their issues.
    private static readonly FrozenSet<string> _elsewhere =
        new[] { "ele-1", "txt-1", "txt-2", "app-1", "app-2", "app-3", "app-4", "obs-3", "obs-6", "obs-7" }.ToFrozenSet(StringComparer.Ordinal);

    private readonly ImmutableArray<Constraint> _constraints;
    private readonly Dictionary<string, CodeList> _codes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, ElementRules>> _types = new(StringComparer.Ordinal);

    private RuleDefinitions()
    {
        using var packed = typeof(RuleDefinitions).Assembly.GetManifestResourceStream("rules.json.br")!;
        using var brotli = new BrotliStream(packed, CompressionMode.Decompress);
        using var json = JsonDocument.Parse(brotli);
        _constraints =
        [
            .. json.RootElement.GetProperty("constraints").EnumerateArray().Select(one => new Constraint(
                one[0].GetString()!, one[1].GetString() == "error", one[2].GetString()!, one[3].GetString()!)),
        ];
        foreach (var valueSet in json.RootElement.GetProperty("valueSets").EnumerateObject())
        {
            _codes[valueSet.Name] = CodeList.Of(valueSet.Name, valueSet.Value);
        }

        foreach (var type in json.RootElement.GetProperty("types").EnumerateObject())
        {
            _types[type.Name] = type.Value.EnumerateObject().ToDictionary(
                element => element.Name.Replace("[x]", "", StringComparison.Ordinal), element => Read(element.Value), StringComparer.Ordinal);
        }
    }

    /// <summary>The rules of R4.</summary>
    public static RuleDefinitions R4 => _r4.Value;

    /// <summary>All invariants that are checked here.</summary>
    public IEnumerable<Constraint> Constraints => _constraints.Where(constraint => !_elsewhere.Contains(constraint.Key));

    /// <summary>All invariants of R4, also those that are checked elsewhere.</summary>
    public ImmutableArray<Constraint> AllConstraints => _constraints;

    /// <summary>The rules of a type's own elements, by their path below it; the type itself is the empty path.</summary>
    public IReadOnlyDictionary<string, ElementRules> Of(string type) => _types.GetValueOrDefault(type) ?? [];

    private ElementRules Read(JsonElement rules) => new(
        rules.TryGetProperty("c", out var constraints)
            ? [.. constraints.EnumerateArray().Select(number => _constraints[number.GetInt32()]).Where(one => !_elsewhere.Contains(one.Key))]
            : [],
        rules.TryGetProperty("b", out var required)
            ? _codes.GetValueOrDefault(required.GetString()!) ?? CodeList.Open(required.GetString()!)
            : null,
        rules.TryGetProperty("e", out var extensible) ? extensible.GetString() : null,
        rules.TryGetProperty("t", out var targets) ? targets.EnumerateArray().Select(target => target.GetString()!).ToFrozenSet(StringComparer.Ordinal) : null);
}

/// <summary>What must hold of an element beyond its type.</summary>
/// <param name="Constraints">Its invariants.</param>
/// <param name="Required">The codes that it must be of; null where it is not bound, or where the SDK checks it.</param>
/// <param name="Extensible">The value set that it should be of, or null.</param>
/// <param name="Targets">The types that it may refer to; null for any.</param>
internal sealed record ElementRules(
    ImmutableArray<Constraint> Constraints, CodeList? Required, string? Extensible, FrozenSet<string>? Targets)
{
    /// <summary>Whether there is anything to check.</summary>
    public bool IsEmpty => Constraints.IsEmpty && Required is null && Extensible is null && Targets is null;
}
