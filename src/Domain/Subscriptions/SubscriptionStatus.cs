using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>Why a notification is sent, or a status told; the codes of the Backport guide.</summary>
public static class NotificationType
{
    /// <summary>The subscription is about to start.</summary>
    public const string Handshake = "handshake";

    /// <summary>There is nothing to tell, but all is well.</summary>
    public const string Heartbeat = "heartbeat";

    /// <summary>Something happened.</summary>
    public const string EventNotification = "event-notification";

    /// <summary>Somebody asked how far it is.</summary>
    public const string QueryStatus = "query-status";

    /// <summary>Somebody asked for events.</summary>
    public const string QueryEvent = "query-event";
}

/// <summary>
/// How far a Subscription is, as Parameters of the profile backport-subscription-status-r4
/// (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/StructureDefinition-backport-subscription-status-r4.html).
/// </summary>
public static class SubscriptionStatus
{
    private const string Profile = SubscriptionRules.Guide + "backport-subscription-status-r4";

    /// <summary>The Parameters.</summary>
    /// <param name="record">The Subscription.</param>
    /// <param name="type">One of <see cref="NotificationType"/>.</param>
    /// <param name="events">The events that are told of.</param>
    /// <param name="namesFocus">Whether it is told what they are about.</param>
    /// <param name="settings">The settings.</param>
    public static Parameters Of(
        SubscriptionRecord record, string type, IEnumerable<SubscriptionEvent> events, bool namesFocus, SubscriptionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(settings);
        var status = new Parameters { Meta = new Meta { Profile = [Profile] } };
        status.Add("subscription", new ResourceReference($"{settings.FhirBase}/Subscription/{record.Id}"));
        if (record.Plan.Topic is { } topic)
        {
            status.Add("topic", new Canonical(TopicCatalog.UrlOf(topic, settings.Canonicals)));
        }

        status.Add("status", new Code(CodeOf(record.State)));
        status.Add("type", new Code(type));
        status.Add("events-since-subscription-start", Number(record.Last));
        foreach (var one in events)
        {
            var part = new Parameters.ParameterComponent { Name = "notification-event" };
            part.Part.Add(new() { Name = "event-number", Value = Number(one.Number) });
            part.Part.Add(new() { Name = "timestamp", Value = Moment.Instant(one.Happened) });
            if (namesFocus)
            {
                part.Part.Add(new() { Name = "focus", Value = new ResourceReference($"{settings.FhirBase}/{one.Focus.Type}/{one.Focus.Id}") });
            }

            status.Parameter.Add(part);
        }

        if (type == NotificationType.QueryStatus && record.Note.Length > 0)
        {
            status.Add("error", new CodeableConcept { Text = record.Note });
        }

        return status;
    }

    /// <summary>The code of a state.</summary>
    public static string CodeOf(SubscriptionState state) => state switch
    {
        SubscriptionState.Requested => "requested",
        SubscriptionState.Active => "active",
        SubscriptionState.Error => "error",
        _ => "off",
    };

    // R4 has no integer of 64 bits, so the guide has numbers as text.
    private static FhirString Number(long number) => new(number.ToString(CultureInfo.InvariantCulture));
}
