using System.Text.Json.Nodes;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Access;

/// <summary>The table of whose resources are whose, against the one that is published with R4.</summary>
public sealed class PatientCompartmentTests
{
    [Fact]
    public void The_compartment_is_that_of_R4()
    {
        var published = Published();
        Assert.True(published.Count > 50, $"{published.Count} types");

        var ours = ResourceCatalog.Types.ToDictionary(type => type, type => PatientCompartment.ParametersOf(type).Order().ToArray());
        Assert.All(ours, type => Assert.Equal(published.GetValueOrDefault(type.Key, []), type.Value));
    }

    [Fact]
    public void A_type_is_of_patients_or_of_everybody_and_one_that_is_neither_is_closed()
    {
        var published = Published();

        Assert.All(ResourceCatalog.Types.Where(type => PatientCompartment.RelationOf(type) == PatientRelation.Reference), type =>
            Assert.True(!published.ContainsKey(type) || type == "Schedule", type));
        Assert.Equal(PatientRelation.Other, PatientCompartment.RelationOf("Binary"));
        Assert.Equal(PatientRelation.Other, PatientCompartment.RelationOf("Task"));
    }

    /// <summary>Types and parameters of the definition; a type in it without parameters is not in the compartment.</summary>
    private static Dictionary<string, string[]> Published()
    {
        var path = Path.Combine(NpmPackage.Folder("hl7.fhir.r4.examples", "4.0.1"), "CompartmentDefinition-patient.json");
        return JsonNode.Parse(File.ReadAllText(path))!["resource"]!.AsArray()
            .Where(resource => resource!["param"] is not null)
            .ToDictionary(
                resource => resource!["code"]!.GetValue<string>(),
                resource => resource!["param"]!.AsArray().Select(parameter => parameter!.GetValue<string>()).Order().ToArray());
    }
}
