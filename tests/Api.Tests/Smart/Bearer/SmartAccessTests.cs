using System.Text.Json;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>Claims of tokens as products write them, and the callers that they make.</summary>
public sealed class SmartAccessTests
{
    private const string FhirBase = "https://fhir.example.org/fhir";

    private static readonly IssuerProfile _external =
        IssuerProfile.Of(new IssuerOptions { Authority = "https://id.example.org/realms/clinic" }, FhirBase);

    private static readonly IssuerProfile _embedded = IssuerProfile.Embedded("https://fhir.example.org/auth", FhirBase);

    [Theory]
    [InlineData("""{"scope":"openid fhirUser launch/patient patient/Observation.rs patient/Patient.read"}""")]
    [InlineData("""{"scope":["openid","fhirUser","launch/patient","patient/Observation.rs","patient/Patient.read"]}""")]
    [InlineData("""{"scp":"patient/Observation.rs patient/Patient.read"}""")]
    [InlineData("""{"scp":["patient/Observation.rs patient/Patient.read"]}""")]
    [InlineData("""{"scope":"openid patient/Observation.rs","scp":["patient/Patient.read","patient/Observation.rs"]}""")]
    public void Scopes_are_a_text_or_a_list(string scopes)
    {
        var caller = Of(_external, """{"client_id":"app","sub":"u","patient":"p1"}""", scopes);

        Assert.Equal(["patient/Observation.rs", "patient/Patient.read"], Texts(caller));
        Assert.Equal((CallerKind.User, "p1"), (caller.Kind, caller.Patient));
    }

    [Fact]
    public void Keycloak_names_the_client_azp_and_nests_roles()
    {
        var profile = IssuerProfile.Of(
            new IssuerOptions { Authority = "https://id.example.org/realms/clinic", AdministratorRoles = ["manage-telefhir"] }, FhirBase);

        var caller = Of(profile, """
            {"typ":"Bearer","azp":"app","sub":"f1","scope":"openid user/*.rs","realm_access":{"roles":["x","manage-telefhir"]},"fhirUser":"Practitioner/lee"}
            """);

        Assert.Equal("https://id.example.org/realms/clinic#app", caller.ClientId);
        Assert.Equal("https://id.example.org/realms/clinic#f1", caller.UserId);
        Assert.Equal("Practitioner/lee", caller.FhirUser.ToString());
        Assert.True(caller.IsAdministrator);
        Assert.False(Of(_external, """{"azp":"app","sub":"f1","realm_access":{"roles":["manage-telefhir"]}}""").IsAdministrator);
    }

    [Theory]
    [InlineData("patient%2fObservation.rs", "patient/Observation.rs")]
    [InlineData("patient%2FObservation.rs%3Fcategory=laboratory", "patient/Observation.rs?category=laboratory")]
    [InlineData("patient.Observation.rs", "patient/Observation.rs")]
    [InlineData("patient.all.read", "patient/*.read")]
    [InlineData("api://telefhir/patient.Patient.read", "patient/Patient.read")]
    [InlineData("patient/Patient.read", "patient/Patient.read")]
    public void Entra_escapes_scopes(string written, string meant)
    {
        var profile = IssuerProfile.Of(
            new IssuerOptions { Authority = "https://login.example/tenant/v2.0", UnescapeScopes = true, ScopePrefixes = ["api://telefhir/"] }, FhirBase);

        var caller = Of(profile, $$"""{"azp":"app","sub":"s","ver":"2.0","patient":"p","scp":"{{written}}"}""");

        var scope = Assert.Single(caller.Scopes);
        Assert.Equal(SmartScope.Parse(meant), scope);
    }

    [Fact]
    public void Scopes_stay_as_written_for_issuers_that_do_not_escape()
    {
        Assert.Empty(Of(_external, """{"client_id":"app","sub":"u","patient":"p","scope":"patient%2fObservation.rs patient.Patient.read"}""").Scopes);
    }

    [Theory]
    [InlineData("""{"client_id":"backend"}""")]
    [InlineData("""{"client_id":"backend","sub":"backend"}""")]
    [InlineData("""{"azp":"backend","sub":"5b1c","preferred_username":"service-account-backend"}""")]
    [InlineData("""{"appid":"backend","sub":"5b1c","idtyp":"app"}""")]
    public void A_client_without_a_user_has_its_system_scopes(string claims)
    {
        var caller = Of(_external, claims, """{"scope":"system/*.rs"}""");

        Assert.Equal(CallerKind.Client, caller.Kind);
        Assert.Null(caller.UserId);
        Assert.Equal(["system/*.rs"], Texts(caller));
    }

