using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Api.Tests.Smart.People;

namespace TeleFhir.Api.Tests.Smart.Server;

/// <summary>A code, or an error, as it came back to the app, and what the app needs to redeem it.</summary>
internal sealed record Returned(IReadOnlyDictionary<string, string> Parameters, string Verifier)
{
    public string? Code => Parameters.GetValueOrDefault("code");

    public string? Error => Parameters.GetValueOrDefault("error");
}

/// <summary>A person in a browser and the app that they use, over plain HTTP: pages are read as forms.</summary>
internal sealed class SmartBrowser(HttpClient browser)
{
    public const string Redirect = "http://localhost:3000/";
    public const string Password = "Telefhir-demo-1";
    public const string Base = "http://localhost/fhir";

    public HttpClient Http => browser;

    /// <summary>A server that issues tokens, with demo data.</summary>
    public static Task<TelehealthHost> HostAsync(Action<IWebHostBuilder>? more = null) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        more?.Invoke(builder);
    });

    public static Dictionary<string, string?> Request(string scope, string client = "demo-app", string verifier = "v") => new()
    {
        ["response_type"] = "code",
        ["client_id"] = client,
        ["redirect_uri"] = Redirect,
        ["scope"] = scope,
        ["state"] = "state-1",
        ["aud"] = Base,
        ["code_challenge"] = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
        ["code_challenge_method"] = "S256",
    };

    public static string Address(Dictionary<string, string?> request) => QueryHelpers.AddQueryString("/auth/authorize", request);

    /// <summary>Walks from the request to the app's address: signs in, picks, and allows all but what is to be taken away.</summary>
    public async Task<Returned> AuthorizeAsync(
        string scope,
        string user = "patient",
        string? patient = null,
        string client = "demo-app",
        Func<string, bool>? keeps = null,
        bool denies = false,
        Action<Dictionary<string, string?>>? change = null)
    {
        var verifier = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(32));
        var request = Request(scope, client, verifier);
        change?.Invoke(request);
        var address = Address(request);
        var answer = await browser.GetAsync(address, TestContext.Current.CancellationToken);
        for (var steps = 0; steps < 12; steps++)
        {
            if (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location is { } to)
            {
                if (to.IsAbsoluteUri && to.ToString().StartsWith(Redirect, StringComparison.Ordinal))
                {
                    return new(QueryHelpers.ParseQuery(to.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), verifier);
                }

                address = to.ToString();
                answer = await browser.GetAsync(address, TestContext.Current.CancellationToken);
                continue;
            }

            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{address}: {answer.StatusCode}");
            var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var fields = Fields(html).Where(field => !field.IsChoice || (keeps?.Invoke(field.Value) ?? true))
                .Select(field => KeyValuePair.Create(field.Name, field.Name == "username" ? user : field.Name == "password" ? Password : field.Value)).ToList();
            if (html.Contains("<select", StringComparison.Ordinal))
            {
                fields.Add(new("patient", patient ?? PageForm.AllIn(html, "")[^1].Offered("patient").First()));
                fields.Add(new("action", "pick"));
            }
            else if (!fields.Exists(field => field.Key == "password"))
            {
                fields.Add(new("action", denies ? "deny" : "allow"));
            }

            answer = await browser.PostAsync(address, new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);
        }

        throw new InvalidOperationException("The way to the app has no end.");
    }

    public Task<(HttpStatusCode Status, JsonNode Json)> TokenAsync(params (string Name, string Value)[] form) => PostAsync("/auth/token", form);

    /// <summary>Redeems a code as the demo app.</summary>
    public Task<(HttpStatusCode Status, JsonNode Json)> RedeemAsync(Returned returned, string? verifier = null) => TokenAsync(
        ("grant_type", "authorization_code"), ("code", returned.Code!), ("redirect_uri", Redirect), ("client_id", "demo-app"),
        ("code_verifier", verifier ?? returned.Verifier));

    public Task<(HttpStatusCode Status, JsonNode Json)> RefreshAsync(string token) =>
        TokenAsync(("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "demo-app"));

    public async Task<(HttpStatusCode Status, JsonNode Json)> PostAsync(string address, (string Name, string Value)[] form, string? basic = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        if (basic is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)));
        }

        using var answer = await browser.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }

    public async Task<(HttpStatusCode Status, JsonNode Json)> FhirAsync(string token, string path, HttpMethod? method = null, string? json = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, $"/fhir/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/fhir+json");
        }

        using var answer = await browser.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (answer.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!);
    }

    /// <summary>The fields of the last form of a page, as a browser would send them.</summary>
    public static List<(string Name, string Value, bool IsChoice)> Fields(string html) =>
    [
        .. PageForm.AllIn(html, "")[^1].Inputs.Where(input => input is { IsSent: true, Name.Length: > 0 } and not { Type: "option" })
            .Select(input => (input.Name, input.Value, input.Type == "checkbox")),
    ];
}
