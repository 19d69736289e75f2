using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>A change set as the rules leave it.</summary>
/// <param name="Changes">The caller's changes, their content completed.</param>
/// <param name="Followers">What follows from them: Slots taken and freed, visits planned and cancelled, holds that ran out.</param>
/// <param name="Occupancy">The time that each Appointment and Slot among them takes from now on; empty lists for those that take none.</param>
/// <param name="Reminders">The reminders of each Appointment whose reminders change; empty lists for those that have none from now on.</param>
/// <param name="Links">The sealed links of those whose link changes; null for those that have none from now on.</param>
internal sealed record Ruled(
    ChangeSet Changes,
    ImmutableArray<Change> Followers,
    IReadOnlyDictionary<ResourceKey, IReadOnlyList<OccupancyEntry>> Occupancy,
    IReadOnlyDictionary<ResourceKey, IReadOnlyList<Reminder>> Reminders,
    IReadOnlyDictionary<ResourceKey, string?> Links)
{
    public static Ruled Unchanged(ChangeSet changes) => new(
        changes, [], ImmutableDictionary<ResourceKey, IReadOnlyList<OccupancyEntry>>.Empty, ImmutableDictionary<ResourceKey, IReadOnlyList<Reminder>>.Empty,
        ImmutableDictionary<ResourceKey, string?>.Empty);
}

