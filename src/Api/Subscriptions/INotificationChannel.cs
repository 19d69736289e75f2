using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>A way by which notifications are sent.</summary>
internal interface INotificationChannel
{
    SubscriptionChannel Channel { get; }

    /// <summary>Sends, or throws <see cref="DeliveryException"/> or whatever else went wrong; it is tried again then.</summary>
    Task SendAsync(SubscriptionPlan plan, Notification notification, CancellationToken cancellationToken);
}

/// <summary>A delivery that failed, in words that may be shown to who reads the Subscription.</summary>
internal sealed class DeliveryException(string message) : Exception(message)
{
    /// <summary>It cannot get better by itself.</summary>
    public bool IsFinal { get; init; }
}
