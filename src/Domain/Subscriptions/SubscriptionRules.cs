using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>
/// Judges Subscriptions, in the R4 form of the Backport guide (https://hl7.org/fhir/uv/subscriptions-backport/) or as R4 has them, with a search
/// as criteria. What cannot be honoured is refused when it is written, not later.
/// </summary>
/// <param name="settings">The settings.</param>
/// <param name="parser">Reads filters, as it reads searches.</param>
public sealed partial class SubscriptionRules(SubscriptionSettings settings, SearchQueryParser parser)
{
    /// <summary>Under this the guide names its extensions and profiles.</summary>
    public const string Guide = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";

    /// <summary>The shortest silence after which a heartbeat can be asked for, in seconds.</summary>
    public const int ShortestHeartbeat = 10;

    /// <summary>The longest time that a delivery may take, in seconds.</summary>
    public const int LongestTimeout = 30;

    /// <summary>The most events that a notification may be asked to have.</summary>
    public const int LargestCount = 100;

    private const int MostHeaders = 20;
    private const int LongestText = 4_000;

    private static readonly ImmutableArray<string> _ownHeaders =
        ["connection", "content-encoding", "content-length", "content-type", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

    /// <summary>What a client may set the status to.</summary>
    public static bool IsForClients(Subscription.SubscriptionStatus? status) =>
        status is Subscription.SubscriptionStatus.Requested or Subscription.SubscriptionStatus.Off;

    /// <summary>What it asks for, or why that cannot be.</summary>
    /// <param name="sent">The Subscription.</param>
    /// <param name="kept">What is kept of the same one, whose secrets masks stand for; null where there is none.</param>
    public Decision<SubscriptionPlan> Judge(Subscription sent, SubscriptionPlan? kept)
    {
        ArgumentNullException.ThrowIfNull(sent);
        var (plan, refusal) = Criteria(sent);
        if (plan is null)
        {
            return refusal!;
        }

        if (Channel(sent, ref plan, kept) is { } fault)
        {
            return fault;
        }

        return plan with { End = sent.End };
    }

    /// <summary>
    /// The conditions that a filter stands for: a search of the type with any of its parameters, so far as one resource by itself can be judged by
    /// them. Throws 422.
    /// </summary>
    public ImmutableArray<Criterion> Conditions(string type, string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Length == 0)
        {
            return [];
        }

        var pairs = filter.Split('&').Select(pair => pair.Split('=', 2))
            .Select(pair => KeyValuePair.Create(WebUtility.UrlDecode(pair[0]), pair.Length == 2 ? WebUtility.UrlDecode(pair[1]) : "")).ToList();
        SearchQuery query;
        try
        {
            query = parser.Parse([type], pairs, strict: true);
        }
        catch (FhirException wrong)
        {
            throw FhirException.BusinessRule(wrong.Message, "Subscription.criteria");
        }

        if (query.Criteria.Length != pairs.Count)
        {
            throw FhirException.BusinessRule("A filter has conditions alone; paging, order, inclusion and the like are no conditions.", "Subscription.criteria");
        }

        return query.Criteria.All(IsOfItself)
            ? query.Criteria
            : throw FhirException.BusinessRule(
                "A filter judges a resource by itself: it has no chain, _has, _list or words, and none of :in, :not-in, :above and :below on codes.", "Subscription.criteria");
    }

