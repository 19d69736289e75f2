using System.Net;

namespace TeleFhir.Api.Tests.Hosting;

public sealed class OperationsTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_is_told(string address)
    {
        var answer = await host.GetAsync(address);

        Assert.Equal((HttpStatusCode.OK, "Healthy"), (answer.Status, answer.Body));
    }

    [Fact]
    public async Task Metrics_count_requests_by_route_and_name_no_resource()
    {
        await host.GetAsync("/fhir/Patient/unique-id-of-nobody");

        var metrics = await host.GetAsync("/metrics");

        Assert.Contains("http_server_request_duration_seconds_count", metrics.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("unique-id-of-nobody", metrics.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_landing_page_needs_nothing_from_elsewhere()
    {
        var page = await host.GetAsync("/");

        Assert.Equal("text/html", page.ContentHeaders.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.DoesNotContain("://", page.Body, StringComparison.Ordinal);
    }
}
