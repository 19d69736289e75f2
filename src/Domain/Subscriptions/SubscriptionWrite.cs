using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>What becomes of a Subscription that a client writes.</summary>
/// <param name="Resource">As it is to be stored: without secrets, marked with whose it is.</param>
/// <param name="Plan">What it asks for.</param>
/// <param name="IsRequested">Whether it is to start, or to start again, for whoever writes it now.</param>
public sealed record SubscriptionWrite(Subscription Resource, SubscriptionPlan Plan, bool IsRequested)
{
    /// <summary>
    /// Clients set the status to requested or off; what the server made of it (active, error) they may send back where they change nothing of
    /// what goes out, as a patch of another element does.
    /// </summary>
    /// <param name="caller">Who writes.</param>
    /// <param name="before">The current version; null where there is none.</param>
    /// <param name="kept">What it asks for; null where there is none.</param>
    /// <param name="sent">What is to be stored.</param>
    /// <param name="rules">The rules of Subscriptions.</param>
    /// <param name="canonicals">Where the mark of whose it is, and the extension of secrets, are named.</param>
    public static Decision<SubscriptionWrite> Decide(
        Caller caller, Subscription? before, SubscriptionPlan? kept, Subscription sent, SubscriptionRules rules, Canonicals canonicals)
    {
        ArgumentNullException.ThrowIfNull(sent);
        ArgumentNullException.ThrowIfNull(rules);
        var judged = rules.Judge(sent, kept);
        if (!judged.IsAllowed)
        {
            return judged.Refusal;
        }

        var isKept = !SubscriptionRules.IsForClients(sent.Status);
        if (isKept && (kept is null || before?.Status != sent.Status || !kept.IsAlike(judged.Value)))
        {
            return Refusal.BusinessRule(
                "status-is-the-servers",
                "A client sets the status to requested or off; the server makes it active or error. To change what goes out, send it as requested.",
                "Subscription.status");
        }

        var isRequested = sent.Status == Subscription.SubscriptionStatus.Requested;
        var patient = isRequested || before is null ? SubscriptionOwner.PatientOf(caller) : SubscriptionOwner.PatientIn(before.Meta, canonicals);
        var marked = SubscriptionOwner.PatientIn(sent.Meta, canonicals);
        var stored = SubscriptionSecrets.Masked(sent, canonicals);
        var error = isKept ? before?.Error : null;
        if (marked != patient || stored.Error != error)
        {
            stored = ReferenceEquals(stored, sent) ? (Subscription)sent.DeepCopy() : stored;
            stored.Error = error;
            stored.Meta = SubscriptionOwner.Mark(stored.Meta, patient, canonicals);
        }

        return new SubscriptionWrite(stored, judged.Value, isRequested);
    }
}
