using System.Net;
using System.Text.RegularExpressions;
using TeleFhir.Api.Tests.Architecture;

namespace TeleFhir.Api.Tests.Fhir;

/// <summary>The examples of docs/search.md find what it says they find.</summary>
public sealed partial class SearchDocumentTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    [Fact]
    public async Task Every_example_finds_what_the_page_says()
    {
        var page = RepositoryFiles.Read("docs/search.md");
        var json = Json().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(2, json.Count);
        Assert.Equal(HttpStatusCode.Created, (await host.SendAsync("PUT", "/fhir/SearchParameter/doc-eye", json[0])).Status);
        var stored = await host.PostAsync("/fhir", json[1]);
        Assert.True(stored.Status == HttpStatusCode.OK, stored.Json.ToJsonString());
        await ReadyAsync();

        var examples = Example().Matches(page);
        Assert.InRange(examples.Count, 40, 200);
        foreach (Match example in examples)
        {
            var address = example.Groups["address"].Value;
            var answer = await host.GetAsync(
                address.Replace(" ", "%20", StringComparison.Ordinal).Replace("+", "%2B", StringComparison.Ordinal), "Prefer: handling=strict");
            Assert.True(answer.Status == HttpStatusCode.OK, $"{address}: {answer.Json.ToJsonString()}");
            Assert.Equal($"{address} {example.Groups["matches"].Value}", $"{address} {Ids(answer, "match", address)}");
            Assert.Equal($"{address} {example.Groups["included"].Value}", $"{address} {Ids(answer, "include", address)}");
        }
    }

    private static string Ids(Answer answer, string mode, string address)
    {
        var ids = answer.Entries.Where(entry => entry!["search"]!["mode"]!.GetValue<string>() == mode)
            .Select(entry => entry!["resource"]!["id"]!.GetValue<string>());
        return string.Join(' ', address.Contains("_sort=", StringComparison.Ordinal) ? ids : ids.Order(StringComparer.Ordinal));
    }

    private async Task ReadyAsync()
    {
        for (var tries = 0; ; tries++)
        {
            var state = await host.GetAsync("/fhir/$reindex");
            Assert.Equal(HttpStatusCode.OK, state.Status);
            if (state.Json["parameter"]!.AsArray().All(one => one!["part"]!.AsArray()
                .Any(part => part!["name"]!.GetValue<string>() == "state" && part["valueCode"]!.GetValue<string>() == "ready")))
            {
                return;
            }

            Assert.InRange(tries, 0, 100);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        }
    }

    [GeneratedRegex("^```json\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Json();

    [GeneratedRegex(@"^GET (?<address>\S.*?) +# (?<matches>[^+\n]*?)( \+ (?<included>[^\n]*))?$", RegexOptions.Multiline)]
    private static partial Regex Example();
}
