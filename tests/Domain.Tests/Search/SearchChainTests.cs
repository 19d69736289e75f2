using System.Net;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class SearchChainTests
{
    [Theory]
    [InlineData("subject:Patient.name=x")]
    [InlineData("patient.name=x")]
    public void A_chain_leads_to_one_type(string text)
    {
        var chain = Assert.IsType<ChainCriterion>(Searches.Criterion("Observation", text));

        var target = Assert.Single(chain.Targets);
        Assert.Equal("Patient", target.Type);
        var leaf = Assert.IsType<ValueCriterion>(target.Criterion);
        Assert.Equal(("Patient", "name"), (leaf.Parameter.ResourceType, leaf.Parameter.Code));
        Assert.Equal([new StringSearchValue("x")], leaf.Values);
    }

    // Observation.subject may be a Patient, Group, Device or Location; Device has "device-name" only, and Group no name at all.
    [Fact]
    public void An_untyped_chain_leads_to_every_type_that_has_the_parameter()
    {
        var chain = Assert.IsType<ChainCriterion>(Searches.Criterion("Observation", "subject.name=x"));

        Assert.Equal("subject", chain.Reference.Code);
        Assert.Equal(["Location", "Patient"], chain.Targets.Select(target => target.Type).Order());
        Assert.All(
            chain.Targets,
            target => Assert.Equal(target.Type, Assert.IsType<ValueCriterion>(target.Criterion).Parameter.ResourceType));
    }

    [Fact]
    public void Modifiers_belong_to_the_end_of_a_chain()
    {
        var chain = Assert.IsType<ChainCriterion>(Searches.Criterion("Observation", "subject.identifier:not=a|b"));

        Assert.Equal(["Device", "Group", "Location", "Patient"], chain.Targets.Select(target => target.Type).Order());
        Assert.All(chain.Targets, target => Assert.Equal(SearchModifier.Not, Assert.IsType<ValueCriterion>(target.Criterion).Modifier));
    }

    [Fact]
    public void Missing_at_the_end_of_a_chain_asks_the_target()
    {
        var chain = Assert.IsType<ChainCriterion>(Searches.Criterion("Observation", "subject:Patient.birthdate:missing=true"));

        Assert.True(Assert.IsType<MissingCriterion>(Assert.Single(chain.Targets).Criterion).IsMissing);
    }

    [Fact]
    public void Chains_go_deeper()
    {
        var outer = Assert.IsType<ChainCriterion>(
            Searches.Criterion("Observation", "subject:Patient.general-practitioner:Practitioner.family=x"));
        var inner = Assert.IsType<ChainCriterion>(Assert.Single(outer.Targets).Criterion);
        var leaf = Assert.IsType<ValueCriterion>(Assert.Single(inner.Targets).Criterion);

        Assert.Equal(
            ("Observation", "subject", "Patient", "general-practitioner", "Practitioner", "family"),
            (outer.Reference.ResourceType, outer.Reference.Code, inner.Reference.ResourceType, inner.Reference.Code,
                leaf.Parameter.ResourceType, leaf.Parameter.Code));
    }

    [Fact]
    public void Has_asks_who_refers_here()
    {
        var has = Assert.IsType<HasCriterion>(Searches.Criterion("Patient", "_has:Observation:patient:code=http://loinc.org|1234-5"));
        var leaf = Assert.IsType<ValueCriterion>(has.Criterion);

        Assert.Equal(("Observation", "Observation", "patient"), (has.SourceType, has.Reference.ResourceType, has.Reference.Code));
        Assert.Equal(("Observation", "code"), (leaf.Parameter.ResourceType, leaf.Parameter.Code));
        Assert.Equal([new TokenSearchValue("http://loinc.org", "1234-5")], leaf.Values);
    }

    // The specification's own example of nesting (https://hl7.org/fhir/R4/search.html#has).
    [Fact]
    public void Has_nests_and_mixes_with_chains()
    {
        var outer = Assert.IsType<HasCriterion>(
            Searches.Criterion("Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1"));
        var inner = Assert.IsType<HasCriterion>(outer.Criterion);
        Assert.Equal(("AuditEvent", "entity"), (inner.SourceType, inner.Reference.Code));
        Assert.IsType<ValueCriterion>(inner.Criterion);

        var chained = Assert.IsType<HasCriterion>(Searches.Criterion("Patient", "_has:Observation:patient:performer:Practitioner.name=x"));
        Assert.IsType<ChainCriterion>(chained.Criterion);

        var chain = Assert.IsType<ChainCriterion>(Searches.Criterion("Encounter", "subject:Patient._has:Observation:patient:code=x"));
        Assert.IsType<HasCriterion>(Assert.Single(chain.Targets).Criterion);
    }

    [Theory]
    [InlineData("Observation", "subject:Patient.nothing=x")]
    [InlineData("Observation", "subject.nothing=x")]
    [InlineData("Observation", "subject:Nothing.name=x")]
    [InlineData("Observation", "subject:exact.name=x")]
    [InlineData("Observation", "subject.=x")]
    [InlineData("Observation", "date.name=x")]
    [InlineData("Observation", "subject:Patient.birthdate=x")]
    [InlineData("Observation", "subject.name:not=x")]
    [InlineData("Patient", "_has=x")]
    [InlineData("Patient", "_has:Observation=x")]
    [InlineData("Patient", "_has:Observation:patient=x")]
    [InlineData("Patient", "_has:Observation:patient:=x")]
    [InlineData("Patient", "_has:Nothing:patient:code=x")]
    [InlineData("Patient", "_has:Observation:code:code=x")]
    [InlineData("Patient", "_has:Observation:patient:nothing=x")]
    public void A_chain_that_leads_nowhere_is_refused(string type, string text) =>
        Assert.Equal(HttpStatusCode.BadRequest, Searches.Refused(type, text, strict: true).Status);

    [Fact]
    public void A_chain_has_at_most_ten_links()
    {
        const string Link = "partof:Location.";

        Searches.Parse("Location", string.Concat(Enumerable.Repeat(Link, 10)) + "name=x");
        Searches.Refused("Location", string.Concat(Enumerable.Repeat(Link, 11)) + "name=x");
    }

    [Fact]
    public void A_short_chain_that_stands_for_a_multitude_is_refused_soon() =>
        Searches.Refused("Provenance", "target.subject.focus.subject._id=x");
}
