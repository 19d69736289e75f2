using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>
/// Every route and every form of a Bundle, for everybody who may not: nothing of the record is shown, and what exists is answered byte for
/// byte like what never existed. The one who may asks the same last, so that the probe is known to find what is there.
/// </summary>
public sealed partial class LeakMatrixTests(LeakHost leaks) : IClassFixture<LeakHost>
{
    private static readonly Dictionary<string, string> _bundles = new() { ["b"] = "batch", ["t"] = "transaction" };

    public static TheoryData<string, string> Probes => [.. LeakProbes.All.SelectMany(probe => Forms(probe).Select(form => (probe.Name, form)))];

    [Fact]
    public void Every_route_has_a_probe()
    {
        var routes = leaks.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/fhir", StringComparison.Ordinal))
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText}"));

        Assert.Equal(LeakProbes.All.Select(probe => probe.Route).Append("POST /fhir/").Distinct().Order(StringComparer.Ordinal), routes.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Probes))]
    public async Task Nothing_is_told_to_whoever_may_not(string name, string form)
    {
        var probe = LeakProbes.All.Single(one => one.Name == name);
        if (probe.IsOptional && (await AskAsync(probe, "a", LeakHost.Owner, "hid")).Status == HttpStatusCode.BadRequest)
        {
            Assert.Skip("The server does not do this.");
        }

        foreach (var (stranger, refusal) in LeakHost.Strangers.Select(row => row.Data))
        {
            // Who is nobody is told so before anything is read, whatever it is.
            if (stranger == probe.Except || (refusal == HttpStatusCode.Unauthorized && form != "a"))
            {
                continue;
            }

            var existing = await AskAsync(probe, form, stranger, "hid");
            var never = await AskAsync(probe, form, stranger, "nil");
            var told = Told(existing);

            Assert.DoesNotContain(LeakHost.Secret, told, StringComparison.Ordinal);
            Assert.DoesNotContain(LeakHost.Secret, Told(never), StringComparison.Ordinal);
            Assert.True(!probe.Names || told == Told(never), $"{stranger}: {told}\n----\n{Told(never)}");
            Assert.DoesNotMatch(HiddenEntry(), existing.Body);
            Assert.True((int)existing.Status < 500, existing.Body);
            if (refusal is { } status && (probe.IsOfOneType || status == HttpStatusCode.Unauthorized))
            {
                Assert.Equal(status, StatusOf(existing, form));
            }
        }

        if (probe.Target is { } target)
        {
            var kept = await leaks.StoredAsync($"/fhir{target.Replace("{n}", form, StringComparison.Ordinal)}");
            Assert.Equal((HttpStatusCode.OK, "W/\"1\""), (kept.Status, kept.ETag));
        }

        if (probe.First is { } first)
        {
            await AskAsync(LeakProbes.All.Single(one => one.Name == first), form, probe.Control, "hid");
        }

        var control = await AskAsync(probe, form, probe.Control, "hid");
        Assert.True((int)StatusOf(control, form) == probe.Status, $"{control.Status} {control.Body}");
        Assert.Equal(probe.Shows && (probe.ShowsInBundles || form == "a"), control.Body.Contains(LeakHost.Secret, StringComparison.Ordinal));
        if (probe.Names && probe.Method != "HEAD")
        {
            Assert.NotEqual(Told(control), Told(await AskAsync(probe, form, probe.Control, "nil")));
        }
    }

    private static IEnumerable<string> Forms(LeakProbe probe) => probe.InBundles ? ["a", .. _bundles.Keys] : ["a"];

    private Task<Answer> AskAsync(LeakProbe probe, string form, string caller, string what)
    {
        string Fill(string text) => LeakProbe.Fill(text, what, leaks.Callers[caller].Patient, form);

        return probe.IsForm ? leaks.SendFormAsync(caller, $"/fhir{probe.Path}", Fill(probe.Body!))
            : _bundles.TryGetValue(form, out var type) ? leaks.SendAsync(caller, "POST", "/fhir", Fill(probe.Bundle(type)))
            : leaks.SendAsync(caller, probe.Method, $"/fhir{Fill(probe.Path)}", probe.Body is null ? null : Fill(probe.Body), [.. probe.Headers.Select(Fill)]);
    }

    /// <summary>The status of the one request, in a Bundle that of its entry.</summary>
    private static HttpStatusCode StatusOf(Answer answer, string form) => form == "a" || answer.Status != HttpStatusCode.OK
        ? answer.Status
        : (HttpStatusCode)int.Parse(answer.Entries[0]!["response"]!["status"]!.GetValue<string>()[..3], null);

    /// <summary>All that is told, without what differs from one request to the next.</summary>
    private static string Told(Answer answer)
    {
        var headers = answer.Headers.Concat(answer.ContentHeaders).Where(header => header.Key is not ("Date" or "X-Request-ID"))
            .OrderBy(header => header.Key, StringComparer.Ordinal).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}");
        var text = $"{(int)answer.Status}\n{string.Join('\n', headers)}\n{answer.Body}";
        return Moments().Replace(Ids().Replace(Pages().Replace(text, "page"), "id"), "time").Replace("hid-", "nil-", StringComparison.Ordinal);
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Ids();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")]
    private static partial Regex Moments();

    [GeneratedRegex("fullUrl\":\"[^\"]*/hid-")]
    private static partial Regex HiddenEntry();

    [GeneratedRegex("_page=[^\"&]+")]
    private static partial Regex Pages();
}
