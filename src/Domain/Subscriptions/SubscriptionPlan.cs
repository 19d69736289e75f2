using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>How notifications go.</summary>
public enum SubscriptionChannel
{
    /// <summary>Each is a POST to an address.</summary>
    RestHook,

    /// <summary>Over a socket that the subscriber opens.</summary>
    Websocket,

    /// <summary>Each is an e-mail.</summary>
    Email,
}

/// <summary>How much notifications tell.</summary>
public enum PayloadContent
{
    /// <summary>That something happened.</summary>
    Empty,

    /// <summary>And to what.</summary>
    IdOnly,

    /// <summary>And the resource as it was then.</summary>
    FullResource,
}

/// <summary>
/// What a Subscription asks for, once it was judged: what its events are and how they go out. Secrets are here and not in the resource, so
/// that nobody who reads, searches or exports it sees them.
/// </summary>
public sealed record SubscriptionPlan
{
    private static readonly JsonSerializerOptions _json = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The topic's name; null where the criteria are a search of R4.</summary>
    public string? Topic { get; init; }

    /// <summary>The type of what events are about.</summary>
    public required string Type { get; init; }

    /// <summary>The search that the focus must match, without the type; empty where every one does.</summary>
    public string Filter { get; init; } = "";

    /// <summary>How notifications go.</summary>
    public SubscriptionChannel Channel { get; init; }

    /// <summary>The address that they go to; empty for a socket.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>Whether they are XML.</summary>
    public bool IsXml { get; init; }

    /// <summary>How much they tell.</summary>
    public PayloadContent Content { get; init; } = PayloadContent.IdOnly;

    /// <summary>Headers that go along, as <c>Name: value</c>.</summary>
    public ImmutableArray<string> Headers { get; init; } = [];

    /// <summary>What notifications are signed with, <c>whsec_</c> and base64; null where they are not.</summary>
    public string? Secret { get; init; }

    /// <summary>After so many seconds of silence the subscriber is told that there is nothing; 0 for never.</summary>
    public int Heartbeat { get; init; }

    /// <summary>The most seconds that a delivery may take; 0 where the server decides.</summary>
    public int Timeout { get; init; }

    /// <summary>The most events of one notification.</summary>
    public int MaxCount { get; init; } = 1;

    /// <summary>When it ends; null for never.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>Whether what goes out, to where and about what, is the same: all but the end.</summary>
    public bool IsAlike(SubscriptionPlan other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Comparable(this) == Comparable(other);

        static string Comparable(SubscriptionPlan plan) => (plan with { End = null }).Write();
    }

    /// <summary>As text, for the database.</summary>
    public string Write() => JsonSerializer.Serialize(this with { Headers = Headers.IsDefault ? [] : Headers }, _json);

    /// <summary>From the text that <see cref="Write"/> gave.</summary>
    public static SubscriptionPlan Read(string text)
    {
        var plan = JsonSerializer.Deserialize<SubscriptionPlan>(text, _json)!;
        return plan.Headers.IsDefault ? plan with { Headers = [] } : plan;
    }
}
