using TeleFhir.Domain.Storage;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>What matches bring along: never a match, never twice, never what is deleted.</summary>
public sealed class SearchIncludeTests(SearchFixture fixture) : IClassFixture<SearchFixture>
{
    private const string Includes = """
        Observation?_id=bp1&_include=Observation:subject -> p1
        Observation?_id=bp1&_include=Observation:patient -> p1
        Observation?_id=bp1&_include=Observation:encounter&_include=Observation:subject -> e1 p1
        Observation?_id=bp1,b1,w1&_include=Observation:subject&_include=Observation:patient -> p1
        Observation?_id=w1&_include=Observation:performer -> dr1 o1
        Observation?_id=w1&_include=Observation:performer:Organization -> o1
        Observation?_id=g1&_include=Observation:subject -> gr1
        Observation?_id=g1&_include=Observation:subject:Patient ->
        Observation?_id=g1&_include=Observation:patient ->
        Observation?_id=x1&_include=Observation:subject ->
        Observation?_id=i1&_include=Observation:subject ->
        Observation?_id=w1&_include=Encounter:subject ->
        Patient?_id=p4&_include=Patient:organization ->
        Patient?_id=p5&_include=Patient:organization ->
        Encounter?_id=e2&_include=Encounter:subject -> p1
        Organization?_id=o2&_include=Organization:partof -> o1
        Organization?_id=o1,o2&_include=Organization:partof ->
        Organization?_id=o2&_include=Organization:partof&_revinclude=Organization:partof -> o1 o3
        Patient?_id=p1&_revinclude=Observation:patient -> bp1 w1 c1 b1
        Patient?_id=p1&_revinclude=Observation:subject&_revinclude=Observation:patient -> bp1 w1 c1 b1
        Patient?_id=p1&_revinclude=Observation:patient&_revinclude=Encounter:patient -> bp1 w1 c1 b1 e1 e2
        Patient?_id=p1,p2&_revinclude=Appointment:actor -> a1 a2 a3
        Patient?_id=p1&_revinclude=Appointment:actor:Patient -> a1 a2
        Patient?_id=p1&_revinclude=Appointment:actor:Practitioner ->
        Patient?_id=p1,p3&_revinclude=Observation:subject -> bp1 w1 c1 b1 n1
        Patient?_id=p9&_revinclude=Observation:subject ->
        Group?_id=gr1&_include=Group:member&_revinclude=Observation:subject -> p1 p2 g1
        ?_id=bp1,p1&_include=Observation:subject ->
        ?_id=bp1,p1&_include=Observation:encounter&_revinclude=RiskAssessment:patient -> e1 ra1
        """;

    public static TheoryData<DatabaseProvider, string> Cases { get; } = new(
        from provider in (DatabaseProvider[])[DatabaseProvider.Sqlite, DatabaseProvider.PostgreSql]
        from line in Includes.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        select new TheoryDataRow<DatabaseProvider, string>(provider, line));

    [Theory, MemberData(nameof(Cases))]
    public async Task Brings_along_what_is_asked_for(DatabaseProvider provider, string line)
    {
        var arrow = line.LastIndexOf(" ->", StringComparison.Ordinal);
        var expected = line[(arrow + 3)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var store = await fixture.StoreAsync(provider);

        var page = await store.SearchAsync(line[..arrow]);
        var matchesAlone = await store.SearchAsync(line[..line.IndexOf('&', StringComparison.Ordinal)]);

        Assert.Equal(expected.Order(StringComparer.Ordinal), page.Included.Select(one => one.Key.Id).Order(StringComparer.Ordinal));
        Assert.Equal(matchesAlone.Matches.Select(match => match.Key), page.Matches.Select(match => match.Key));
        Assert.Equal(matchesAlone.Total, page.Total);
        Assert.Empty(page.Warnings);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Each_page_brings_its_own(DatabaseProvider provider)
    {
        var store = await fixture.StoreAsync(provider);
        var query = store.Parse("Observation?code=29463-7&_sort=_id&_count=1&_include=Observation:subject");
        foreach (var (match, included, last) in ((string, string, bool)[])[("b1", "p1", false), ("w1", "p1", false), ("w2", "p2", true)])
        {
            var page = await store.SearchAsync(query);
            Assert.Equal([match], page.Matches.Select(one => one.Key.Id));
            Assert.Equal([included], page.Included.Select(one => one.Key.Id));
            Assert.Equal(last, page.Next is null);
            query = last ? query : store.After(query, page);
        }
    }
}
