using System.Net;
using System.Text;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class SearchTests(TelehealthHost host)
{
    [Fact]
    public async Task Pages_lead_through_all_matches_once_and_the_last_has_no_next_link()
    {
        var ids = await FillAsync("paged", 7);
        var address = "/fhir/Patient?family=paged&_count=3&_total=accurate";
        var found = new List<string>();
        for (var pages = 0; address is not null; pages++)
        {
            var page = await host.GetAsync(address);
            Assert.Equal(7, page.Json["total"]!.GetValue<int>());
            found.AddRange(page.EntryIds);
            address = page.Link("next");
            Assert.InRange(pages, 0, 2);
        }

        Assert.Equal(ids.Order(), found.Order());
    }

    [Fact]
    public async Task Next_links_reveal_no_search_value_and_take_no_other_parameter()
    {
        await FillAsync("secret", 2);

        var next = (await host.GetAsync("/fhir/Patient?family=secret&_count=1")).Link("next")!;

        Assert.DoesNotContain("secret", next, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(next + "&_pretty=true")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync(next + "&family=x")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync(next[..^3] + "AAA")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync(next.Replace("/Patient?", "/Observation?", StringComparison.Ordinal))).Status);
    }

    [Fact]
    public async Task A_form_searches_like_an_address_and_its_next_link_works_with_GET()
    {
        var ids = await FillAsync("formed", 2);

        var first = await PostFormAsync("/fhir/Patient/_search?_count=1", "family=formed");
        var second = await host.GetAsync(first.Link("next")!);

        Assert.Equal(ids.Order(), first.EntryIds.Concat(second.EntryIds).Order());
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await host.PostAsync("/fhir/Patient/_search", "{}")).Status);
    }

    [Fact]
    public async Task What_is_not_understood_is_left_out_with_a_warning_or_refused_when_strict()
    {
        var lenient = await host.GetAsync("/fhir/Patient?family=nobody&nonsense=1");
        var strict = await host.GetAsync("/fhir/Patient?family=nobody&nonsense=1", "Prefer: handling=strict");

        Assert.Equal("outcome", Assert.Single(lenient.Entries)!["search"]!["mode"]!.GetValue<string>());
        Assert.Equal("http://localhost/fhir/Patient?family=nobody", lenient.Link("self"));
        Assert.Equal((HttpStatusCode.BadRequest, "not-supported"), (strict.Status, strict.IssueCode));
    }

    [Fact]
    public async Task An_empty_result_has_a_total_and_no_entries()
    {
        var answer = await host.GetAsync("/fhir/Patient?family=nobody-at-all");

        Assert.Equal(0, answer.Json["total"]!.GetValue<int>());
        Assert.Null(answer.Json["entry"]);
        Assert.Null(answer.Link("next"));
    }

    [Theory]
    [InlineData("_summary=count")]
    [InlineData("_count=0")]
    public async Task A_count_has_a_total_alone(string parameter)
    {
        var family = parameter.Replace("=", "", StringComparison.Ordinal);
        await FillAsync(family, 2);

        var answer = await host.GetAsync($"/fhir/Patient?family={family}&{parameter}");

        Assert.Equal(2, answer.Json["total"]!.GetValue<int>());
        Assert.Null(answer.Json["entry"]);
    }

    [Fact]
    public async Task Included_resources_come_along_and_do_not_count()
    {
        var patient = Assert.Single(await FillAsync("included", 1));
        await host.PostAsync("/fhir/Observation", $$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"} }""");

        var answer = await host.GetAsync($"/fhir/Observation?subject=Patient/{patient}&_include=Observation:subject");

        Assert.Equal(1, answer.Json["total"]!.GetValue<int>());
        Assert.Equal(["match", "include"], answer.Entries.Select(entry => entry!["search"]!["mode"]!.GetValue<string>()));
        Assert.Equal($"http://localhost/fhir/Patient/{patient}", answer.Entries[1]!["fullUrl"]!.GetValue<string>());
    }

    [Fact]
    public async Task Elements_narrow_every_match()
    {
        await FillAsync("narrow", 1);

        var resource = (await host.GetAsync("/fhir/Patient?family=narrow&_elements=gender")).Entries[0]!["resource"]!;

        Assert.Null(resource["name"]);
        Assert.NotNull(resource["gender"]);
    }

    [Fact]
    public async Task The_whole_system_is_searched_by_type()
    {
        await FillAsync("system", 1);

        var answer = await host.GetAsync("/fhir?_type=Patient,Observation&_count=1");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Single(answer.EntryIds);
    }

    [Theory]
    [InlineData("birthdate=2020-02-31")]
    [InlineData("_count=many")]
    [InlineData("_summary=perhaps")]
    [InlineData("identifier=a|b|c")]
    public async Task A_value_that_is_none_is_400(string parameter)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Patient?{parameter}")).Status);
    }

    private async Task<List<string>> FillAsync(string family, int count)
    {
        var ids = new List<string>();
        for (var i = 0; i < count; i++)
        {
            ids.Add((await host.PostAsync("/fhir/Patient", $$"""{"resourceType":"Patient","name":[{"family":"{{family}}"}],"gender":"other"}""")).Id);
        }

        return ids;
    }

    private async Task<Answer> PostFormAsync(string address, string form)
    {
        using var content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded");
        return await Answer.OfAsync(await host.Client.PostAsync(new Uri(address, UriKind.Relative), content, TestContext.Current.CancellationToken));
    }
}

public sealed class SearchTestsOnSqlite(TelehealthHost host) : SearchTests(host), IClassFixture<TelehealthHost>;

public sealed class SearchTestsOnPostgreSql(PostgreSqlHost host) : SearchTests(host), IClassFixture<PostgreSqlHost>;
