using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

public sealed class SearchTests(SearchFixture fixture) : IClassFixture<SearchFixture>
{
    public static TheoryData<DatabaseProvider, string> Cases { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from line in SearchCases.All
        select new TheoryDataRow<DatabaseProvider, string>(provider, line));

    [Theory, MemberData(nameof(Cases))]
    public async Task Finds_what_the_specification_says(DatabaseProvider provider, string line)
    {
        var arrow = line.LastIndexOf(" ->", StringComparison.Ordinal);
        var (search, expected) = (line[..arrow], line[(arrow + 3)..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var store = await fixture.StoreAsync(provider);

        var page = await store.SearchAsync(search);
        var count = await store.SearchAsync(search + "&_count=0");

        Assert.Equal(expected.Order(StringComparer.Ordinal), page.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal));
        Assert.Equal(expected.Length, page.Total);
        Assert.Equal(expected.Length, count.Total);
        Assert.Empty(count.Matches);
    }

    [Theory]
    [InlineData("Patient?name=a\0b")]
    [InlineData("Patient?identifier=a|b|c")]
    [InlineData("Patient?birthdate=2024-13")]
    [InlineData("Patient?birthdate=gt")]
    [InlineData("Patient?gender:exact=male")]
    [InlineData("Patient?_has:Observation:code=x")]
    [InlineData("Patient?_sort=nothing")]
    [InlineData("Observation?value-quantity=many")]
    [InlineData("Observation?value-quantity=5|kg")]
    [InlineData("Observation?component-code-value-quantity=8480-6")]
    [InlineData("Observation?component-code-value-quantity:missing=true")]
    public async Task Refuses_what_no_search_can_mean(string search)
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Equal(400, (int)Assert.Throws<FhirException>(() => store.Parse(search)).Status);
    }

    [Fact]
    public async Task Refuses_half_a_character()
    {
        var store = await fixture.StoreAsync(DatabaseProvider.Sqlite);
        Assert.Equal(400, (int)Assert.Throws<FhirException>(() => store.Parse("Patient?name=\uD83D")).Status);
    }

