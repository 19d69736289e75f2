using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Tests.Fixtures;

namespace TeleFhir.Domain.Tests.Search;

public sealed class CompartmentsTests
{
    [Fact]
    public void The_tables_are_those_of_the_specification()
    {
        var definitions = ExampleResources.OfSpecification().Select(example => example.Resource).OfType<CompartmentDefinition>()
            .Where(definition => definition.Url?.StartsWith("http://hl7.org/fhir/CompartmentDefinition/", StringComparison.Ordinal) == true
                && definition.Id != "example")
            .ToList();
        Assert.Equal(5, definitions.Count);
        foreach (var definition in definitions)
        {
            var compartment = definition.Code!.Value.ToString();
            Assert.True(Compartments.IsKnown(compartment));
            foreach (var member in definition.Resource.Where(member => ResourceCatalog.IsKnown(member.CodeElement!.JsonValue as string)))
            {
                var type = (string)member.CodeElement!.JsonValue!;
                Assert.Equal(member.Param.Where(code => code != "{def}"), Compartments.ParametersOf(compartment, type));
                Assert.All(Compartments.ParametersOf(compartment, type), code => Assert.NotNull(SearchParameterCatalog.R4.Find(type, code)));
            }
        }
    }
}