/// <summary>
/// What every write of an Appointment, Slot or Encounter must keep, by whatever way it comes: the state machines, that nobody is booked twice,
/// and that the three fit together. It runs inside the transaction that writes, on rows that are locked.
/// </summary>
internal sealed partial class VisitRules(
    Database database, SearchParameterCatalog catalog, IndexWriter index, BookingSettings booking, VisitSettings visits, ReminderSettings reminders,
    ILinkSeal? seal = null)
{
    private readonly BookingRules _booking = new(booking);
    private readonly BookingSettings _settings = booking;
    private readonly VisitSettings _visits = visits;
    private readonly ILinkSeal? _seal = seal;
    private readonly Database _database = database;
    private readonly ReminderSettings _reminders = reminders;

    /// <summary>Where this server's code systems are.</summary>
    public Canonicals Canonicals => _settings.Canonicals;

    /// <summary>Whether a change falls under the rules.</summary>
    public static bool Concerns(Change change) => change.Key.Type is "Appointment" or "Slot" or "Encounter" or "Location";

    /// <summary>
    /// Completes what is created, where nothing stored has a say in it: null where something has, so that it takes
    /// <see cref="ApplyAsync"/>.
    /// </summary>
    public ChangeSet? Create(Caller caller, ChangeSet changes, DateTimeOffset now)
    {
        if (!changes.Changes.Any(Concerns))
        {
            return changes;
        }

        var made = ImmutableArray.CreateBuilder<Change>(changes.Changes.Length);
        foreach (var change in changes.Changes)
        {
            if (change is not CreateChange create || !Concerns(change))
            {
                made.Add(change);
                continue;
            }

            var resource = (DomainResource)create.Content.Resource;
            if (DependsOnStored(resource, now) || HasLink(resource))
            {
                return null;
            }

            made.Add(create with { Content = Completed(create.Content, Alone(resource, Authority(caller, changes, change.Key.Type), now)) });
        }

        return changes with { Changes = made.MoveToImmutable() };
    }

    /// <summary>Judges and completes a change set. Throws what forbids it.</summary>
    /// <param name="session">The transaction.</param>
    /// <param name="caller">Who writes.</param>
    /// <param name="changes">The changes.</param>
    /// <param name="stored">The rows they are of, locked; those locked here are added.</param>
    /// <param name="now">The time of the transaction.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<Ruled> ApplyAsync(
        Session session, Caller caller, ChangeSet changes, Dictionary<long, ResourceRow> stored, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!changes.Changes.Any(Concerns))
        {
            return Ruled.Unchanged(changes);
        }

        var records = new Records(session, _database, catalog, index, stored);
        var drafts = changes.Changes.Where(Concerns).Select(change => Draft(change, stored)).OfType<Change>().ToList();
        foreach (var draft in drafts)
        {
            records.Set(draft.Key, Wanted(draft));
        }

        // Binaries and Bundles say nothing of visits.
        foreach (var change in changes.Changes.Where(change => !Concerns(change) && change is CreateChange or PutChange or DeleteChange && change.Key.Type is not ("Binary" or "Bundle" or "Parameters")))
        {
            records.Tell(change.Key, Wanted(change));
        }

        var round = new Round(this, session, records, caller, changes, now);
        await round.LockAsync(drafts, cancellationToken);
        foreach (var draft in drafts.Where(draft => draft.Key.Type == "Location"))
        {
            round.CheckLocation(draft.Key);
        }

        // Slots first, for Appointments take them as they are to be; Appointments last, for they look at both.
        foreach (var draft in drafts.Where(draft => draft.Key.Type == "Slot"))
        {
            await round.CheckSlotAsync(draft.Key, cancellationToken);
        }

        foreach (var draft in drafts.Where(draft => draft.Key.Type == "Encounter"))
        {
            await round.CheckEncounterAsync(draft.Key, cancellationToken);
        }

        foreach (var draft in drafts.Where(draft => draft.Key.Type == "Appointment"))
        {
            await round.CheckAppointmentAsync(draft.Key, cancellationToken);
        }

        round.CheckSlotsAreAsWanted();
        return Complete(changes, drafts, records, round);
    }

    /// <summary>What a deletion leaves, or what is put: the resource of a change that says it, null for a deletion.</summary>
    private static DomainResource? Wanted(Change change)
    {
        var resource = change switch
        {
            CreateChange create => create.Content.Resource,
            PutChange put => put.Content.Resource,
            _ => null,
        };
        if (resource is not null)
        {
            resource.Id = change.Key.Id;
        }

        return (DomainResource?)resource;
    }

    /// <summary>A change with its content known; null for a deletion of nothing, and for what will be refused since it is not there.</summary>
    private static Change? Draft(Change change, Dictionary<long, ResourceRow> stored)
    {
        var row = stored.GetValueOrDefault(StorageHash.OfReference(change.Key.Type, change.Key.Id));
        return change switch
        {
            DeleteChange => row is { Deleted: false } ? change : null,
            PatchChange patch => row is { Deleted: false }
                ? new PutChange(patch.Key, patch.Apply(row.Stored())) { IfMatch = patch.IfMatch, Source = patch.Source, Basis = row.Version }
                : null,
            _ => change,
        };
    }

    private static Ruled Complete(
        ChangeSet changes, List<Change> drafts, Records records, Round round)
    {
        var own = drafts.ToDictionary(draft => draft.Key);
        var completed = changes.Changes.Select(change => own.GetValueOrDefault(change.Key) switch
        {
            CreateChange create => create with { Content = Completed(create.Content, records.Now<DomainResource>(change.Key)!) },
            PutChange put => put with { Content = Completed(put.Content, records.Now<DomainResource>(change.Key)!) },
            _ => change,
        });
        var followers = records.Changes.Where(pair => !own.ContainsKey(pair.Key)).Select(pair => pair.Value switch
        {
            null => (Change)new DeleteChange(pair.Key),
            { } resource => new PutChange(pair.Key, new ResourceContent(resource, FhirJson.Serialize(resource))),
        });
        return new Ruled(changes with { Changes = [.. completed] }, [.. followers], round.Occupancy, round.Reminders, round.Links);
    }

    /// <summary>The bytes stay as they were sent where the rules had nothing to add.</summary>
    private static ResourceContent Completed(ResourceContent sent, DomainResource resource) =>
        sent.Resource.IsExactly(resource) ? sent : new ResourceContent(resource, FhirJson.Serialize(resource));

    private static TransitionAuthority Authority(Caller caller, ChangeSet changes, string type) =>
        changes.IsOperation ? TransitionAuthority.Server
        : caller.IsStaffFor(type) ? TransitionAuthority.Staff
        : TransitionAuthority.Anyone;

    private static bool DependsOnStored(DomainResource resource, DateTimeOffset now) => resource switch
    {
        Appointment appointment => AppointmentStates.IsActive(appointment.Status) && !AppointmentStates.IsImport(appointment, now),
        Slot slot => slot.Status == Slot.SlotStatus.BusyUnavailable,
        Encounter encounter => encounter.Appointment.Count > 0 && !EncounterStates.IsOver(encounter.Status),
        _ => false,
    };

    /// <summary>What becomes of a new resource that depends on nothing stored.</summary>
    private DomainResource Alone(DomainResource resource, TransitionAuthority by, DateTimeOffset now)
    {
        var open = WithoutSessionKeys(resource);
        switch (open)
        {
            case Appointment appointment:
                Demand(AppointmentStates.Check(null, appointment, new AppointmentChange(by, now)));
                break;
            case Encounter encounter:
                Demand(EncounterShape.Check(encounter));
                return EncounterHistory.IsKept(encounter) ? encounter : EncounterHistory.Keep(null, encounter, now);
        }

        return open;
    }

    private static T WithoutSessionKeys<T>(T resource)
        where T : DomainResource
    {
        if (!resource.GetExtensions(VirtualServiceDetail.UrlOn(resource.TypeName)).Any())
        {
            return resource;
        }

        var open = (T)resource.DeepCopy();
        return VirtualServiceDetail.RemoveSessionKeys(open) ? open : resource;
    }

    private void Demand(Refusal? refusal)
    {
        if (refusal is not null)
        {
            throw refusal.ToException(Canonicals);
        }
    }
}
