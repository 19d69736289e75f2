using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>
/// The bundle of brands against the profiles of User-access Brands (https://hl7.org/fhir/smart-app-launch/STU2.2/brands.html), as a server in
/// Production publishes it. The profiles are written out here, since they are in no package that the tests load.
/// </summary>
public sealed class BrandTests : IAsyncLifetime
{
    private const string Base = "https://telehealth.example/fhir";
    private const string Definitions = "http://hl7.org/fhir/StructureDefinition/";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-brands-");
    private TelehealthHost _host = null!;
    private Answer _answer = null!;

    private JsonNode Bundle => _answer.Json;

    private List<JsonNode> Organizations => OfType("Organization");

    private List<JsonNode> Endpoints => OfType("Endpoint");

    public async ValueTask InitializeAsync()
    {
        _host = await TelehealthHost.StartAsync(builder =>
        {
            builder.UseEnvironment("Production");
            builder.UseSetting("Auth:Mode", "Embedded");
            builder.UseSetting("Auth:BrandName", "North Clinic");
            builder.UseSetting("Fhir:PublicBaseUrl", Base);
            builder.UseSetting("Audit:ChainKey", Convert.ToBase64String(new byte[32]));
            builder.UseSetting("ConnectionStrings:TeleFhir", $"Data Source={Path.Combine(_folder.FullName, "test.db")}");
        });
        _answer = await _host.GetAsync($"{new Uri(Base).GetLeftPart(UriPartial.Authority)}/auth/brands");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Any_page_may_read_it_and_keep_it()
    {
        Assert.Equal(HttpStatusCode.OK, _answer.Status);
        Assert.Equal("*", _answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("application/fhir+json", _answer.ContentHeaders.ContentType!.MediaType);
        Assert.NotNull(_answer.ETag);
    }

    [Fact]
    public void The_bundle_is_a_collection_with_a_time_and_entries_of_the_two_types()
    {
        Assert.Equal(("Bundle", "collection"), (Text(Bundle, "resourceType"), Text(Bundle, "type")));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", Text(Bundle, "timestamp"));
        Assert.True(Bundle["meta"] is not { } meta || meta["lastUpdated"] is not null);
        Assert.NotEmpty(Bundle["entry"]!.AsArray());
        Assert.Equal(Bundle["entry"]!.AsArray().Count, Organizations.Count + Endpoints.Count);

        // bdl-1 to 8 of R4.
        Assert.Null(Bundle["total"]);
        Assert.All(Bundle["entry"]!.AsArray(), entry =>
        {
            Assert.DoesNotContain((string[])["search", "request", "response"], member => entry![member] is not null);
            Assert.Equal($"{Base}/{Text(entry!["resource"]!, "resourceType")}/{Text(entry["resource"]!, "id")}", Text(entry, "fullUrl"));
        });
        Assert.Equal(Bundle["entry"]!.AsArray().Count, Bundle["entry"]!.AsArray().Select(entry => Text(entry!, "fullUrl")).Distinct().Count());
    }

    [Fact]
    public void Every_brand_has_a_name_one_website_and_an_identifier_and_is_in_use()
    {
        Assert.All(Organizations, brand =>
        {
            Assert.Equal("North Clinic", Text(brand, "name"));
            Assert.True(brand["active"]!.GetValue<bool>());
            var website = Assert.Single(brand["telecom"]!.AsArray())!;
            Assert.Equal(("url", "https://telehealth.example/"), (Text(website, "system"), Text(website, "value")));
            Assert.NotEqual("home", website["use"]?.GetValue<string>());
            Assert.Null(brand["partOf"]);
            Assert.All(brand["identifier"]!.AsArray(), identifier =>
                Assert.Equal(("urn:ietf:rfc:3986", "https://telehealth.example"), (Text(identifier!, "system"), Text(identifier!, "value"))));
            Assert.NotEmpty(brand["identifier"]!.AsArray());
        });
        Assert.NotEmpty(Organizations);
    }

    [Fact]
    public void Every_endpoint_of_a_brand_is_in_the_bundle_and_of_every_portal_also_an_endpoint_of_the_brand()
    {
        var known = Endpoints.Select(endpoint => $"Endpoint/{Text(endpoint, "id")}").ToHashSet();
        Assert.All(Organizations, brand =>
        {
            var named = brand["endpoint"]!.AsArray().Select(endpoint => Text(endpoint!, "reference")).ToList();
            Assert.NotEmpty(named);
            Assert.All(named, reference => Assert.Contains(reference, known));

            var portals = Extensions(brand, Definitions + "organization-portal").ToList();
            Assert.NotEmpty(portals);
            Assert.All(portals, portal =>
            {
                Assert.Equal("North Clinic", Text(Assert.Single(Extensions(portal, "portalName")), "valueString"));
                Assert.StartsWith("https://", Text(Assert.Single(Extensions(portal, "portalUrl")), "valueUrl"), StringComparison.Ordinal);
                var endpoints = Extensions(portal, "portalEndpoint").Select(endpoint => Text(endpoint["valueReference"]!, "reference")).ToList();
                Assert.NotEmpty(endpoints);
                Assert.Empty(endpoints.Except(named));
            });
        });
    }

    [Fact]
    public async Task Every_endpoint_is_named_by_a_brand_says_what_the_profile_asks_and_answers_with_its_capabilities()
    {
        var named = Organizations.SelectMany(brand => brand["endpoint"]!.AsArray().Select(endpoint => Text(endpoint!, "reference"))).ToHashSet();
        Assert.NotEmpty(Endpoints);
        foreach (var endpoint in Endpoints)
        {
            Assert.Contains($"Endpoint/{Text(endpoint, "id")}", named);
            var versions = Extensions(endpoint, Definitions + "endpoint-fhir-version").ToList();
            Assert.NotEmpty(versions);
            Assert.All(versions, version => Assert.Equal("4.0.1", Text(version, "valueCode")));
            Assert.Equal("active", Text(endpoint, "status"));
            Assert.Equal(
                ("http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "hl7-fhir-rest"),
                (Text(endpoint["connectionType"]!, "system"), Text(endpoint["connectionType"]!, "code")));
            Assert.Contains(endpoint["contact"]!.AsArray(), contact =>
                Text(contact!, "system") == "url" && Text(contact!, "value").StartsWith("https://", StringComparison.Ordinal));
            var payload = Assert.Single(endpoint["payloadType"]!.AsArray())!;
            Assert.Contains(payload["coding"]!.AsArray(), coding =>
                (Text(coding!, "system"), Text(coding!, "code")) == ("http://terminology.hl7.org/CodeSystem/endpoint-payload-type", "none"));

            Assert.Equal(Base, Text(endpoint, "address"));
            var capabilities = await _host.GetAsync($"{Text(endpoint, "address")}/metadata");
            Assert.Equal((HttpStatusCode.OK, "CapabilityStatement"), (capabilities.Status, Text(capabilities.Json, "resourceType")));
            Assert.Equal("4.0.1", Text(capabilities.Json, "fhirVersion"));
        }
    }

    [Fact]
    public async Task Discovery_names_the_bundle_and_exactly_one_brand_of_it()
    {
        var smart = (await _host.GetAsync($"{Base}/.well-known/smart-configuration")).Json;
        Assert.Equal(_answer.Body, (await _host.GetAsync(Text(smart, "user_access_brand_bundle"))).Body);

        var wanted = smart["user_access_brand_identifier"]!;
        Assert.NotEmpty(Text(wanted, "value"));
        Assert.Single(
            Organizations.SelectMany(brand => brand["identifier"]!.AsArray()),
            identifier => (Text(identifier!, "system"), Text(identifier!, "value")) == (Text(wanted, "system"), Text(wanted, "value")));
    }

    [Fact]
    public void What_is_absent_says_why_only_in_the_two_ways_that_there_are()
    {
        var reasons = Everything(Bundle)
            .Where(node => node is JsonObject json && json["url"] is JsonValue url && url.ToString() == Definitions + "data-absent-reason")
            .Select(reason => Text(reason, "valueCode"));

        Assert.Empty(reasons.Except(["asked-declined", "asked-unknown"]));

        // Nothing is said by an empty value either.
        Assert.DoesNotContain(Everything(Bundle), node => node is JsonValue value && value.ToString().Trim().Length == 0);
        Assert.DoesNotContain(Everything(Bundle), node => node is JsonArray { Count: 0 } or JsonObject { Count: 0 });
    }

    private List<JsonNode> OfType(string type) =>
        [.. Bundle["entry"]!.AsArray().Select(entry => entry!["resource"]!).Where(resource => Text(resource, "resourceType") == type)];

    private static IEnumerable<JsonNode> Extensions(JsonNode node, string url) =>
        node["extension"]!.AsArray().Where(extension => Text(extension!, "url") == url).Select(extension => extension!);

    private static IEnumerable<JsonNode> Everything(JsonNode node) => node switch
    {
        JsonObject json => json.SelectMany(member => Everything(member.Value!)).Prepend(json),
        JsonArray array => array.SelectMany(item => Everything(item!)).Prepend(array),
        _ => [node],
    };

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();
}
