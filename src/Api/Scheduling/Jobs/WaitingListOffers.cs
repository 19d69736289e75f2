using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Jobs;

/// <summary>
/// Offers every Slot that becomes free to the patient on the waiting list whom it suits best. When the offer runs out the Slot becomes free once
/// more, and with that it is the turn of the next.
/// </summary>
internal sealed class WaitingListOffers(BookingDesk desk, BookingSettings settings, IReceipts receipts) : IChangeFollower
{
    /// <summary>So many are asked in vain, since they are busy then or hold enough, before the Slot is left to whoever finds it.</summary>
    private const int MostTried = 50;

    private static readonly Caller _job = Caller.System("waiting-list");

    public string Name => "waiting list";

    public bool Wants(string type) => type == "Slot" && settings.OfferFor > TimeSpan.Zero;

    public async Task FollowAsync(ImmutableArray<CommittedChange> changes, CancellationToken cancellationToken)
    {
        foreach (var change in changes.Where(change => change is { Event: "", Resource.IsDeleted: false, Previous.IsDeleted: false }))
        {
            if (WaitingList.IsFreed((Slot)FhirJson.Parse(change.Previous!.Json), (Slot)FhirJson.Parse(change.Resource.Json), desk.Now))
            {
                await OfferAsync(change.Resource.Key, cancellationToken);
            }
        }
    }

    private async Task OfferAsync(ResourceKey freed, CancellationToken cancellationToken)
    {
        // Told of the same change again, after a crash or by two who both believe that it is theirs, it is offered no second time.
        var receipt = new Receipt($"waiting-list\n{freed}", "");
        var waiting = await desk.AllAsync<Appointment>([new("status", "waitlist")], cancellationToken);
        if (waiting.Count == 0 || await receipts.FindAsync(receipt.Key, cancellationToken) is not null
            || await desk.FindAsync<Slot>(new ResourceKey("Slot", freed.Id), cancellationToken) is not { Status: Slot.SlotStatus.Free } slot
            || (await desk.SchedulesAsync([slot], cancellationToken)) is not [var calendar])
        {
            return;
        }

        var roles = await desk.RolesAsync(waiting, cancellationToken);
        foreach (var wish in WaitingList.Rank(waiting, slot, calendar, name => Occupancy.ActorOf(name, roles), desk.Canonicals).Take(MostTried))
        {
            if (await TryAsync(wish, slot, receipt, cancellationToken))
            {
                return;
            }
        }
    }

    /// <summary>Whether there is no more to be done: it was offered, or somebody has the time.</summary>
    private async Task<bool> TryAsync(Appointment wish, Slot slot, Receipt receipt, CancellationToken cancellationToken)
    {
        try
        {
            var wished = (Appointment)wish.DeepCopy();
            wished.Slot = [new ResourceReference($"Slot/{slot.Id}")];
            var facts = await desk.FactsAsync(wished, isStored: true, cancellationToken);
            var change = desk.Change(new ResourceKey("Appointment", wish.Id!), stored => desk.Rules.Offer(facts with { Appointment = stored }));
            await desk.Server.Store.CommitAsync(_job, desk.ByJob(_job, [change]) with { Receipt = receipt }, cancellationToken);
            return true;
        }
        catch (FhirException refused) when (!cancellationToken.IsCancellationRequested)
        {
            // Who waits may have been booked meanwhile, be busy then, or hold enough: then it is the next one's. A time that is gone is nobody's.
            return refused.Status == HttpStatusCode.Conflict
                && refused.Outcome.Issue.Exists(issue => issue.Details?.Coding.Exists(coding => coding.Code == "slot-unavailable") == true);
        }
    }
}
