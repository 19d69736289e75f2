using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Statement = Hl7.Fhir.Model.CapabilityStatement;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>How clients are let in, as the capability statement tells it.</summary>
/// <param name="Addresses">
/// The addresses of the authorization server by their names in <c>oauth-uris</c>; empty where another server has them, which
/// <c>.well-known/smart-configuration</c> tells.
/// </param>
internal sealed record RestSecurity(ImmutableArray<KeyValuePair<string, string>> Addresses)
{
    private const string Uris = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";

    /// <summary>In the form of https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html.</summary>
    public Statement.SecurityComponent Statement()
    {
        var security = new Statement.SecurityComponent
        {
            Cors = true,
            Service = [new CodeableConcept("http://terminology.hl7.org/CodeSystem/restful-security-service", "SMART-on-FHIR", "SMART-on-FHIR", "OAuth2 using SMART App Launch")],
            Description = "SMART App Launch 2.2: an access token as Bearer. See .well-known/smart-configuration below the base.",
        };
        if (!Addresses.IsEmpty)
        {
            security.Extension.Add(new Extension
            {
                Url = Uris,
                Extension = [.. Addresses.Select(address => new Extension(address.Key, new FhirUri(address.Value)))],
            });
        }

        return security;
    }
}
