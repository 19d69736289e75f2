using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Api.Demo;

namespace TeleFhir.Api.Tests.Demo;

/// <summary>Servers that start one after the other on one database.</summary>
public sealed class DemoSeedTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-demo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_new_Development_database_has_the_demo_and_a_second_start_changes_nothing()
    {
        string[] addresses =
        [
            "Organization/demo-clinic", "Practitioner/demo-lee", "Practitioner/demo-okoye", "PractitionerRole/demo-lee",
            "PractitionerRole/demo-okoye", "Schedule/demo-lee", "Schedule/demo-okoye", "Patient/demo-amy", "Patient/demo-ben",
            "Device/demo-cuff", "Appointment/demo-amy-visit", "Encounter/demo-amy-visit", "Encounter/demo-amy-first-visit",
            "ServiceRequest/demo-econsult", "Task/demo-econsult", "Consent/demo-amy-rpm", "Consent/demo-ben-rpm",
        ];
        await using (var first = Start())
        {
            var client = first.CreateClient();
            foreach (var address in addresses)
            {
                Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/fhir/{address}", TestContext.Current.CancellationToken)).StatusCode);
            }

            Assert.Equal(720, await CountAsync(client, "Observation?patient=demo-amy,demo-ben"));
            Assert.Equal(90, await CountAsync(client, "Observation?patient=demo-amy&code=http://loinc.org|85354-9"));
            Assert.Equal(1, await CountAsync(client, "Slot?status=busy"));
            Assert.Equal(1, await CountAsync(client, "Task?status=requested"));
        }

        await using var second = Start();
        Assert.Equal(720, await CountAsync(second.CreateClient(), "Observation?patient=demo-amy,demo-ben"));
        var history = await GetAsync(second.CreateClient(), "Patient/demo-amy/_history");
        Assert.Equal(1, (int)history["total"]!);
    }

    [Fact]
    public async Task What_somebody_deleted_stays_deleted()
    {
        await using (var first = Start())
        {
            var deleted = await first.CreateClient().DeleteAsync("/fhir/Organization/demo-clinic", TestContext.Current.CancellationToken);
            Assert.True(deleted.IsSuccessStatusCode);
        }

        await using var second = Start();
        var answer = await second.CreateClient().GetAsync("/fhir/Organization/demo-clinic", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Gone, answer.StatusCode);
    }

    [Fact]
    public async Task Switched_off_nothing_is_written()
    {
        await using var host = Start(seed: "false");

        Assert.Equal(0, await CountAsync(host.CreateClient(), "Patient?"));
    }

    [Fact]
    public async Task Seeding_takes_less_than_three_seconds_and_tells_how_much_it_wrote()
    {
        await using var host = Start(seed: "false");
        var seed = host.Services.GetServices<IHostedService>().OfType<DemoSeed>().Single();

        var start = Stopwatch.GetTimestamp();
        var written = await seed.SeedAsync(TestContext.Current.CancellationToken);

        Assert.True(written > 1000);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(3), $"It took {Stopwatch.GetElapsedTime(start)}.");
        Assert.Equal(0, await seed.SeedAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<int> CountAsync(HttpClient client, string search) =>
        (int)(await GetAsync(client, $"{search}&_summary=count"))["total"]!;

    private static async Task<JsonNode> GetAsync(HttpClient client, string address) =>
        JsonNode.Parse(await client.GetStringAsync($"/fhir/{address}", TestContext.Current.CancellationToken))!;

    /// <summary>Starts as it does for somebody who configured nothing but access control: whether to seed is the server's own decision.</summary>
    private WebApplicationFactory<Program> Start(string? seed = null) => new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
    {
        builder.UseEnvironment("Development");
        builder.UseSetting("Auth:Mode", "None");
        builder.UseSetting("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(_folder.FullName, "demo.db")}");
        builder.UseSetting("Search:PageTokenKeyFile", Path.Combine(_folder.FullName, "page.key"));
        builder.UseSetting("Demo:Seed", seed);
        builder.ConfigureLogging(logging => logging.ClearProviders());
    });
}
