using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.TestHost;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TeleFhir.Api.Smart;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>
/// An application and the person in front of it. What the person decides is put where the pages would put it, so that these tests are
/// about the protocol and not about forms.
/// </summary>
internal sealed class SmartApp
{
    public const string Redirect = "http://localhost:3000/";
    public const string FhirBase = "http://localhost/fhir";
    public const string StandaloneScopes = "launch/patient openid fhirUser offline_access patient/*.rs";

    private readonly TelehealthHost _host;

    public SmartApp(TelehealthHost host, string clientId = "demo-app", string? secret = null)
    {
        _host = host;
        ClientId = clientId;
        Secret = secret;
        Http = ((TestServer)host.Services.GetRequiredService<IServer>()).CreateClient();
        Verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    }

    public HttpClient Http { get; }

    public string ClientId { get; }

    public string? Secret { get; }

    public string Verifier { get; set; }

    public string State { get; } = Guid.NewGuid().ToString("N");

    public string? Cookie { get; set; }

    /// <summary>The session of the person; made by <see cref="SignInAsync"/>.</summary>
    public string SessionId { get; private set; } = "";

    public UserAccount User { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async Task SignInAsync(string userName)
    {
        User = (await _host.Services.GetRequiredService<IUserAccounts>().FindByNameAsync(userName, Cancellation))!;
        SessionId = await _host.Services.GetRequiredService<ISessions>().StartAsync(User.Id, Cancellation);
        var now = _host.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var identity = new ClaimsIdentity(
            [
                new Claim(SessionCookie.Subject, User.Id),
                new Claim(SessionCookie.Name, User.DisplayName),
                new Claim(SessionCookie.Role, User.Role.ToString()),
                new Claim(SessionCookie.SessionId, SessionId),
                new Claim(SessionCookie.AuthenticatedAt, now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
            ],
            SessionCookie.Scheme);
        var cookies = _host.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(SessionCookie.Scheme);
        var ticket = new AuthenticationTicket(
            new ClaimsPrincipal(identity), new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now.AddHours(1) }, SessionCookie.Scheme);
        Cookie = $"{cookies.Cookie.Name}={cookies.TicketDataFormat.Protect(ticket)}";
    }

    /// <summary>The parameters of a good authorization request, with changes; a null takes one away.</summary>
    public Dictionary<string, string?> Request(string scope, params (string Name, string? Value)[] changes)
    {
        var request = new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = ClientId,
            ["redirect_uri"] = Redirect,
            ["scope"] = scope,
            ["state"] = State,
            ["aud"] = FhirBase,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier))),
            ["code_challenge_method"] = "S256",
        };
        foreach (var (name, value) in changes)
        {
            request[name] = value;
        }

        return request.Where(parameter => parameter.Value is not null).ToDictionary();
    }

    public Task<HttpResponseMessage> AuthorizeAsync(Dictionary<string, string?> request) =>
        GetAsync(QueryHelpers.AddQueryString("/auth/authorize", request));

    public async Task<HttpResponseMessage> GetAsync(string address)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        if (Cookie is not null)
        {
            message.Headers.Add("Cookie", Cookie);
        }

        return await Http.SendAsync(message, Cancellation);
    }

    /// <summary>Decides on the interaction that an answer leads to and goes back; the answer to that.</summary>
    public async Task<HttpResponseMessage> DecideAsync(
        HttpResponseMessage authorize, bool isGranted = true, IEnumerable<string>? scopes = null, string? patient = null, string? encounter = null)
    {
        var location = authorize.Headers.Location?.OriginalString ?? "";
        Assert.StartsWith("/auth/interaction/", location, StringComparison.Ordinal);
        var id = location["/auth/interaction/".Length..];
        var interactions = _host.Services.GetRequiredService<IAuthorizationInteractions>();
        var interaction = (await interactions.FindAsync(id, Cancellation))!;
        var decision = new InteractionDecision(
            User.Id, SessionId, TimeProvider.System.GetUtcNow(), isGranted, scopes is null ? interaction.Scopes : [.. scopes])
        {
            Patient = patient ?? interaction.LaunchPatient,
            Encounter = encounter ?? interaction.LaunchEncounter,
        };
        Assert.True(await interactions.DecideAsync(id, decision, Cancellation));
        return await GetAsync($"/auth/authorize{interaction.Parameters}&interaction={id}");
    }

    /// <summary>The parameters of the address that an answer sends the browser to, which must be the application's.</summary>
    public static Dictionary<string, string> Returned(HttpResponseMessage answer)
    {
        var location = answer.Headers.Location?.OriginalString ?? "no redirect";
        Assert.StartsWith(Redirect, location, StringComparison.Ordinal);
        return QueryHelpers.ParseQuery(new Uri(location).Query).ToDictionary(parameter => parameter.Key, parameter => parameter.Value.ToString());
    }

    /// <summary>The whole way to a code, as this user.</summary>
    public async Task<string> CodeAsync(string scope, string userName = "clinician", string? patient = "demo-amy", params (string, string?)[] changes)
    {
        if (Cookie is null)
        {
            await SignInAsync(userName);
        }

        var answer = await DecideAsync(await AuthorizeAsync(Request(scope, changes)), patient: patient);
        return Returned(answer)["code"];
    }

    /// <summary>The whole way to tokens.</summary>
    public async Task<Answer> LaunchAsync(string scope = StandaloneScopes, string userName = "clinician", string? patient = "demo-amy", params (string, string?)[] changes)
    {
        var answer = await ExchangeAsync(await CodeAsync(scope, userName, patient, changes));
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status);
        return answer;
    }

    public Task<Answer> ExchangeAsync(string code, params (string Name, string? Value)[] changes) =>
        TokenAsync([("grant_type", "authorization_code"), ("code", code), ("redirect_uri", Redirect), ("code_verifier", Verifier), .. changes]);

    public Task<Answer> RefreshAsync(string refreshToken, params (string Name, string? Value)[] changes) =>
        TokenAsync([("grant_type", "refresh_token"), ("refresh_token", refreshToken), .. changes]);

    /// <summary>Asks for a token; a public client says who it is, one with a secret proves it.</summary>
    public Task<Answer> TokenAsync(params (string Name, string? Value)[] form) =>
        PostAsync("/auth/token", Secret is null ? [("client_id", ClientId), .. form] : form);

    public async Task<Answer> PostAsync(string address, IEnumerable<(string Name, string? Value)> form, params (string Name, string Value)[] headers)
    {
        var fields = new Dictionary<string, string>();
        foreach (var (name, value) in form)
        {
            fields.Remove(name);
            if (value is not null)
            {
                fields.Add(name, value);
            }
        }

        using var message = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(fields) };
        if (Secret is not null)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{Secret}")));
        }

        foreach (var (name, value) in headers)
        {
            message.Headers.Remove(name);
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return await Answer.OfAsync(await Http.SendAsync(message, Cancellation));
    }

    public async Task<Answer> ReadAsync(string address, string accessToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accessToken);
        return await Answer.OfAsync(await Http.SendAsync(message, Cancellation));
    }

    public static ImmutableArray<string> ScopesOf(Answer answer) => [.. Text(answer, "scope").Split(' ').Order(StringComparer.Ordinal)];

    public static string Text(Answer answer, string member) => answer.Json[member]!.GetValue<string>();
}
