using System.IO.Compression;
using Hl7.Fhir.Model;
using TeleFhir.Definitions;
using TeleFhir.Domain.Tests.Fixtures;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Domain.Tests.Validation;

/// <summary>What the product carries is what the specification's own package says, and all of it is put to use.</summary>
public sealed class DefinitionsTests
{
    [Theory]
    [InlineData("rules.json.br")]
    [InlineData("terminology.ndjson.br")]
    public void What_is_carried_is_what_the_tool_makes_of_the_package(string name)
    {
        var resources = new PackageResources(NpmPackage.Folder("hl7.fhir.r4.examples", "4.0.1"));

        // Compressed bytes may differ from one version of the compressor to the next; what they hold may not.
        Assert.True(
            Carried(name).AsSpan().SequenceEqual(name[0] == 'r' ? RuleList.Make(resources) : TerminologyList.Make(resources)),
            $"{name} is not what tools/Definitions makes: run make definitions.");
    }

    [Fact]
    public void What_is_carried_is_small() => Assert.True(
        Packed("rules.json.br").Length + Packed("terminology.ndjson.br").Length < 1_000_000);

    [Fact]
    public void Every_invariant_is_checked_on_some_class()
    {
        var reached = ModelInfo.ModelInspector.ClassMappings
            .Where(mapping => !mapping.NativeType.IsAbstract && typeof(Base).IsAssignableFrom(mapping.NativeType) && !mapping.NativeType.IsGenericType)
            .Select(mapping => ClassRules.Of((Base)Activator.CreateInstance(mapping.NativeType)!))
            .SelectMany(rules => rules.Constraints.Concat(rules.Elements.Values.SelectMany(element => element.Constraints)))
            .ToHashSet();

        // The same rules as tst-5, 7, 10 and 12, for elements that share their classes.
        Assert.Equal(
            ["tst-11", "tst-13", "tst-6", "tst-8", "tst-9"],
            RuleDefinitions.R4.Constraints.Except(reached).Select(constraint => constraint.Key).Order(StringComparer.Ordinal));
        Assert.True(reached.Count > 200, $"{reached.Count}");
    }

    [Fact]
    public void Every_required_binding_is_checked_here_or_by_the_SDK()
    {
        var unchecked_ = new List<string>();
        foreach (var type in ModelInfo.SupportedResources.Concat(["Money", "Attachment", "Signature", "Identifier", "ElementDefinition"]))
        {
            foreach (var (path, rules) in RuleDefinitions.R4.Of(type).Where(element => element.Value.Required is { IsKnown: false }))
            {
                unchecked_.Add($"{type}.{path}");
            }
        }

        // All of UCUM, and an answer list that LOINC keeps to itself.
        Assert.Equal(
            [
                "EffectEvidenceSynthesis.effectEstimate.unitOfMeasure",
                "MolecularSequence.structureVariant.variantType",
                "ResearchElementDefinition.characteristic.unitOfMeasure",
                "RiskEvidenceSynthesis.riskEstimate.unitOfMeasure",
            ],
            unchecked_.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_backbone_that_is_reached_first_has_its_rules()
    {
        var repeat = ClassRules.Of(new Timing.RepeatComponent());

        Assert.Contains(repeat.Constraints, constraint => constraint.Key == "tim-1");
    }

    private static byte[] Carried(string name)
    {
        using var brotli = new BrotliStream(Packed(name), CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        brotli.CopyTo(buffer);
        return buffer.ToArray();
    }

    private static Stream Packed(string name) => typeof(ResourceValidator).Assembly.GetManifestResourceStream(name)!;
}
