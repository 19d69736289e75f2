using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using static TeleFhir.Api.Tests.Visits.VisitHost;

namespace TeleFhir.Api.Tests.Visits;

/// <summary>What <c>$join</c> answers with other settings.</summary>
public sealed class JoinOptionsTests(VisitHost clinic) : IClassFixture<VisitHost>
{
    private const string Secret = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Relays_get_credentials_that_they_can_work_out_themselves()
    {
        await using var server = await clinic.SecondAsync(
            ("Visits:Turn:Urls:0", "stun:relay.example:3478"), ("Visits:Turn:Urls:1", "turn:relay.example:3478?transport=udp"), ("Visits:Turn:Secret", "shared"));
        var answer = await clinic.RunAsync(Amy, await clinic.CheckInAsync(), "join", server: server);

        var relays = answer.Json["parameter"]!.AsArray().Where(parameter => parameter!["name"]!.GetValue<string>() == "iceServer").ToList();
        Assert.Equal(2, relays.Count);
        Assert.Equal("stun:relay.example:3478", Part(relays[0]!, "urls"));
        Assert.Equal("turn:relay.example:3478?transport=udp", Part(relays[1]!, "urls"));
        var user = Part(relays[1]!, "username");
        Assert.EndsWith(":amy", user, StringComparison.Ordinal);
        Assert.True(long.Parse(user.Split(':')[0], null) > TimeProvider.System.GetUtcNow().AddMinutes(110).ToUnixTimeSeconds());
#pragma warning disable CA5350 // A TURN relay works the credential out as HMAC-SHA1, so the test must too; a keyed hash is what SHA-1 is still good for.
        Assert.Equal(Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes("shared"), Encoding.UTF8.GetBytes(user))), Part(relays[1]!, "credential"));
