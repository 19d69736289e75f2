using Microsoft.AspNetCore.Hosting;
using TeleFhir.Api.Tests.Smart.Bearer;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>A server that asks for tokens, with one for its staff and some for patients.</summary>
public abstract class TokenHost : IAsyncLifetime
{
    private readonly IssuerProcess _issuer = new();

    public TelehealthHost Server { get; private set; } = null!;

    /// <summary>The header of an EHR that may do everything.</summary>
    public string Staff { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await _issuer.InitializeAsync();
        Server = await StartAsync(builder =>
        {
            builder.UseSetting("Auth:Mode", "External");
            builder.UseSetting("Auth:Issuers:0:Authority", _issuer.Address);
        });
        Staff = $"Authorization: Bearer {await _issuer.MintAsync(seconds: 3000)}";
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The header of a patient's app.</summary>
    public async Task<string> PatientAsync(string id, string scopes = "patient/*.cruds") =>
        $"Authorization: Bearer {await _issuer.MintAsync(scopes: scopes, subject: $"u-{id}", patient: id, fhirUser: $"Patient/{id}", seconds: 3000)}";

    public async Task StoreAsync(string type, string id, string members)
    {
        var answer = await Server.PutAsync($"/fhir/{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }""", Staff);
        Assert.True(answer.Status is System.Net.HttpStatusCode.Created or System.Net.HttpStatusCode.OK, answer.Body);
    }

    /// <summary>A clinician with a Schedule of the same id.</summary>
    public async Task CalendarAsync(string id, string zone = "UTC")
    {
        await StoreAsync("Practitioner", id, $"\"active\":true,\"extension\":[{Clinic.Zone(zone)}]");
        await StoreAsync("Schedule", id, $$""" "active":true,"actor":[{"reference":"Practitioner/{{id}}"}] """);
    }

    public Task SlotAsync(string schedule, string id, DateTimeOffset start, string status = "free") => StoreAsync(
        "Slot", id, $$""" "schedule":{"reference":"Schedule/{{schedule}}"},"status":"{{status}}","start":"{{FrontDesk.Text(start)}}","end":"{{FrontDesk.Text(start.AddMinutes(30))}}" """);

    protected abstract Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure);
}

/// <inheritdoc />
public sealed class SqliteTokenHost : TokenHost
{
    protected override Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure) => TelehealthHost.StartAsync(configure);
}

/// <inheritdoc />
public sealed class PostgreSqlTokenHost : TokenHost
{
    protected override Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure) => PostgreSqlHost.StartAsync(configure);
}
