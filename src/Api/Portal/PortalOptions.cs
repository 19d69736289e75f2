namespace TeleFhir.Api.Portal;

/// <summary>The pages of patients and clinicians.</summary>
internal sealed class PortalOptions
{
    /// <summary>Their OAuth client; the embedded authorization server has it registered by itself.</summary>
    public string ClientId { get; set; } = "telefhir-app";
}
