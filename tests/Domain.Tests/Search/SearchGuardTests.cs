using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Tests.Search;

public sealed class SearchGuardTests
{
    [Theory]
    [InlineData("identifier=a|b&name=x", "name=x&identifier=a|b")]
    [InlineData("identifier=a,b", "identifier=b,a,b")]
    [InlineData("identifier=a", "identifier=a&_count=2&_sort=name&_total=none&_elements=name")]
    [InlineData("identifier=a", "identifier=a&identifier=a")]
    [InlineData("identifier=a", "identifier=a&unknown=b")]
    [InlineData("birthdate=2020", "birthdate=eq2020")]
    [InlineData("general-practitioner=Practitioner/1", "general-practitioner=https://fhir.example.org/r4/Practitioner/1")]
    [InlineData("link=Patient/1", "link:Patient=1")]
    public void Equal_conditions_have_one_guard(string one, string other) => Assert.Equal(Guard(one), Guard(other));

    [Theory]
    [InlineData("identifier=a", "identifier=b")]
    [InlineData("identifier=a", "identifier=|a")]
    [InlineData("identifier=a|b", @"identifier=a\|b")]
    [InlineData("identifier=a,b", "identifier=a&identifier=b")]
    [InlineData("name=a,b", @"name=a\,b")]
    [InlineData("name=a", "name:exact=a")]
    [InlineData("name=a", "given=a")]
    [InlineData("birthdate=2020", "birthdate=ge2020")]
    [InlineData("birthdate=2020", "birthdate=2020-01")]
    [InlineData("name:missing=true", "name:missing=false")]
    [InlineData("organization:Organization.name=a", "organization:Organization.name=b")]
    [InlineData("_has:Observation:patient:code=a", "_has:Observation:subject:code=a")]
    public void Other_conditions_have_another(string one, string other) => Assert.NotEqual(Guard(one), Guard(other));

    [Fact]
    public void The_type_is_part_of_it() =>
        Assert.NotEqual(SearchGuard.Of(Searches.Parse("Patient", "name=a")), SearchGuard.Of(Searches.Parse("Practitioner", "name=a")));

    [Fact]
    public void About_a_date_has_one_guard_whatever_the_time()
    {
        var later = new SearchQueryParser(SearchParameterCatalog.R4, new SearchLimits(), Searches.Base, TimeProvider.System)
            .Parse(["Patient"], [new("birthdate", "ap1980")], strict: true);

        Assert.Equal(Guard("birthdate=ap1980"), SearchGuard.Of(later));
    }

    private static string Guard(string text) => SearchGuard.Of(Searches.Parse("Patient", text));
}