    [Fact]
    public void A_client_has_no_scopes_that_speak_of_a_user_and_a_user_none_of_the_system()
    {
        const string scopes = """{"scope":"system/*.rs user/*.rs patient/*.rs","patient":"p"}""";

        Assert.Equal(["system/*.rs"], Texts(Of(_embedded, """{"client_id":"c","sub":"c"}""", scopes)));
        Assert.Equal(["user/*.rs", "patient/*.rs"], Texts(Of(_embedded, """{"client_id":"c","sub":"u"}""", scopes)));
    }

    [Fact]
    public void The_embedded_issuer_s_users_are_never_taken_for_clients()
    {
        Assert.Equal(CallerKind.User, Of(_embedded, """{"client_id":"c","sub":"u","scope":"system/*.rs","idtyp":"app"}""").Kind);
    }

    [Theory]
    [InlineData("Practitioner/lee", "Practitioner/lee")]
    [InlineData("https://fhir.example.org/fhir/Patient/p1", "Patient/p1")]
    [InlineData("https://elsewhere.example/fhir/Patient/p1", "")]
    [InlineData("https://fhir.example.org/fhir-other/Patient/p1", "")]
    [InlineData("Observation/o1", "")]
    [InlineData("Patient/p1/_history/2", "")]
    [InlineData("Patient/../../x", "")]
    [InlineData("Patient", "")]
    public void The_user_s_resource_is_one_of_here_and_a_person(string claim, string expected)
    {
        var caller = Of(_embedded, $$"""{"client_id":"c","sub":"u","fhirUser":"{{claim}}"}""");

        Assert.Equal(expected, caller.FhirUser.ToString() ?? "");
    }

    [Theory]
    [InlineData("p1", "p1")]
    [InlineData("Patient/p1", "p1")]
    [InlineData("Group/g", null)]
    [InlineData("a b", null)]
    public void Patient_scopes_need_a_patient_in_context(string claim, string? patient)
    {
        var caller = Of(_embedded, $$"""{"client_id":"c","sub":"u","patient":"{{claim}}","encounter":"e1","scope":"patient/*.rs"}""");

        Assert.Equal(patient, caller.Patient);
        Assert.Equal(patient is null ? null : "e1", caller.Encounter);
        Assert.Equal(patient is null ? 0 : 1, caller.Scopes.Length);
    }

    [Theory]
    [InlineData("\"Restricted\"", Confidentiality.Restricted)]
    [InlineData("\"V\"", Confidentiality.VeryRestricted)]
    [InlineData("\"5\"", Confidentiality.Normal)]
    [InlineData("\"everything\"", Confidentiality.Normal)]
    [InlineData("5", Confidentiality.Normal)]
    public void Clearance_is_believed_of_the_embedded_issuer(string claim, Confidentiality clearance)
    {
        var claims = $$"""{"client_id":"c","sub":"u","clearance":{{claim}}}""";

        Assert.Equal(clearance, Of(_embedded, claims).Clearance);
        Assert.Equal(Confidentiality.Normal, Of(_external, claims).Clearance);
    }

    [Fact]
    public void A_token_that_names_no_client_makes_no_caller()
    {
        Assert.Null(SmartAccess.CallerOf(Claims("""{"sub":"u","scope":"user/*.rs"}"""), _external, FhirBase));
        Assert.Null(SmartAccess.CallerOf(Claims("""{"client_id":["c"],"sub":"u"}"""), _external, FhirBase));
        Assert.Null(SmartAccess.CallerOf(Claims("[]"), _external, FhirBase));
    }

    private static string[] Texts(Caller caller) => [.. caller.Scopes.Select(scope => scope.Text)];

    private static Caller Of(IssuerProfile profile, string claims, string more = "{}")
    {
        var both = claims.Trim()[..^1] + (more == "{}" ? "}" : "," + more.Trim()[1..]);
        return SmartAccess.CallerOf(Claims(both), profile, FhirBase)!;
    }

    private static TokenClaims Claims(string json) => new(JsonSerializer.Deserialize<JsonElement>(json));
}
