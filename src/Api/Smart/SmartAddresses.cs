using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Where the authorization server is: under <c>/auth</c> at the origin of the FHIR base. Nothing here comes from a request, whose Host
/// header anyone can write.
/// </summary>
internal sealed class SmartAddresses(FhirAddress fhir)
{
    public const string Root = "/auth";
    public const string AuthorizePath = Root + "/authorize";
    public const string TokenPath = Root + "/token";
    public const string IntrospectPath = Root + "/introspect";
    public const string RevokePath = Root + "/revoke";
    public const string RegisterPath = Root + "/register";
    public const string UserInfoPath = Root + "/userinfo";
    public const string KeysPath = Root + "/jwks";
    public const string LaunchPath = Root + "/launch";
    public const string StylePath = Root + "/smart-style.json";
    public const string BrandsPath = Root + "/brands";
    public const string InteractionPath = Root + "/interaction/";
    public const string AppsPath = Root + "/apps";
    public const string MetadataPath = Root + "/.well-known/openid-configuration";

    public string FhirBase => fhir.Base;

    public Uri Origin => new(new Uri(fhir.Base).GetLeftPart(UriPartial.Authority));

    public string Issuer => Of(Root);

    public string Of(string path) => Origin.GetLeftPart(UriPartial.Authority) + path;
}
