using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Smart.Bearer;

namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>
/// A server with three records: <c>hid-pat</c>, which is nobody's business, <c>own-pat</c> and <c>far-pat</c>. All that is of the first says
/// <see cref="Secret"/>, and its ids, codes and names start with <c>hid-</c>; the same with <c>nil-</c> never existed.
/// </summary>
public sealed class LeakHost : IAsyncLifetime
{
    public const string Secret = "ZQXSECRET";
    public const string Owner = "the patient";
    public const string Doctor = "the patient's clinician";
    public const string OtherDoctor = "the patient's other clinician";

    private static readonly string[] _variants = ["a", "b", "t"];

    private readonly IssuerProcess _issuer = new();

    public TelehealthHost Server { get; private set; } = null!;

    /// <summary>Everybody who asks, by what is said of them: the header, and whose record is theirs.</summary>
    public Dictionary<string, (string Authorization, string Patient)> Callers { get; } = [];

    /// <summary>Those who may not have it, with what they all are told at once where they are told so.</summary>
    public static TheoryData<string, HttpStatusCode?> Strangers => new()
    {
        { "another patient's app", null },
        { "another patient's app with user scopes", null },
        { "a clinician of elsewhere", null },
        { "a scope for another category", null },
        { "a scope for another type", HttpStatusCode.Forbidden },
        { "no scope", HttpStatusCode.Forbidden },
        { "expired", HttpStatusCode.Unauthorized },
        { "revoked", HttpStatusCode.Unauthorized },
        { "for another audience", HttpStatusCode.Unauthorized },
        { "unsigned", HttpStatusCode.Unauthorized },
        { "of a key that is not the issuer's", HttpStatusCode.Unauthorized },
        { "without a token", HttpStatusCode.Unauthorized },
    };

    public async ValueTask InitializeAsync()
    {
        await _issuer.InitializeAsync();
        Server = await _issuer.TrustedAsync(set =>
        {
            set("Auth:Issuers:0:RevocationMode", "Introspection");
            set("Auth:Issuers:0:IntrospectionClientId", "telefhir");
            set("Auth:Issuers:0:IntrospectionClientSecret", "introspect");
        });
        await MintAsync();
        await FillAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    public Task<Answer> SendAsync(string caller, string method, string address, string? json, params string[] headers) =>
        Server.SendAsync(method, address, json, [.. headers, .. AuthorizationOf(caller)]);

    public async Task<Answer> SendFormAsync(string caller, string address, string form)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Content = new StringContent(form, new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        if (Callers[caller].Authorization is { Length: > 0 } authorization)
        {
            request.Headers.Add("Authorization", authorization);
        }

        return await Answer.OfAsync(await Server.Client.SendAsync(request, TestContext.Current.CancellationToken));
    }

    /// <summary>What is stored of it, for whoever sees everything.</summary>
    public Task<Answer> StoredAsync(string address) => SendAsync("the server's own", "GET", address, null);

    private string[] AuthorizationOf(string caller) =>
        Callers[caller].Authorization is { Length: > 0 } authorization ? [$"Authorization: {authorization}"] : [];

    private async Task MintAsync()
    {
        Task<string> OfOwnerAsync(string scopes = "patient/*.cruds", string algorithm = "RS256", int seconds = 3000, JsonObject? header = null, JsonObject? claims = null) =>
            _issuer.MintAsync(scopes: scopes, subject: "u-hid", patient: "hid-pat", fhirUser: "Patient/hid-pat", algorithm: algorithm, seconds: seconds, header: header, claims: claims);

        Task<string> OfUserAsync(string scopes, string fhirUser, string? patient = null, string subject = "u") =>
            _issuer.MintAsync(scopes: scopes, subject: $"{subject}-{fhirUser.Replace('/', '-')}", patient: patient, fhirUser: fhirUser, seconds: 3000);

        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var revoked = await OfOwnerAsync();
        await _issuer.RevokeAsync(revoked);
        Add("the server's own", await _issuer.MintAsync(seconds: 3000), "hid-pat");
        Add(Owner, await OfOwnerAsync(), "hid-pat");
        Add(Doctor, await OfUserAsync("user/*.cruds", "Practitioner/doc"), "hid-pat");
        Add(OtherDoctor, await OfUserAsync("user/*.cruds", "Practitioner/doc", subject: "v"), "hid-pat");
        Add("another patient's app", await OfUserAsync("patient/*.cruds", "Patient/own-pat", "own-pat"), "own-pat");
        Add("another patient's app with user scopes", await OfUserAsync("user/*.cruds", "Patient/own-pat"), "own-pat");
        Add("a clinician of elsewhere", await OfUserAsync("user/*.cruds", "Practitioner/far"), "far-pat");
        Add("a scope for another category", await OfOwnerAsync("patient/Observation.cruds?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory"), "hid-pat");
        Add("a scope for another type", await OfOwnerAsync("patient/Slot.cruds"), "hid-pat");
        Add("no scope", await OfOwnerAsync("openid"), "hid-pat");
        Add("expired", await OfOwnerAsync(claims: new() { ["exp"] = now - 60, ["iat"] = now - 360, ["nbf"] = now - 360 }), "hid-pat");
        Add("revoked", revoked, "hid-pat");
        Add("for another audience", await OfOwnerAsync(claims: new() { ["aud"] = "http://elsewhere/fhir" }), "hid-pat");
        Add("unsigned", await OfOwnerAsync(algorithm: "none"), "hid-pat");
        Add("of a key that is not the issuer's", await OfOwnerAsync(header: new() { ["kid"] = "key-of-mine" }), "hid-pat");
        Callers.Add("without a token", ("", "hid-pat"));

        void Add(string name, string token, string patient) => Callers.Add(name, ($"Bearer {token}", patient));
    }

    private async Task FillAsync()
    {
        foreach (var place in (string[])["home", "far"])
        {
            await PutAsync($$"""{"resourceType":"Organization","id":"{{place}}","name":"{{place}}"}""");
        }

        foreach (var (who, place) in (ValueTuple<string, string>[])[("doc", "home"), ("far", "far")])
        {
            await PutAsync($$"""{"resourceType":"Practitioner","id":"{{who}}","active":true}""");
            await PutAsync($$"""{"resourceType":"PractitionerRole","id":"{{who}}","practitioner":{"reference":"Practitioner/{{who}}"},"organization":{"reference":"Organization/{{place}}"} }""");
        }

        await PutAsync($$"""
            {"resourceType":"Patient","id":"hid-pat","identifier":[{"system":"urn:x","value":"hid-mrn"}],"name":[{"family":"hid-family","given":["{{Secret}}"]}],
             "managingOrganization":{"reference":"Organization/home"},"generalPractitioner":[{"reference":"Practitioner/doc"}]}
            """);
        await PutAsync("""{"resourceType":"Patient","id":"own-pat","name":[{"family":"Own"}],"generalPractitioner":[{"reference":"Practitioner/third"}]}""");
        await PutAsync("""{"resourceType":"Patient","id":"far-pat","name":[{"family":"Far"}],"managingOrganization":{"reference":"Organization/far"}}""");
        await PutAsync(Observation("hid-obs", "hid-code", "hid-pat", Secret));
        await PutAsync($$"""
            {"resourceType":"Encounter","id":"hid-enc","status":"finished","class":{"code":"VR","display":"{{Secret}}"},"subject":{"reference":"Patient/hid-pat"},
             "participant":[{"individual":{"reference":"Practitioner/doc"} }],"serviceProvider":{"reference":"Organization/home"} }
            """);
        await PutAsync($$"""
            {"resourceType":"Composition","id":"hid-doc","status":"final","type":{"text":"t"},"subject":{"reference":"Patient/hid-pat"},
             "date":"2026-01-01","author":[{"reference":"Practitioner/doc"}],"title":"{{Secret}}"}
            """);
        await PutAsync($$"""
            {"resourceType":"Appointment","id":"hid-app","status":"booked","description":"{{Secret}}","start":"2100-01-01T09:00:00Z","end":"2100-01-01T09:30:00Z",
             "participant":[{"actor":{"reference":"Patient/hid-pat"},"status":"accepted"}]}
            """);
        await PutAsync($$"""
            {"resourceType":"Appointment","id":"hid-cancel","status":"booked","description":"{{Secret}}","start":"2100-01-02T09:00:00Z","end":"2100-01-02T09:30:00Z",
             "participant":[{"actor":{"reference":"Patient/hid-pat"},"status":"accepted"}]}
            """);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(Owner, "PUT", "/fhir/Subscription/hid-sub", $$"""
            {"resourceType":"Subscription","id":"hid-sub","status":"requested","reason":"{{Secret}}","criteria":"Observation?code=hid-code","channel":{"type":"websocket"} }
            """)).Status);
        await PutAsync(Observation("hid-gone", "hid-gone", "hid-pat", Secret));
        await SendAsync("the server's own", "DELETE", "/fhir/Observation/hid-gone", null);