    private (SubscriptionPlan? Plan, Refusal? Refusal) Criteria(Subscription sent)
    {
        var criteria = sent.Criteria ?? "";
        var filters = (sent.CriteriaElement?.GetExtensions(Guide + "backport-filter-criteria") ?? [])
            .Select(extension => (extension.Value as FhirString)?.Value ?? "").ToList();
        if (criteria.Length > LongestText || filters.Sum(filter => filter.Length) > LongestText)
        {
            return (null, Refusal.BusinessRule("filter-invalid", $"Criteria and filters may have {LongestText} characters each.", "Subscription.criteria"));
        }

        string? topic = null;
        if (TopicCatalog.NameIn(criteria, settings.Canonicals) is { } name)
        {
            if (TopicCatalog.Find(name) is not { } found)
            {
                return (null, UnknownTopic);
            }

            topic = found.Name;
            criteria = found.Focus;
        }
        else if (!ResourceCatalog.IsKnown(criteria.Split('?')[0]))
        {
            return (null, UnknownTopic);
        }
        else if (criteria.Split('?')[0] == "AuditEvent")
        {
            // They follow the log and leave nothing in the outbox: such a subscription would never have an event.
            return (null, Refusal.BusinessRule("topic-unknown", "AuditEvents cannot be subscribed to; they are searched.", "Subscription.criteria"));
        }

        var type = criteria.Split('?')[0];
        var parts = new List<string>();
        foreach (var filter in filters.Append(criteria).Distinct())
        {
            var cut = filter.Split('?', 2);
            if (cut[0] != type)
            {
                return (null, Refusal.BusinessRule("filter-invalid", $"Filters of this subscription are searches of {type}, for example {type}?_id=1.", "Subscription.criteria.extension"));
            }

            if (cut is [_, { Length: > 0 } conditions])
            {
                parts.Add(conditions);
            }
        }

        var joined = string.Join('&', parts);
        try
        {
            Conditions(type, joined);
        }
        catch (FhirException wrong)
        {
            return (null, Refusal.BusinessRule("filter-invalid", wrong.Message, topic is null ? "Subscription.criteria" : "Subscription.criteria.extension"));
        }

        return (new SubscriptionPlan { Topic = topic, Type = type, Filter = joined }, null);
    }

    private Refusal UnknownTopic => Refusal.BusinessRule(
        "topic-unknown",
        $"Criteria are the canonical URL of a topic of this server, {TopicCatalog.UrlOf("", settings.Canonicals)}..., or a search as R4 has it, for example Observation?code=85354-9.",
        "Subscription.criteria");

    private Refusal? Channel(Subscription sent, ref SubscriptionPlan plan, SubscriptionPlan? kept)
    {
        if (sent.Channel is not { } channel)
        {
            return Refusal.BusinessRule("channel-unsupported", "A channel is needed.", "Subscription.channel");
        }

        switch (channel.Type)
        {
            case Subscription.SubscriptionChannelType.RestHook:
                if (channel.Endpoint?.Length > LongestText || settings.FaultOf(channel.Endpoint) is not null)
                {
                    return Refusal.BusinessRule("endpoint-forbidden", $"The endpoint {settings.FaultOf(channel.Endpoint) ?? "is too long"}.", "Subscription.channel.endpoint");
                }

                plan = plan with { Channel = SubscriptionChannel.RestHook, Endpoint = channel.Endpoint! };
                break;
            case Subscription.SubscriptionChannelType.Websocket:
                if (!string.IsNullOrEmpty(channel.Endpoint))
                {
                    return Refusal.BusinessRule("endpoint-forbidden", "A socket is opened by the subscriber, so there is no endpoint.", "Subscription.channel.endpoint");
                }

                plan = plan with { Channel = SubscriptionChannel.Websocket };
                break;
            case Subscription.SubscriptionChannelType.Email when settings.SendsMail:
                if (channel.Endpoint is not { } mail || !Mailbox().IsMatch(mail))
                {
                    return Refusal.BusinessRule("endpoint-forbidden", "The endpoint of e-mail is one address, mailto:somebody@example.org.", "Subscription.channel.endpoint");
                }

                plan = plan with { Channel = SubscriptionChannel.Email, Endpoint = mail };
                break;
            default:
                return Refusal.BusinessRule(
                    "channel-unsupported",
                    settings.SendsMail ? "The channel is rest-hook, websocket or email." : "The channel is rest-hook or websocket.",
                    "Subscription.channel.type");
        }

        return Payload(channel, ref plan) ?? Headers(sent, ref plan, kept) ?? Numbers(channel, ref plan);
    }

