using System.Data.Common;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Hosting;

/// <summary>Tells a developer who has just started the server where everything is. Other environments have logs for this.</summary>
internal sealed class StartBanner(
    TeleFhirOptions options, FhirAddress address, IServer server, IHostEnvironment environment, ILogger<StartBanner> logger)
    : IHostedLifecycleService
{
    /// <summary>The lines, for a server that listens at an address.</summary>
    public static IReadOnlyList<string> Lines(TeleFhirOptions options, string listening, string fhirBase, bool hasDemo) =>
    [
        $"TeleFhir listens on  {listening}/",
        $"FHIR base            {fhirBase}",
        $"API documentation    {listening}/swagger",
        $"Database             {DatabaseOf(options)}",
        $"Try                  {TryOf(options.Auth.Mode, listening, fhirBase, hasDemo)}",
    ];

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (environment.IsDevelopment())
        {
            var listening = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? ListeningAddresses.Default;
            var hasDemo = options.Demo.Seed ?? true;
            logger.LogInformation("{Places}", string.Join(Environment.NewLine, Lines(options, listening.TrimEnd('/'), address.Base, hasDemo)));
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>One line for a shell that works as it stands: with access control on, it gets a token first.</summary>
    private static string TryOf(string mode, string listening, string fhirBase, bool hasDemo) => (mode, hasDemo) switch
    {
        ("None", true) => $"curl '{fhirBase}/Patient/demo-amy'",
        ("Embedded" or "Both", true) =>
            "curl -H \"Authorization: Bearer $(curl -s -u demo-backend:demo-backend-secret -d grant_type=client_credentials "
            + $"-d 'scope=system/*.rs' '{listening}/auth/token' | sed 's/.*\"access_token\" *: *\"\\([^\"]*\\)\".*/\\1/')\" '{fhirBase}/Patient/demo-amy'",
        _ => $"curl '{fhirBase}/metadata'",
    };

    /// <summary>The file, or host and name; a connection string may hold a password, so it is never shown whole.</summary>
    private static string DatabaseOf(TeleFhirOptions options)
    {
        var parts = new DbConnectionStringBuilder { ConnectionString = options.ConnectionStrings.TeleFhir };
        return options.Database.Provider == "Sqlite"
            ? parts.TryGetValue("Data Source", out var file) ? Path.GetFullPath((string)file) : "SQLite"
            : parts.TryGetValue("Host", out var host) && parts.TryGetValue("Database", out var name) ? $"PostgreSQL {host}/{name}" : "PostgreSQL";
    }
}
