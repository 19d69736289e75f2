using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>Settings of subscriptions.</summary>
internal sealed class SubscriptionOptions
{
    /// <summary>Beginnings of addresses that need be neither https nor public.</summary>
    public IReadOnlyList<string> AllowedCallbacks { get; set; } = [];

    /// <summary>For so long a delivery that fails is tried again, before the subscription is in error.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(3);

    /// <summary>For so long a handshake that fails is tried again.</summary>
    public TimeSpan HandshakeFor { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>For so long events are kept.</summary>
    public TimeSpan EventsKept { get; set; } = TimeSpan.FromDays(14);

    /// <summary>So many that are not off a user has through one client; a client of its own has ten times that.</summary>
    public int MostPerSubscriber { get; set; } = 100;

    public SubscriptionSettings SettingsFor(Canonicals canonicals, string fhirBase, bool sendsMail) => new(canonicals, fhirBase)
    {
        AllowedCallbacks = [.. AllowedCallbacks],
        GiveUpAfter = GiveUpAfter,
        HandshakeFor = HandshakeFor,
        EventsKept = EventsKept,
        MostPerSubscriber = MostPerSubscriber,
        SendsMail = sendsMail,
    };

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<string> Faults()
    {
        if (AllowedCallbacks.Any(text => !Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0))
        {
            yield return "Subscriptions:AllowedCallbacks are beginnings of http or https addresses, for example http://127.0.0.1:9000/.";
        }

        if (GiveUpAfter < TimeSpan.FromMinutes(1) || HandshakeFor < TimeSpan.FromSeconds(1) || HandshakeFor > GiveUpAfter)
        {
            yield return "Subscriptions:GiveUpAfter is a minute or more, and Subscriptions:HandshakeFor from a second up to it.";
        }

        if (EventsKept < GiveUpAfter)
        {
            yield return "Subscriptions:EventsKept is at least Subscriptions:GiveUpAfter.";
        }

        if (MostPerSubscriber is < 1 or > 10_000)
        {
            yield return "Subscriptions:MostPerSubscriber is from 1 to 10000.";
        }
    }
}
