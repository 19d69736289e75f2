using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>What is granted of what is asked.</summary>
public sealed class ScopeTests(SmartHost fixture) : IClassFixture<SmartHost>
{
    private TelehealthHost Host => fixture.Server;

    [Theory]
    [InlineData("launch/patient patient/Observation.rs patient/Condition.read", "launch/patient patient/Observation.rs patient/Condition.read")]
    [InlineData("launch/patient patient/Observation.rs something-else", "launch/patient patient/Observation.rs")]
    [InlineData("launch/patient patient/Observation.rs system/*.rs", "launch/patient patient/Observation.rs")]
    [InlineData("launch/patient patient/Patient.rs user/Practitioner.rs", "launch/patient patient/Patient.rs user/Practitioner.rs")]
    public async Task What_the_client_may_not_have_is_left_out(string asked, string granted)
    {
        var answer = await new SmartApp(Host).LaunchAsync(asked);

        Assert.Equal([.. granted.Split(' ').Order(StringComparer.Ordinal)], SmartApp.ScopesOf(answer));
    }

    [Theory]
    [InlineData("Device", "patient")]
    [InlineData("Task", "for")]
    [InlineData("Binary", "securityContext")]
    public async Task What_names_a_patient_without_being_of_the_compartment_is_for_that_patients_app_alone(string type, string member)
    {
        var backend = new SmartApp(Host, "demo-backend", "demo-backend-secret");
        var writer = SmartApp.Text(await backend.TokenAsync(("grant_type", "client_credentials"), ("scope", "system/*.cruds")), "access_token");
        foreach (var patient in (string?[])["demo-amy", "demo-ben", null])
        {
            var resource = new JsonObject { ["resourceType"] = type, ["id"] = $"of-{patient ?? "nobody"}" };
            if (patient is not null)
            {
                resource[member] = new JsonObject { ["reference"] = $"Patient/{patient}" };
            }

            if (type == "Task")
            {
                (resource["status"], resource["intent"]) = ("requested", "order");
            }
            else if (type == "Binary")
            {
                (resource["contentType"], resource["data"]) = ("text/plain", "eA==");
            }

            var put = await Host.PutAsync($"/fhir/{type}/of-{patient ?? "nobody"}", resource.ToJsonString(), $"Authorization: Bearer {writer}");
            Assert.InRange((int)put.Status, 200, 201);
        }

        var app = new SmartApp(Host);
        var token = SmartApp.Text(await app.LaunchAsync($"launch/patient patient/{type}.rs patient/Patient.r"), "access_token");

        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync($"/fhir/{type}/of-demo-amy", token)).Status);
        foreach (var other in (string[])["of-demo-ben", "of-nobody"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await app.ReadAsync($"/fhir/{type}/{other}", token)).Status);
        }

        Assert.Equal(["of-demo-amy"], (await app.ReadAsync($"/fhir/{type}?_id=of-demo-amy,of-demo-ben,of-nobody", token)).EntryIds);
    }

    [Fact]
    public async Task A_person_may_grant_less_and_the_API_keeps_to_it()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        var begun = await app.AuthorizeAsync(app.Request("launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.rs"));
        var back = await app.DecideAsync(begun, scopes: ["launch/patient", "patient/Patient.rs"], patient: "demo-amy");

        var answer = await app.ExchangeAsync(SmartApp.Returned(back)["code"]);

        Assert.Equal(["launch/patient", "patient/Patient.rs"], SmartApp.ScopesOf(answer));
        var token = SmartApp.Text(answer, "access_token");
        Assert.Equal(HttpStatusCode.OK, (await app.ReadAsync("/fhir/Patient/demo-amy", token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await app.ReadAsync("/fhir/Observation?patient=demo-amy", token)).Status);
    }

    [Fact]
    public async Task Narrower_scopes_by_category_survive_from_the_consent_to_the_answer()
    {
        const string Laboratory = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        var begun = await app.AuthorizeAsync(app.Request("launch/patient offline_access patient/Observation.rs patient/Patient.rs"));
        var back = await app.DecideAsync(begun, scopes: ["launch/patient", "offline_access", "patient/Patient.rs", Laboratory], patient: "demo-amy");

        var answer = await app.ExchangeAsync(SmartApp.Returned(back)["code"]);
        var refreshed = await app.RefreshAsync(SmartApp.Text(answer, "refresh_token"));

        string[] expected = ["launch/patient", "offline_access", Laboratory, "patient/Patient.rs"];
        Assert.Equal([.. expected.Order(StringComparer.Ordinal)], SmartApp.ScopesOf(answer));
        Assert.Equal(SmartApp.ScopesOf(answer), SmartApp.ScopesOf(refreshed));
    }

    [Fact]
    public async Task A_page_cannot_grant_more_than_was_asked()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");
        var begun = await app.AuthorizeAsync(app.Request("launch/patient patient/Patient.rs"));
        var back = await app.DecideAsync(begun, scopes: ["launch/patient", "patient/Patient.rs", "patient/*.cruds", "user/*.cruds", "openid"], patient: "demo-amy");

        var answer = await app.ExchangeAsync(SmartApp.Returned(back)["code"]);

        Assert.Equal(["launch/patient", "patient/Patient.rs"], SmartApp.ScopesOf(answer));
    }

    [Fact]
    public async Task Without_a_patient_no_scope_of_patients_is_granted()
    {
        var app = new SmartApp(Host);

        var answer = await app.LaunchAsync("openid fhirUser patient/*.rs user/Practitioner.rs", patient: null);

        Assert.Equal(["fhirUser", "openid", "user/Practitioner.rs"], SmartApp.ScopesOf(answer));
        Assert.Null(answer.Json["patient"]);
    }

    [Fact]
    public async Task A_patient_that_nobody_asked_for_is_not_told()
    {
        var answer = await new SmartApp(Host).LaunchAsync("openid fhirUser user/Practitioner.rs", patient: "demo-amy");

        Assert.Null(answer.Json["patient"]);
    }

    [Fact]
    public async Task A_patient_acts_for_nobody_else_whatever_the_page_sends()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("patient");

        var answer = SmartApp.Returned(await app.DecideAsync(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes)), patient: "demo-ben"));

        Assert.Equal("access_denied", answer["error"]);
    }

    [Fact]
    public async Task Nobody_puts_a_patient_or_encounter_into_context_whom_they_do_not_see()
    {
        var app = new SmartApp(Host);
        await app.SignInAsync("clinician");

        var unknown = await app.DecideAsync(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes)), patient: "nobody");
        var foreign = await app.DecideAsync(await app.AuthorizeAsync(app.Request(SmartApp.StandaloneScopes)), patient: "demo-amy", encounter: "nothing");

        Assert.Equal("access_denied", SmartApp.Returned(unknown)["error"]);
        Assert.Equal("access_denied", SmartApp.Returned(foreign)["error"]);
    }
}
