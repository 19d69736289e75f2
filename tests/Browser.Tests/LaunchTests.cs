using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Playwright;
using TeleFhir.Api.Tests.Durability;

namespace TeleFhir.Browser.Tests;

/// <summary>
/// Somebody else's app, written with the npm package fhirclient, launches in a real browser against the real server in a process of its own.
/// </summary>
public sealed class LaunchTests
{
    private const string PatientScopes = "launch/patient openid fhirUser offline_access patient/Patient.rs patient/Observation.rs";

    [Fact]
    public async Task A_public_app_launches_by_itself_reads_the_patient_and_refreshes()
    {
        await using var scene = await Scene.StartAsync();
        scene.App.Options = await scene.RegisterPublicAsync(PatientScopes);
        var page = await scene.Chromium.NewPageAsync();

        await page.GotoAsync($"{scene.App.Origin}/launch.html");
        await page.SignInAsync("patient");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        var result = await ResultAsync(page);

        Assert.Equal("demo-amy", result["patient"]!.GetValue<string>());
        Assert.Equal("Patient", result["userType"]!.GetValue<string>());
        Assert.Equal(5, result["observations"]!.GetValue<int>());
        Assert.Equal("Patient/demo-amy", Assert.Single(result["subjects"]!.AsArray())!.GetValue<string>());
        Assert.True(result["refreshed"]!.GetValue<bool>());
        Assert.Equal("demo-amy", result["afterRefresh"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_app_with_a_key_launches_for_the_patient_that_a_clinician_picks()
    {
        await using var scene = await Scene.StartAsync();
        scene.App.Options = await scene.RegisterAsymmetricAsync(PatientScopes);
        var page = await scene.Chromium.NewPageAsync(width: 390, height: 844);

        await page.GotoAsync($"{scene.App.Origin}/launch.html");
        await page.SignInAsync("clinician");
        await page.GetByLabel("Name").FillAsync("ben");
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await page.GetByLabel("Patient").SelectOptionAsync("demo-ben");
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        var result = await ResultAsync(page);

        Assert.Equal("demo-ben", result["patient"]!.GetValue<string>());
        Assert.Equal("Practitioner", result["userType"]!.GetValue<string>());

        // The library refreshes without an assertion; a client that has a key must prove itself then too.
        Assert.Contains("401", result["refreshed"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_EHR_launch_brings_the_patient_that_is_open_there()
    {
        await using var scene = await Scene.StartAsync();
        var registered = await scene.RegisterPublicAsync("launch openid fhirUser offline_access patient/Patient.rs patient/Observation.rs");
        scene.App.Options = registered;
        var page = await scene.Chromium.NewPageAsync();

        await page.GotoAsync(
            $"{scene.Server.Client.BaseAddress}auth/launch?client_id={registered["clientId"]}&patient=demo-ben");
        await page.SignInAsync("clinician");
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        var result = await ResultAsync(page);

        Assert.Equal("demo-ben", result["patient"]!.GetValue<string>());
        Assert.Equal("Patient/demo-ben", Assert.Single(result["subjects"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task What_a_person_takes_away_is_not_granted_and_a_refusal_tells_the_app()
    {
        await using var scene = await Scene.StartAsync();
        scene.App.Options = await scene.RegisterPublicAsync(PatientScopes);
        var page = await scene.Chromium.NewPageAsync();

        await page.GotoAsync($"{scene.App.Origin}/launch.html");
        await page.SignInAsync("patient");
        await page.Locator("input[value='patient/Observation.rs']").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await page.WaitForFunctionAsync("window.client && document.title === 'failed'");
        Assert.DoesNotContain("Observation", await page.EvaluateAsync<string>("window.client.state.tokenResponse.scope"), StringComparison.Ordinal);

        await page.GotoAsync($"{scene.App.Origin}/launch.html");
        await page.GetByRole(AriaRole.Button, new() { Name = "Deny" }).ClickAsync();
        await page.WaitForFunctionAsync("document.title === 'failed'");
        Assert.Contains("error=access_denied", page.Url, StringComparison.Ordinal);
    }

    private static async Task<JsonObject> ResultAsync(IPage page)
    {
        await page.WaitForFunctionAsync("document.title === 'done' || document.title === 'failed'");
        Assert.True(await page.TitleAsync() == "done", await page.InnerTextAsync("pre"));
        return JsonNode.Parse(await page.EvaluateAsync<string>("JSON.stringify(window.result)"))!.AsObject();
    }

    /// <summary>A server with demo data, an app of somebody else, and a browser.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-browser-");

        public ServerProcess Server { get; private set; } = null!;

        public SmartApp App { get; private set; } = null!;

        public Chromium Chromium { get; private set; } = null!;

        public static async Task<Scene> StartAsync()
        {
            var scene = new Scene { Chromium = await Chromium.StartAsync() };
            scene.App = await SmartApp.StartAsync();
            scene.Server = await ServerProcess.StartAsync(
                new Dictionary<string, string>
                {
                    ["Auth:Mode"] = "Embedded",
                    ["Demo:Seed"] = "true",
                    ["ConnectionStrings:TeleFhir"] = $"Data Source={Path.Combine(scene._folder.FullName, "telefhir.db")}",
                    ["Search:PageTokenKeyFile"] = Path.Combine(scene._folder.FullName, "page.key"),
                },
                TestContext.Current.CancellationToken);
            return scene;
        }

        public async Task<JsonObject> RegisterPublicAsync(string scope) => Options(await RegisterAsync(scope, "none", jwks: null), scope);

        public async Task<JsonObject> RegisterAsymmetricAsync(string scope)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            var (open, secret) = (key.ExportParameters(false), key.ExportParameters(true));
            var jwk = new JsonObject
            {
                ["kty"] = "EC",
                ["crv"] = "P-384",
                ["alg"] = "ES384",
                ["kid"] = "app-key",
                ["x"] = Base64UrlEncoder.Encode(open.Q.X),
                ["y"] = Base64UrlEncoder.Encode(open.Q.Y),
            };
            var options = Options(await RegisterAsync(scope, "private_key_jwt", new JsonObject { ["keys"] = new JsonArray(jwk.DeepClone()) }), scope);
            jwk["d"] = Base64UrlEncoder.Encode(secret.D);
            jwk["key_ops"] = new JsonArray("sign");
            jwk["ext"] = true;
            options["clientPrivateJwk"] = jwk;
            return options;
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await App.DisposeAsync();
            await Chromium.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        private JsonObject Options(string clientId, string scope) => new()
        {
            ["clientId"] = clientId,
            ["scope"] = scope,
            ["redirectUri"] = $"{App.Origin}/index.html",
            ["iss"] = $"{Server.Client.BaseAddress}fhir",
            ["pkceMode"] = "required",
        };

        private async Task<string> RegisterAsync(string scope, string method, JsonObject? jwks)
        {
            var metadata = new JsonObject
            {
                ["client_name"] = "Growth chart",
                ["redirect_uris"] = new JsonArray($"{App.Origin}/index.html"),
                ["initiate_login_uri"] = $"{App.Origin}/launch.html",
                ["grant_types"] = new JsonArray("authorization_code", "refresh_token"),
                ["token_endpoint_auth_method"] = method,
                ["scope"] = scope,
            };
            if (jwks is not null)
            {
                metadata["jwks"] = jwks;
            }

            using var answer = await Server.Client.PostAsJsonAsync("auth/register", metadata, JsonSerializerOptions.Web, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["client_id"]!.GetValue<string>();
        }
    }
}
