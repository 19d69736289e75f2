using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The FHIR base as clients see it, without a trailing slash: configured, or in Development the first listening address.
/// It never comes from a request's Host header, which anyone can write into links that others follow.
/// </summary>
internal sealed class FhirAddress(TeleFhirOptions options, IConfiguration configuration, IServer server)
{
    private readonly Lazy<string> _address = new(() => options.Fhir.PublicBaseUrl?.TrimEnd('/') ?? Listening(configuration, server) + "/fhir");

    public string Base => _address.Value;

    /// <summary>The address of one resource or version.</summary>
    public string Of(ResourceKey key) => $"{Base}/{key}";

    private static string Listening(IConfiguration configuration, IServer server)
    {
        var configured = ListeningAddresses.Of(configuration).First();

        // Port 0 lets the system choose; which one it chose is known once the server listens.
        var address = configured.EndsWith(":0", StringComparison.Ordinal)
            ? server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? configured
            : configured;
        foreach (var wildcard in (ReadOnlySpan<string>)["//[::]", "//0.0.0.0", "//*", "//+"])
        {
            address = address.Replace(wildcard, "//localhost", StringComparison.Ordinal);
        }

        return address.TrimEnd('/');
    }
}
