using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>Scopes for a category: what was found before, filtered by them, and nothing else.</summary>
public sealed class GranularScopeTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private const string Conditions = "http://terminology.hl7.org/CodeSystem/condition-category";
    private const string UsConditions = "http://hl7.org/fhir/us/core/CodeSystem/condition-category";
    private const string Observations = "http://terminology.hl7.org/CodeSystem/observation-category";
    private const string UsCategories = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category";

    private static readonly (string Type, string System, string Code)[] _categories =
    [
        ("Condition", Conditions, "encounter-diagnosis"), ("Condition", UsConditions, "health-concern"), ("Condition", Conditions, "problem-list-item"),
        ("Observation", Observations, "laboratory"), ("Observation", Observations, "social-history"), ("Observation", Observations, "vital-signs"),
        ("Observation", Observations, "survey"), ("Observation", UsCategories, "sdoh"),
    ];

    private TelehealthHost Host => fixture.Server;

    [Theory]
    [InlineData("encounter-diagnosis", "health-concern", "laboratory", "social-history")]
    [InlineData("problem-list-item", "vital-signs", "survey", "sdoh")]
    public async Task What_is_found_is_what_was_found_before_filtered_by_the_scopes(params string[] codes)
    {
        await FillAsync();
        var whole = await TokenAsync("launch/patient patient/Condition.rs patient/Observation.rs patient/Patient.rs");
        string[] scopes = [.. _categories.Where(one => codes.Contains(one.Code)).Select(one => $"patient/{one.Type}.rs?category={one.System}|{one.Code}")];
        var parts = await TokenAsync($"launch/patient patient/Patient.rs {string.Join(' ', scopes)}");
        Assert.Equal(4, scopes.Length);

        foreach (var type in (string[])["Condition", "Observation"])
        {
            foreach (var query in (string[])["", $"&category={codes[0]}", $"&category={codes[2]}", "&_sort=-_lastUpdated", "&_include=*:patient"])
            {
                var address = $"/fhir/{type}?patient=demo-amy&_count=1000{(query.StartsWith("&_include", StringComparison.Ordinal) ? $"&_include={type}:patient" : query)}";
                var before = await MatchesAsync(address, whole);
                var expected = before.Where(one => CategoriesOf(one).Overlaps(codes)).Select(Id).ToList();
                var found = (await MatchesAsync(address, parts)).Select(Id).ToList();

                Assert.Equal(expected, found);
            }

            var all = await MatchesAsync($"/fhir/{type}?patient=demo-amy&_count=1000", whole);
            Assert.Contains(all, one => CategoriesOf(one).Overlaps(codes));
            Assert.Contains(all, one => !CategoriesOf(one).Overlaps(codes));
            foreach (var one in all.Take(40))
            {
                var status = (await Host.GetAsync($"/fhir/{type}/{Id(one)}", $"Authorization: Bearer {parts}")).Status;
                Assert.Equal(CategoriesOf(one).Overlaps(codes) ? HttpStatusCode.OK : HttpStatusCode.NotFound, status);
            }
        }
    }

    private static string Id(JsonNode resource) => resource["id"]!.GetValue<string>();

    private static HashSet<string> CategoriesOf(JsonNode resource) =>
    [
        .. (resource["category"]?.AsArray() ?? []).SelectMany(category => category!["coding"]?.AsArray() ?? []).Select(coding => coding!["code"]!.GetValue<string>()),
    ];

    private async Task<List<JsonNode>> MatchesAsync(string address, string token)
    {
        var answer = await Host.GetAsync(address, $"Authorization: Bearer {token}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return [.. answer.Entries.Where(entry => entry!["search"]!["mode"]!.GetValue<string>() == "match").Select(entry => entry!["resource"]!)];
    }

    private async Task<string> TokenAsync(string scope)
    {
        var answer = await new SmartApp(Host).LaunchAsync(scope);
        Assert.Equal([.. scope.Split(' ').Order(StringComparer.Ordinal)], SmartApp.ScopesOf(answer));
        return SmartApp.Text(answer, "access_token");
    }

    /// <summary>One of each category, and one that is of two.</summary>
    private async Task FillAsync()
    {
        var backend = new SmartApp(Host, "demo-backend", "demo-backend-secret");
        var token = SmartApp.Text(await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.cruds")), "access_token");
        foreach (var (type, system, code) in _categories)
        {
            var also = type == "Observation" && code == "survey" ? $$""",{"coding":[{"system":"{{UsCategories}}","code":"sdoh"}]}""" : "";
            var answer = await Host.PutAsync(
                $"/fhir/{type}/granular-{code}",
                $$"""
                {"resourceType":"{{type}}","id":"granular-{{code}}",{{(type == "Observation" ? "\"status\":\"final\",\"valueString\":\"x\"," : "")}}
                 "category":[{"coding":[{"system":"{{system}}","code":"{{code}}"}]}{{also}}],"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},
                 "subject":{"reference":"Patient/demo-amy"},{{(type == "Observation" ? "\"effectiveDateTime\":\"2026-01-01\"" : "\"recordedDate\":\"2026-01-01\"")}}}
                """,
                $"Authorization: Bearer {token}");
            Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
        }
    }
}
