using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Terminology;

/// <summary>A code of an expanded value set.</summary>
/// <param name="System">Its code system.</param>
/// <param name="Code">The code.</param>
/// <param name="Display">The text that the value set shows for it, or the code system's; null where neither has one.</param>
/// <param name="Concept">Its definition, or null where the content of the code system is not here.</param>
/// <param name="Designations">Other texts that the value set has for it.</param>
internal sealed record ExpandedCode(
    string System, string Code, string? Display, Concept? Concept, IReadOnlyList<ValueSet.DesignationComponent> Designations);

/// <summary>What a value set holds: codes in order, and systems whose codes it takes all though they are not here. Mutable while it is made.</summary>
internal sealed class Expansion
{
    private readonly Dictionary<(string System, string Code), ExpandedCode> _codes = [];

    /// <summary>The codes in the order in which the value set brings them.</summary>
    public List<ExpandedCode> Codes { get; } = [];

    /// <summary>Systems that are in whole, with codes that are not known here.</summary>
    public HashSet<string> WholeSystems { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a code unless it is there.</summary>
    public void Add(ExpandedCode code)
    {
        if (_codes.TryAdd((code.System, code.Code), code))
        {
            Codes.Add(code);
        }
    }

    /// <summary>The code, or null where it is not listed.</summary>
    public ExpandedCode? Find(string system, string code) => _codes.GetValueOrDefault((system, code));

    /// <summary>Whether the code is in, listed or as one of a whole system.</summary>
    public bool Has(string system, string code) => _codes.ContainsKey((system, code)) || WholeSystems.Contains(system);

    /// <summary>Adds all that the other has.</summary>
    public void Unite(Expansion other)
    {
        foreach (var code in other.Codes)
        {
            Add(code);
        }

        WholeSystems.UnionWith(other.WholeSystems);
    }

    /// <summary>What both have.</summary>
    public Expansion Intersect(Expansion other)
    {
        var both = new Expansion();
        foreach (var code in Codes.Where(code => other.Has(code.System, code.Code)).Concat(other.Codes.Where(code => WholeSystems.Contains(code.System))))
        {
            both.Add(code);
        }

        both.WholeSystems.UnionWith(WholeSystems.Intersect(other.WholeSystems));
        return both;
    }

    /// <summary>Takes out what the other has. What is left of a whole system is not known.</summary>
    public void Except(Expansion other)
    {
        if (WholeSystems.Any(system => other.WholeSystems.Contains(system) is false && other.Codes.Exists(code => code.System == system)))
        {
            throw ConceptFilter.Unsupported("The value set takes codes out of a code system whose content is not here.");
        }

        WholeSystems.ExceptWith(other.WholeSystems);
        Codes.RemoveAll(code => other.Has(code.System, code.Code) && _codes.Remove((code.System, code.Code)));
    }

    /// <summary>The codes by system, each system once.</summary>
    public ImmutableArray<SystemCodes> BySystem() =>
    [
        .. Codes.Where(code => !WholeSystems.Contains(code.System)).GroupBy(code => code.System, StringComparer.Ordinal)
            .Select(group => new SystemCodes(group.Key, [.. group.Select(code => code.Code)])),
        .. WholeSystems.Order(StringComparer.Ordinal).Select(system => new SystemCodes(system, default)),
    ];
}
