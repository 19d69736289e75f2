using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Subscriptions;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Subscriptions;

/// <summary>Writes the status that the server gives a Subscription: a new version, like any other change.</summary>
internal sealed class SubscriptionStates(IResourceStore store, TimeProvider clock)
{
    private static readonly Caller _job = Caller.System("subscriptions");

    /// <summary>Sets it, unless somebody has changed the status meanwhile: what they want comes first.</summary>
    public async Task SetAsync(SubscriptionRecord record, SubscriptionState state, string? error, CancellationToken cancellationToken)
    {
        var (from, to) = (StatusOf(record.State), StatusOf(state));
        var change = new PatchChange(new ResourceKey("Subscription", record.Id), stored =>
        {
            var subscription = (Subscription)FhirJson.Parse(stored.Json);
            var isOutrun = subscription.Status != from || (record.State == SubscriptionState.Requested && stored.Key.Version != record.Asked);
            if (isOutrun)
            {
                return new ResourceContent(subscription, stored.Json);
            }

            (subscription.Status, subscription.Error) = (to, error);
            return new ResourceContent(subscription, FhirJson.Serialize(subscription));
        });
        try
        {
            await store.CommitAsync(
                _job,
                ChangeSet.Of(change) with { Audit = AuditEntry.By(_job, AuditKind.Rest, "update", clock.GetUtcNow()), IsOperation = true },
                cancellationToken);
        }
        catch (FhirException) when (!cancellationToken.IsCancellationRequested)
        {
            // It was deleted, or others are at it: the next look tells.
        }
    }

    private static Subscription.SubscriptionStatus StatusOf(SubscriptionState state) => state switch
    {
        SubscriptionState.Requested => Subscription.SubscriptionStatus.Requested,
        SubscriptionState.Active => Subscription.SubscriptionStatus.Active,
        SubscriptionState.Error => Subscription.SubscriptionStatus.Error,
        _ => Subscription.SubscriptionStatus.Off,
    };
}
