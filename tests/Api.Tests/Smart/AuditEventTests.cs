using System.Diagnostics;
using System.Net;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What the authorization server records can be searched by the client that it is about.</summary>
public sealed class AuditEventTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private static readonly string[] _expected = ["backend-token", "launch", "grant", "token-refused"];

    [Fact]
    public async Task Events_of_the_authorization_server_name_the_client()
    {
        var host = fixture.Server;
        var app = new SmartApp(host);
        await app.SignInAsync("clinician");
        await app.GetAsync("/auth/launch?client_id=demo-app&patient=demo-ben");
        await app.LaunchAsync();
        await app.RefreshAsync("nonsense");
        var backend = new SmartApp(host, "demo-backend", "demo-backend-secret");
        var answer = await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/AuditEvent.rs"));
        await new SmartApp(host, "demo-backend", "a guess").TokenAsync(("grant_type", "client_credentials"), ("scope", "system/AuditEvent.rs"));

        var found = new HashSet<string>();
        for (var waited = Stopwatch.StartNew(); !found.IsSupersetOf(_expected) && waited.Elapsed < TimeSpan.FromSeconds(20);)
        {
            await Task.Delay(200, TestContext.Current.CancellationToken);
            foreach (var client in (string[])["demo-app", "demo-backend"])
            {
                var events = await backend.ReadAsync(
                    $"/fhir/AuditEvent?altid={client}&type=http://dicom.nema.org/resources/ontology/DCM|110114&_count=100", SmartApp.Text(answer, "access_token"));
                Assert.Equal(HttpStatusCode.OK, events.Status);
                Assert.All(events.Entries, entry => Assert.Contains(
                    entry!["resource"]!["agent"]!.AsArray(), agent => agent!["altId"]?.GetValue<string>() == client));
                found.UnionWith(events.Entries.SelectMany(entry => entry!["resource"]!["subtype"]!.AsArray()).Select(code => code!["code"]!.GetValue<string>()));
            }
        }

        Assert.Superset(_expected.ToHashSet(), found);
    }
}
