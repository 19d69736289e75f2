using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Subscriptions;

/// <summary>A server with subscribers.</summary>
internal interface ISubscriptionHost
{
    HookSink Sink { get; }

    SmtpSink Mail { get; }

    void Set(IWebHostBuilder builder);
}

/// <summary>The subscribers of a server.</summary>
internal sealed class Subscribers : IAsyncDisposable
{
    public HookSink Sink { get; private set; } = null!;

    public SmtpSink Mail { get; } = new();

    public async Task StartAsync() => Sink = await HookSink.StartAsync();

    public void Set(IWebHostBuilder builder)
    {
        FindClock.Set(builder);
        builder.UseSetting("Subscriptions:AllowedCallbacks:0", Sink.Origin + "/");
        builder.UseSetting("Reminders:Channels:0", "none");
        builder.UseSetting("Reminders:Mail:Host", "127.0.0.1").UseSetting("Reminders:Mail:Port", $"{Mail.Port}");
        builder.UseSetting("Reminders:Mail:Security", "None").UseSetting("Reminders:Mail:From", "clinic@example.org");
    }

    public async ValueTask DisposeAsync()
    {
        await Sink.DisposeAsync();
        await Mail.DisposeAsync();
    }
}

/// <summary>A server that has subscribers.</summary>
public sealed class SqliteSubscriptionHost : TelehealthHost, ISubscriptionHost
{
    private readonly Subscribers _subscribers;

    public SqliteSubscriptionHost()
        : this(new Subscribers())
    {
    }

    private SqliteSubscriptionHost(Subscribers subscribers)
        : base(subscribers.Set) =>
        _subscribers = subscribers;

    HookSink ISubscriptionHost.Sink => _subscribers.Sink;

    SmtpSink ISubscriptionHost.Mail => _subscribers.Mail;

    void ISubscriptionHost.Set(IWebHostBuilder builder) => _subscribers.Set(builder);

    public override async ValueTask InitializeAsync()
    {
        await _subscribers.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _subscribers.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <inheritdoc cref="SqliteSubscriptionHost"/>
public sealed class PostgreSqlSubscriptionHost : PostgreSqlHost, ISubscriptionHost
{
    private readonly Subscribers _subscribers;

    public PostgreSqlSubscriptionHost()
        : this(new Subscribers())
    {
    }

    private PostgreSqlSubscriptionHost(Subscribers subscribers)
        : base(subscribers.Set) =>
        _subscribers = subscribers;

    HookSink ISubscriptionHost.Sink => _subscribers.Sink;

    SmtpSink ISubscriptionHost.Mail => _subscribers.Mail;

    void ISubscriptionHost.Set(IWebHostBuilder builder) => _subscribers.Set(builder);

    public override async ValueTask InitializeAsync()
    {
        await _subscribers.StartAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _subscribers.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What tests of subscriptions do.</summary>
internal static class SubscriptionSteps
{
    public const string Guide = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";
    public const string Topics = "https://telefhir.dev/fhir/SubscriptionTopic/";

    /// <summary>A Subscription as a client writes it.</summary>
    public static JsonObject Subscription(
        string id, string criteria, string? endpoint, string? filter = null, string? content = null, string type = "rest-hook", int heartbeat = 0, int maxCount = 0, string? status = null)
    {
        var extensions = new JsonArray();
        if (heartbeat > 0)
        {
            extensions.Add(new JsonObject { ["url"] = Guide + "backport-heartbeat-period", ["valueUnsignedInt"] = heartbeat });
        }

        if (maxCount > 0)
        {
            extensions.Add(new JsonObject { ["url"] = Guide + "backport-max-count", ["valuePositiveInt"] = maxCount });
        }

        var channel = new JsonObject { ["type"] = type, ["payload"] = "application/fhir+json" };
        if (endpoint is not null)
        {
            channel["endpoint"] = endpoint;
        }

        if (content is not null)
        {
            channel["_payload"] = new JsonObject { ["extension"] = new JsonArray(new JsonObject { ["url"] = Guide + "backport-payload-content", ["valueCode"] = content }) };
        }

        if (extensions.Count > 0)
        {
            channel["extension"] = extensions;
        }

        var subscription = new JsonObject
        {
            ["resourceType"] = "Subscription",
            ["id"] = id,
            ["status"] = status ?? "requested",
            ["reason"] = "Test.",
            ["criteria"] = criteria,
            ["channel"] = channel,
        };
        if (filter is not null)
        {
            subscription["_criteria"] = new JsonObject { ["extension"] = new JsonArray(new JsonObject { ["url"] = Guide + "backport-filter-criteria", ["valueString"] = filter }) };
        }

        return subscription;
    }

    /// <summary>Writes it and waits until it is active.</summary>
    public static async Task SubscribeAsync(this TelehealthHost host, JsonObject subscription, params string[] headers)
    {
        var id = subscription["id"]!.GetValue<string>();
        var answer = await host.PutAsync($"/fhir/Subscription/{id}", subscription.ToJsonString(), headers);
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
        await host.BecomesAsync(id, "active", headers);
    }

    public static Task BecomesAsync(this TelehealthHost host, string id, string status, params string[] headers) => EventuallyAsync(
        async () => (await host.GetAsync($"/fhir/Subscription/{id}", headers)).Json["status"]?.GetValue<string>() == status, $"{id} does not become {status}.");

    public static async Task KeepAsync(this TelehealthHost host, string type, string id, string members, params string[] headers)
    {
        var answer = await host.PutAsync($"/fhir/{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }""", headers);
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }

    /// <summary>Writes another state of what keeps a history of them, which stays as the server wrote it.</summary>
    public static async Task ChangedAsync(this TelehealthHost host, string type, string id, string members)
    {
        var stored = await host.GetAsync($"/fhir/{type}/{id}");
        if (stored.Status != HttpStatusCode.OK)
        {
            await host.KeepAsync(type, id, members);
            return;
        }

        var changed = stored.Json.AsObject();
        foreach (var (name, value) in JsonNode.Parse($"{{{members}}}")!.AsObject().ToList())
        {
            changed[name] = value!.DeepClone();
        }

        var answer = await host.PutAsync($"/fhir/{type}/{id}", changed.ToJsonString());
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    public static Task ObserveAsync(this TelehealthHost host, string id, string patient, params string[] headers) => host.KeepAsync(
        "Observation", id, $$""" "status":"final","code":{"text":"Secretcode"},"subject":{"reference":"Patient/{{patient}}","display":"Secretname"} """, headers);

    public static async Task EventuallyAsync(Func<Task<bool>> isSo, string otherwise)
    {
        for (var tries = 0; !await isSo(); tries++)
        {
            Assert.True(tries < 300, otherwise);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    public static Task EventuallyAsync(Func<bool> isSo, string otherwise) => EventuallyAsync(() => Task.FromResult(isSo()), otherwise);
}
