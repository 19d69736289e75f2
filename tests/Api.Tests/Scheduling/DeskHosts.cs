using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using TeleFhir.Api.Tests.Smart;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>What the front desks of tests tell, and where.</summary>
internal sealed class DeskSinks : IBesideHost
{
    public SmtpSink Mail { get; } = new();

    public RecordedLog Log { get; } = new();

    public WebhookSink Webhook { get; private set; } = null!;

    public async Task StartAsync() => Webhook = await WebhookSink.StartAsync();

    public void Set(IWebHostBuilder builder)
    {
        FindClock.Set(builder);
        builder.ConfigureLogging(logging => logging.AddProvider(Log));
        builder.UseSetting("Reminders:Channels:0", "mail").UseSetting("Reminders:Channels:1", "webhook");
        builder.UseSetting("Reminders:Mail:Host", "127.0.0.1").UseSetting("Reminders:Mail:Port", $"{Mail.Port}");
        builder.UseSetting("Reminders:Mail:Security", "None").UseSetting("Reminders:Mail:From", "clinic@example.org");
        builder.UseSetting("Reminders:Webhook:Url", $"{Webhook.Origin}/hook").UseSetting("Reminders:Webhook:Secret", WebhookSink.Secret);
        builder.UseSetting("Subscriptions:AllowedCallbacks:0", Webhook.Origin);
    }

    public async ValueTask DisposeAsync()
    {
        await Mail.DisposeAsync();
        await Webhook.DisposeAsync();
    }
}

/// <summary>A server with its sinks.</summary>
internal interface IDeskHost
{
    DeskSinks Sinks { get; }
}

/// <summary>A server that reminds by mail and webhook.</summary>
public sealed class SqliteDeskHost : TelehealthHost, IDeskHost
{
    private readonly DeskSinks _sinks;

    public SqliteDeskHost()
        : this(new DeskSinks())
    {
    }

    private SqliteDeskHost(DeskSinks sinks)
        : base(sinks.Set, sinks) =>
        _sinks = sinks;

    DeskSinks IDeskHost.Sinks => _sinks;
}

/// <inheritdoc cref="SqliteDeskHost"/>
public sealed class PostgreSqlDeskHost : PostgreSqlHost, IDeskHost
{
    private readonly DeskSinks _sinks;

    public PostgreSqlDeskHost()
        : this(new DeskSinks())
    {
    }

    private PostgreSqlDeskHost(DeskSinks sinks)
        : base(sinks.Set, sinks) =>
        _sinks = sinks;

    DeskSinks IDeskHost.Sinks => _sinks;
}

/// <summary>What tests of the front desk do.</summary>
internal static class DeskSteps
{
    /// <summary>A patient with a name that no message may have.</summary>
    public static Task PatientAsync(this TelehealthHost host, string id, string? mail = null) => host.StoreAsync(
        "Patient",
        id,
        $$"""
        "extension":[{{Clinic.Zone("America/New_York")}}],"name":[{"family":"Secretname"}]{{(mail is null ? "" : $$""","telecom":[{"system":"email","value":"{{mail}}"}]""")}}
        """);

    /// <summary>A virtual visit that takes an hour's first half, at that time from now.</summary>
    public static async Task<Answer> BookAsync(this TelehealthHost host, string id, TimeSpan from, string status = "booked", string? patient = null)
    {
        var start = host.Now() + from;
        var answer = await host.PutAsync(
            $"/fhir/Appointment/{id}",
            $$"""
            {"resourceType":"Appointment","id":"{{id}}","status":"{{status}}","start":"{{start:yyyy-MM-ddTHH:mm:00Z}}","end":"{{start.AddMinutes(30):yyyy-MM-ddTHH:mm:00Z}}",
             "serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],"reasonCode":[{"text":"Secretreason"}],
             "participant":[{"actor":{"reference":"Patient/{{patient ?? id}}"},"status":"accepted"},
               {"actor":{"reference":"Practitioner/{{id}}"},"status":"accepted"}]}
            """);
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
        return answer;
    }

    public static async Task ChangeAsync(this TelehealthHost host, string address, Action<JsonNode> change)
    {
        var stored = (await host.GetAsync($"/fhir/{address}")).Json;
        change(stored);
        var answer = await host.PutAsync($"/fhir/{address}", stored.ToJsonString());
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    public static async Task<string> StatusAsync(this TelehealthHost host, string address) =>
        (await host.GetAsync($"/fhir/{address}")).Json["status"]!.GetValue<string>();
}