    /// <summary>The parser refuses it, as R4 does; the store understands it for those who build a search themselves.</summary>
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_composite_is_missing_where_no_element_has_all_its_parts(DatabaseProvider provider)
    {
        var store = await fixture.StoreAsync(provider);
        var composite = SearchParameterCatalog.R4.Find("Observation", "component-code-value-quantity")!;
        foreach (var (missing, expected) in ((bool, string[])[])[(false, ["bp1", "bp2", "m1"]), (true, ["b1", "c1", "g1", "i1", "n1", "s1", "w1", "w2", "x1"])])
        {
            var page = await store.SearchAsync(new SearchQuery { Types = ["Observation"], Criteria = [new MissingCriterion(composite, missing)] });
            Assert.Equal(expected, page.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal));
        }
    }

    /// <summary>As many alternatives as the parser lets through, each database within its limits.</summary>
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Takes_a_thousand_alternatives(DatabaseProvider provider)
    {
        var store = await fixture.StoreAsync(provider);
        static string Many(string last, Func<int, string> other) =>
            string.Join(',', Enumerable.Range(0, 999).Select(other).Append(last));
        var codes = Many("29463-7", at => $"urn:none|c{at}");
        var references = Many("Patient/p1", at => $"Patient/n{at}");
        var ids = Many("p1", at => $"n{at}");
        var days = Many("1980-05-17", at => $"{1000 + (at % 900)}-01-{1 + (at % 28):00}");
        var numbers = Many("72.5", at => $"{1000 + at}");
        (string Search, string[] Expected)[] searches =
        [
            ($"Observation?code={codes}", ["b1", "w1", "w2"]),
            ($"Observation?combo-code={codes}", ["b1", "w1", "w2"]),
            ($"Observation?combo-code:not={codes}", ["bp1", "bp2", "c1", "g1", "i1", "m1", "n1", "s1", "x1"]),
            ($"Observation?subject={references}", ["b1", "bp1", "c1", "w1"]),
            ($"Observation?subject={ids}", ["b1", "bp1", "c1", "w1"]),
            ($"Observation?patient={ids}&code={codes}", ["b1", "w1"]),
            ($"Observation?value-quantity={numbers}", ["w1"]),
            ($"Observation?combo-value-quantity={numbers}", ["w1"]),
            ($"Observation?patient.birthdate={days}", ["b1", "bp1", "c1", "w1"]),
            ($"Patient?_id={ids}", ["p1"]),
            ($"Patient?birthdate={days}", ["p1"]),
            ($"Patient?name={Many("mull", at => $"none{at}")}", ["p1", "p2"]),
            ($"Patient?name:contains={Many("ulle", at => $"none{at}")}", ["p1", "p2"]),
            ($"Patient?_has:Observation:patient:code={codes}", ["p1", "p2"]),
            ($"Observation?component-code-value-quantity={Many("8480-6$120", at => $"c{at}$1")}", ["bp1"]),
        ];
        foreach (var (search, expected) in searches)
        {
            foreach (var sort in (string[])["", "&_sort=_id", "&_sort=date", "&_sort=_lastUpdated", "&_count=0"])
            {
                if (sort == "&_sort=date" && search.StartsWith("Patient", StringComparison.Ordinal))
                {
                    continue;
                }

                var page = await store.SearchAsync(search + sort);
                Assert.Equal(expected.Length, page.Total);
                Assert.Equal(
                    sort == "&_count=0" ? [] : expected, page.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal));
            }
        }
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Follows_a_chain_that_may_lead_anywhere(DatabaseProvider provider)
    {
        var store = await fixture.StoreAsync(provider);
        Assert.Empty(await store.IdsAsync("List?item._tag=vip"));
        Assert.Empty(await store.IdsAsync("List?item.identifier=urn:mrn|A1"));
        Assert.Empty(await store.IdsAsync("List?item.subject._id=p1"));
        Assert.Empty(await store.IdsAsync("List?item._tag:missing=true"));
        Assert.Empty(await store.IdsAsync("List?item._lastUpdated=ge2024"));
    }

    /// <summary>Who is in a compartment is said by its definition (https://hl7.org/fhir/R4/compartmentdefinition.html).</summary>
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_compartment_narrows_a_search(DatabaseProvider provider)
    {
        var store = await fixture.StoreAsync(provider);
        (string Compartment, string Search, string Expected)[] rows =
        [
            ("Patient/p1", "Observation?", "b1 bp1 c1 w1"),
            ("Patient/p1", "Observation?code=29463-7", "b1 w1"),
            ("Patient/p1", "Appointment?", "a1 a2"),
            ("Patient/p1", "Encounter?", "e1 e2"),
            ("Patient/p1", "Patient?", "p1"),
            ("Patient/p1", "?_type=Encounter,Group,RiskAssessment,Organization", "e1 e2 gr1 ra1"),
            ("Patient/p1", "Organization?", ""),
            ("Patient/nobody", "Observation?", ""),
            ("Encounter/e1", "Observation?", "b1 bp1"),
            ("Practitioner/dr1", "Appointment?", "a2"),
            ("Practitioner/dr1", "Observation?", "w1"),
        ];
        foreach (var (compartment, search, expected) in rows)
        {
            var page = await store.SearchAsync(store.Parse(search) with { Compartment = TestStore.KeyOf(compartment) });
            Assert.Equal((compartment, search, expected), (compartment, search, string.Join(' ', page.Matches.Select(match => match.Key.Id).Order(StringComparer.Ordinal))));
            Assert.Equal(page.Matches.Length, page.Total);
        }
    }

    /// <summary>Nothing refers into nowhere by mistake of the server: it keeps references as they are and follows what is there.</summary>
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_reference_may_lead_nowhere_and_what_is_referred_to_may_be_deleted(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync("""{"resourceType":"Patient","id":"p","name":[{"family":"Gone"}]}""");
        await store.PutAsync("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}""");
        await store.PutAsync("""{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/never"}}""");
        Assert.Equal(["o"], await store.IdsAsync("Observation?subject.family=gone"));

        await store.CommitAsync(new DeleteChange(TestStore.KeyOf("Patient/p")));

        Assert.Equal(["o"], await store.IdsAsync("Observation?subject=Patient/p"));
        Assert.Equal(["n"], await store.IdsAsync("Observation?subject=Patient/never"));
        Assert.Empty(await store.IdsAsync("Observation?subject.family=gone"));
        Assert.Empty((await store.SearchAsync("Observation?subject=Patient/p&_include=Observation:subject")).Included);
    }
}