    private static Refusal? Payload(Subscription.ChannelComponent channel, ref SubscriptionPlan plan)
    {
        var mime = channel.Payload?.Split(';')[0].Trim() ?? "";
        if (mime is not ("" or "application/fhir+json" or "application/fhir+xml"))
        {
            return Refusal.BusinessRule("payload-unsupported", "The payload is application/fhir+json or application/fhir+xml.", "Subscription.channel.payload");
        }

        var contents = (channel.PayloadElement?.GetExtensions(Guide + "backport-payload-content") ?? []).Select(extension => extension.Value?.ToString()).Distinct().ToList();
        PayloadContent? content = contents switch
        {
            [] or ["id-only"] => PayloadContent.IdOnly,
            ["empty"] => PayloadContent.Empty,
            ["full-resource"] when plan.Channel != SubscriptionChannel.Email => PayloadContent.FullResource,
            _ => null,
        };
        if (content is null)
        {
            return Refusal.BusinessRule(
                "payload-unsupported",
                "The content is empty, id-only or full-resource; by e-mail it is empty or id-only.",
                "Subscription.channel.payload.extension");
        }

        plan = plan with { IsXml = mime.EndsWith("xml", StringComparison.Ordinal), Content = content.Value };
        return null;
    }

    private Refusal? Headers(Subscription sent, ref SubscriptionPlan plan, SubscriptionPlan? kept)
    {
        var headers = SubscriptionSecrets.HeadersOf(sent, kept);
        if (headers.Length > MostHeaders || headers.Any(header => header.Length > LongestText || !Header().IsMatch(header) || IsOwn(SubscriptionSecrets.NameOf(header))))
        {
            return Refusal.BusinessRule(
                "header-invalid",
                $"A header is written Name: value, in ASCII; there are up to {MostHeaders}, and none that is the server's own.",
                "Subscription.channel.header");
        }

        var secret = SubscriptionSecrets.SecretOf(sent, kept, settings.Canonicals);
        if (secret is not null && SubscriptionSecrets.KeyOf(secret) is null)
        {
            return Refusal.BusinessRule("secret-invalid", "The secret is 24 to 64 bytes in base64, with or without whsec_ before it.", "Subscription.channel.extension");
        }

        plan = plan with { Headers = headers, Secret = secret };
        return null;
    }

    private static bool IsOwn(string name) =>
        _ownHeaders.Contains(name, StringComparer.OrdinalIgnoreCase)
        || name.StartsWith("webhook-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("proxy-", StringComparison.OrdinalIgnoreCase);

    private static Refusal? Numbers(Subscription.ChannelComponent channel, ref SubscriptionPlan plan)
    {
        const string Expression = "Subscription.channel.extension";
        var heartbeat = Number(channel, "backport-heartbeat-period");
        var timeout = Number(channel, "backport-timeout");
        var count = Number(channel, "backport-max-count");
        if (heartbeat < ShortestHeartbeat)
        {
            return Refusal.BusinessRule("heartbeat-too-short", $"The heartbeat period is {ShortestHeartbeat} seconds or more.", Expression);
        }

        if (timeout is < 1 or > LongestTimeout)
        {
            return Refusal.BusinessRule("timeout-unsupported", $"The timeout is from 1 to {LongestTimeout} seconds.", Expression);
        }

        if (count < 1)
        {
            return Refusal.BusinessRule("max-count-unsupported", "A notification has one event or more.", Expression);
        }

        plan = plan with
        {
            Heartbeat = plan.Channel == SubscriptionChannel.Email ? 0 : (int)Math.Min(heartbeat ?? 0, int.MaxValue),
            Timeout = (int)(timeout ?? 0),
            MaxCount = (int)Math.Min(count ?? 1, LargestCount),
        };
        return null;
    }

    private static long? Number(Subscription.ChannelComponent channel, string name) => channel.GetExtension(Guide + name)?.Value switch
    {
        UnsignedInt { Value: { } value } => value,
        PositiveInt { Value: { } value } => value,
        Integer { Value: { } value } => value,
        null => null,
        _ => -1,
    };

    private static bool IsOfItself(Criterion criterion) => criterion switch
    {
        ValueCriterion or MissingCriterion => true,
        NotCriterion not => IsOfItself(not.Criterion),
        AllCriterion all => all.Parts.All(IsOfItself),
        AnyCriterion any => any.Alternatives.All(IsOfItself),
        _ => false,
    };

    [GeneratedRegex(@"^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7E]*$", RegexOptions.ECMAScript)]
    private static partial Regex Header();

    [GeneratedRegex(@"^mailto:[A-Za-z0-9.!#$%&'*+/=^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
    private static partial Regex Mailbox();
}
