using System.Net;

namespace TeleFhir.Api.Hosting;

/// <summary>Where the server will listen, as configuration says, before it does.</summary>
internal static class ListeningAddresses
{
    public const string Default = "http://localhost:5080";

    /// <summary>Whether configuration names no address at all, so that <see cref="Default"/> holds.</summary>
    public static bool AreUnset(IConfiguration configuration) => Configured(configuration).Count == 0;

    public static IEnumerable<string> Of(IConfiguration configuration) => Configured(configuration).DefaultIfEmpty(Default);

    /// <summary>Whether only this machine reaches the address. Wildcards and names other than localhost are not loopback.</summary>
    public static bool IsLoopback(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    private static List<string> Configured(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? string.Empty).ToList();
        if (endpoints.Count > 0)
        {
            return endpoints;
        }

        var urls = Split(configuration["urls"]).ToList();
        return urls.Count > 0
            ? urls
            : [.. Split(configuration["http_ports"]).Select(port => $"http://*:{port}"), .. Split(configuration["https_ports"]).Select(port => $"https://*:{port}")];
    }

    private static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