#pragma warning restore CA5350
    }

    [Fact]
    public async Task Where_consent_is_asked_for_nobody_joins_without_one_that_is_active_now()
    {
        await using var server = await clinic.SecondAsync(("Visits:RequireConsent", "true"));
        var visit = await clinic.CheckInAsync(Ben);
        Assert.Equal("consent-missing", Code(await clinic.RunAsync(Ben, visit, "join", server: server)));

        foreach (var (status, end) in (ValueTuple<string, string>[])[("active", "2020-01-01"), ("inactive", "2099-01-01")])
        {
            await ConsentAsync(status, end);
            Assert.Equal(HttpStatusCode.Forbidden, (await clinic.RunAsync(Lee, visit, "join", server: server)).Status);
        }

        await ConsentAsync("active", "2099-01-01");
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Ben, visit, "join", server: server)).Status);
        Assert.Equal(HttpStatusCode.OK, (await clinic.RunAsync(Lee, visit, "join", server: server)).Status);
    }

    [Theory]
    [InlineData("Jitsi", "https://meet.example", "https://telefhir.dev/fhir/CodeSystem/virtual-channel|jitsi")]
    [InlineData("LiveKit", "wss://live.example", "https://telefhir.dev/fhir/CodeSystem/virtual-channel|livekit")]
    [InlineData("Zoom", "https://zoom.example", "http://hl7.org/fhir/virtual-service-type|zoom")]
    [InlineData("Static", "https://link.example/{room}?pwd=secret", "https://telefhir.dev/fhir/CodeSystem/virtual-channel|link")]
    public async Task A_provider_lets_in_whom_this_server_lets_in(string provider, string url, string channel)
    {
        await using var server = await clinic.SecondAsync(
            ("Visits:Video:Provider", provider), ("Visits:Video:Url", url), ("Visits:Video:AppId", "app-1"), ("Visits:Video:Secret", Secret));
        var visit = await clinic.CheckInAsync();

        var lobby = await clinic.RunAsync(Amy, visit, "join", server: server);
        Assert.Equal(("lobby", "ws://localhost/rtc"), (Value(lobby, "role", "valueCode"), Value(lobby, "url", "valueUrl")));
        await clinic.RunAsync(Lee, visit, "admit", server: server);
        var host = await clinic.RunAsync(Lee, visit, "join", server: server);
        var guest = await clinic.RunAsync(Amy, visit, "join", server: server);
        var room = Value(host, "room", "valueId");
        var coding = host.Json["parameter"]![1]!["valueCoding"]!;
        Assert.Equal(channel, $"{coding["system"]}|{coding["code"]}");
        var presence = host.Json["parameter"]!.AsArray().Single(parameter => parameter!["name"]!.GetValue<string>() == "presence")!;
        await using (var socket = await RoomSocket.EnterAsync(server, PartOf(presence, "token", "valueString")))
        {
            Assert.Equal("host", socket.Joined["role"]!.GetValue<string>());
        }

        var (hosts, guests) = (await ClaimsAsync(host), await ClaimsAsync(guest));
        switch (provider)
        {
            case "Jitsi":
                Assert.Equal($"https://meet.example/{room}", Value(host, "url", "valueUrl"));
                Assert.Equal(("jitsi", "app-1", "meet.example", room), (Text(hosts, "aud"), Text(hosts, "iss"), Text(hosts, "sub"), Text(hosts, "room")));
                Assert.Equal(("owner", "member"), (Text(hosts["context"]!["user"]!, "affiliation"), Text(guests["context"]!["user"]!, "affiliation")));
                break;
            case "LiveKit":
                Assert.Equal((url, "app-1", room), (Value(host, "url", "valueUrl"), Text(hosts, "iss"), Text(hosts["video"]!, "room")));
                Assert.True(hosts["video"]!["roomAdmin"]!.GetValue<bool>());
                Assert.False(guests["video"]!["roomAdmin"]!.GetValue<bool>());
                Assert.NotEqual(Text(hosts, "sub"), Text(guests, "sub"));
                break;
            case "Zoom":
                Assert.Equal(("app-1", room, 1, 0), (Text(hosts, "app_key"), Text(hosts, "tpc"), hosts["role_type"]!.GetValue<int>(), guests["role_type"]!.GetValue<int>()));
                Assert.True(hosts["exp"]!.GetValue<long>() - hosts["iat"]!.GetValue<long>() >= 1800);
                break;
            default:
                Assert.Equal($"https://link.example/{room}?pwd=secret", Value(host, "url", "valueUrl"));
                Assert.DoesNotContain("link.example", (await clinic.SendAsync(Backend, "GET", $"/fhir/Encounter/{visit}/_history")).Body, StringComparison.Ordinal);
                break;
        }

        Assert.DoesNotContain("Patient/", guests.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Visits:MaxParticipants", "1")]
    [InlineData("Visits:AwayAfter", "00:00:00")]
    [InlineData("Visits:Video:Provider", "Skype")]
    [InlineData("Visits:Video:Provider", "Jitsi")]
    [InlineData("Visits:Turn:Urls:0", "turn:relay.example")]
    public void Settings_that_make_no_sense_stop_the_start(string key, string value)
    {
        var options = new TeleFhirOptions();
        new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build().Bind(options);

        Assert.StartsWith("Visits:", Assert.Single(options.Visits.Faults()), StringComparison.Ordinal);
        Assert.Empty(new TeleFhirOptions().Visits.Faults());
    }

    private async Task ConsentAsync(string status, string end) => await clinic.PutAsync("Consent/ben-video", $$"""
        "status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"treatment"}]},
        "category":[{"coding":[{"system":"https://telefhir.dev/fhir/CodeSystem/consent-category","code":"telehealth-visit"}]}],
        "patient":{"reference":"Patient/ben"},"policyRule":{"text":"clinic"},"provision":{"type":"permit","period":{"start":"2019-01-01T00:00:00Z","end":"{{end}}T00:00:00Z"} }
        """);

    /// <summary>The claims of the provider's token, whose signature holds; none where there is no token.</summary>
    private static async Task<JsonNode> ClaimsAsync(Answer answer)
    {
        if (answer.Json["parameter"]!.AsArray().FirstOrDefault(parameter => parameter!["name"]!.GetValue<string>() == "token") is not { } token)
        {
            return new JsonObject();
        }

        var text = token["valueString"]!.GetValue<string>();
        var result = await new JsonWebTokenHandler().ValidateTokenAsync(text, new TokenValidationParameters
        {
            IssuerSigningKey = new SymmetricSecurityKey(Encoding.UTF8.GetBytes(Secret)),
            ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
            ValidateIssuer = false,
            ValidateAudience = false,
        });
        Assert.True(result.IsValid, result.Exception?.Message);
        return JsonNode.Parse(Base64UrlEncoder.Decode(text.Split('.')[1]))!;
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static string Part(JsonNode parameter, string name) => PartOf(parameter, name, "valueString");

    private static string PartOf(JsonNode parameter, string name, string type) =>
        parameter["part"]!.AsArray().First(part => part!["name"]!.GetValue<string>() == name)![type]!.GetValue<string>();

    private static string Code(Answer answer) => answer.Json["issue"]![0]!["details"]!["coding"]![0]!["code"]!.GetValue<string>();
}
