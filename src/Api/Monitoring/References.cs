using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Monitoring;

/// <summary>What references name.</summary>
internal static class References
{
    /// <summary>The resource of this server that a reference names, without a version; null where it names none.</summary>
    public static ResourceKey? KeyOf(string reference, string baseUrl)
    {
        var relative = reference.StartsWith(baseUrl, StringComparison.Ordinal) && reference.Length > baseUrl.Length && reference[baseUrl.Length] == '/'
            ? reference[(baseUrl.Length + 1)..]
            : reference;
        return ResourceKey.TryParse(relative, out var key) ? new ResourceKey(key.Type, key.Id) : null;
    }
}