        foreach (var name in (string[])["hid-file", "hid-file-put"])
        {
            await PutAsync($$"""
                {"resourceType":"Binary","id":"{{name}}","contentType":"text/plain","securityContext":{"reference":"Encounter/hid-enc"},
                 "data":"{{Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(Secret))}}"}
                """);
        }

        // Of these each way of asking takes one of its own, since asking well changes it.
        foreach (var name in _variants.SelectMany(variant => LeakProbes.Changed.Select(use => $"hid-{use}-{variant}")))
        {
            await PutAsync(Observation(name, name, "hid-pat", Secret));
        }

        // What is their own refers to what is not.
        foreach (var patient in (string[])["own-pat", "far-pat", "hid-pat"])
        {
            foreach (var target in (string[])["hid", "nil"])
            {
                await PutAsync(Observation($"{patient}-{target}-link", "link", patient, "mine", $"{target}-obs"));
            }
        }
    }

    private async Task PutAsync(string json)
    {
        var resource = JsonNode.Parse(json)!;
        var answer = await SendAsync("the server's own", "PUT", $"/fhir/{resource["resourceType"]}/{resource["id"]}", json);
        Assert.True(answer.Status is HttpStatusCode.Created, answer.Body);
    }

    private static string Observation(string id, string code, string patient, string text, string? derivedFrom = null)
    {
        var more = derivedFrom is null ? "" : $$"""  "derivedFrom":[{"reference":"Observation/{{derivedFrom}}"}],  """;
        return $$"""
            {"resourceType":"Observation","id":"{{id}}","status":"final",
             "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"survey"}]}],
             "code":{"coding":[{"system":"urn:x","code":"{{code}}"}],"text":"{{text}}"},
             "subject":{"reference":"Patient/{{patient}}"},{{more}}"performer":[{"reference":"Practitioner/doc"}]}
            """;
    }
}
