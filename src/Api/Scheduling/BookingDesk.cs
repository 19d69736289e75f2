using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// What the operations on Appointments work with. To decide, the desk sees the whole calendar, which the caller need not; what it writes is
/// written as the caller, and what a write brings with it the store adds by itself.
/// </summary>
internal sealed class BookingDesk(FhirServer server, BookingSettings settings, ScheduleDirectory directory, IReceipts receipts)
{
    private const int PageSize = 1000;
    private static readonly Caller _desk = Caller.System("front-desk");

    public FhirServer Server => server;

    public Canonicals Canonicals => settings.Canonicals;

    public BookingRules Rules { get; } = new(settings);

    public DateTimeOffset Now => Moment.Whole(server.Clock.GetUtcNow());

    /// <summary>An Appointment that the caller sees, stored or proposed.</summary>
    public async Task<(Appointment Appointment, bool IsStored)> ReadAsync(Caller caller, ResourceKey key, CancellationToken cancellationToken)
    {
        if (key.Type != "Appointment")
        {
            throw FhirException.Invalid($"{key} is no Appointment.");
        }

        if (ProposalId.TryParse(key.Id, out var id))
        {
            var proposal = (await server.Proposals.FindAsync(caller, id, cancellationToken)).OrThrow(Canonicals);
            return ((Appointment)FhirJson.Parse(proposal.Json), false);
        }

        var stored = await server.ReadCurrentAsync(caller, new ResourceKey(key.Type, key.Id), cancellationToken);
        return ((Appointment)FhirJson.Parse(stored.Json), true);
    }

    /// <summary>What is known of the time that an Appointment is to have. One that names no Slots is given those that make up its time.</summary>
    public async Task<BookingFacts> FactsAsync(Appointment appointment, bool isStored, CancellationToken cancellationToken)
    {
        var wished = appointment;
        if (appointment is { Slot.Count: 0, Start: { } start, End: { } end })
        {
            wished = (Appointment)appointment.DeepCopy();
            wished.Slot = await FindSlotsAsync(appointment, start, end, cancellationToken);
        }

        var slots = await SlotsAsync(wished.Slot, cancellationToken);
        var schedules = await SchedulesAsync(slots.Select(loaded => loaded.Slot), cancellationToken);
        var find = await RolesAsync(wished, cancellationToken);
        return new BookingFacts(wished, isStored, slots, Now)
        {
            Schedules = [.. schedules.Select(schedule => schedule.Schedule)],
            ActorOf = reference => Occupancy.ActorOf(
                reference,
                name => schedules.SelectMany(schedule => schedule.Actors).FirstOrDefault(actor => $"{actor.TypeName}/{actor.Id}" == name) ?? find(name)),
        };
    }

    /// <summary>Slots in the order of the references, and who has them. 422 where one is not there.</summary>
    public async Task<IReadOnlyList<LoadedSlot>> SlotsAsync(IEnumerable<ResourceReference> references, CancellationToken cancellationToken)
    {
        var ids = references.Select(reference => IdOf(reference, "Slot")).ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        var slots = (await AllAsync<Slot>([new("_id", string.Join(',', ids.Distinct()))], cancellationToken)).ToDictionary(slot => slot.Id!);
        return ids.Exists(id => !slots.ContainsKey(id))
            ? throw Refusal.BusinessRule("slot-missing", "A slot that is named does not exist.", "Appointment.slot").ToException(Canonicals)
            : await LoadAsync([.. ids.Select(id => slots[id])], cancellationToken);
    }

    /// <summary>Slots of these Schedules that begin in a range, and who has them.</summary>
    public async Task<IReadOnlyList<LoadedSlot>> SlotsAsync(
        IEnumerable<Schedule> schedules, DateTimeOffset from, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var names = schedules.Select(schedule => $"Schedule/{schedule.Id}").ToList();
        return names.Count == 0 ? [] : await LoadAsync(
            await AllAsync<Slot>([new("schedule", string.Join(',', names)), new("start", $"ge{Text(from)}"), new("start", $"lt{Text(until)}")], cancellationToken),
            cancellationToken);
    }

    /// <summary>The Schedules of Slots, with their actors.</summary>
    public async Task<IReadOnlyList<LoadedSchedule>> SchedulesAsync(IEnumerable<Slot> slots, CancellationToken cancellationToken)
    {
        var ids = slots.Select(slot => IdOf(slot.Schedule, "Schedule")).Distinct().ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        var query = server.Parser.Parse(["Schedule"], [new("_id", string.Join(',', ids))], strict: true) with { Count = ids.Count };
        return (await directory.LoadAsync(_desk, server, query, cancellationToken)).Schedules;
    }

    /// <summary>All resources of a type that match, whoever may see them.</summary>
    public async Task<List<T>> AllAsync<T>(IEnumerable<KeyValuePair<string, string>> parameters, CancellationToken cancellationToken)
        where T : DomainResource
    {
        var query = server.Parser.Parse([ModelInfo.GetFhirTypeNameForType(typeof(T))!], parameters, strict: true) with { Count = PageSize, Total = TotalMode.None };
        var found = new List<T>();
        for (PageCursor? after = null; ;)
        {
            var page = await server.Store.SearchAsync(_desk, query with { After = after }, cancellationToken);
            found.AddRange(page.Matches.Select(match => (T)FhirJson.Parse(match.Json)));
            if ((after = page.Next) is null)
            {
                return found;
            }
        }
    }

    /// <summary>A new Appointment, checked as any that is sent.</summary>
    public CreateChange Create(Appointment appointment)
    {
        appointment.Id = server.NewId();
        appointment.Meta = null;
        server.Validator.Validate(appointment);
        return new CreateChange(new ResourceKey("Appointment", appointment.Id), new ResourceContent(appointment, FhirJson.Serialize(appointment)));
    }

    /// <summary>A change of a stored Appointment: decided on what is current when it is written.</summary>
    public PatchChange Change(ResourceKey key, Func<Appointment, Decision<BookingChange>> decide) => new(key, stored =>
    {
        var changed = decide((Appointment)FhirJson.Parse(stored.Json)).OrThrow(Canonicals).Appointment;
        server.Validator.Validate(changed);
        return new ResourceContent(changed, FhirJson.Serialize(changed));
    });

    /// <summary>What the server itself changes, as it goes into the audit trail.</summary>
    public ChangeSet ByJob(Caller job, ImmutableArray<Change> changes) => new(changes, [])
    {
        Audit = AuditEntry.By(job, AuditKind.Rest, "update", server.Clock.GetUtcNow()),
        IsOperation = true,
    };

    /// <summary>Writes the changes as the caller, at most once under their receipt. The Appointments among what was written.</summary>
    public async Task<ImmutableArray<StoredResource>> CommitAsync(
        FhirRequest request, ImmutableArray<Change> changes, Receipt? receipt, string name, CancellationToken cancellationToken)
    {
        var set = new ChangeSet(changes, [])
        {
            Audit = request.Audit?.Entry(AuditKind.Rest, $"${name}"),
            IsOperation = true,
            Receipt = receipt,
        };
        var commit = await server.Store.CommitAsync(request.Caller, set, cancellationToken);
        return commit.Status == CommitStatus.Repeated
            ? await RepeatAsync(request, receipt!, cancellationToken) ?? throw FhirException.Conflict("The request has just been answered; ask again.")
            : [.. commit.Results.Take(changes.Length).Select(result => result.Resource).OfType<StoredResource>().Where(IsAppointment)];
    }

    /// <summary>
    /// What an earlier request with the same key wrote; null where there was none. 422 <c>idempotency-mismatch</c> where it asked for
    /// something else.
    /// </summary>
    public async Task<ImmutableArray<StoredResource>?> RepeatAsync(FhirRequest request, Receipt? receipt, CancellationToken cancellationToken)
    {
        if (receipt is null || await receipts.FindAsync(receipt.Key, cancellationToken) is not { } kept)
        {
            return null;
        }

        if (kept.Digest != receipt.Digest)
        {
            throw Refusal.BusinessRule("idempotency-mismatch", "The same Idempotency-Key came with another request before.").ToException(Canonicals);
        }

        var written = ImmutableArray.CreateBuilder<StoredResource>();
        foreach (var key in kept.Written)
        {
            if (await server.Store.ReadAsync(request.Caller, key, cancellationToken) is { } version && IsAppointment(version))
            {
                written.Add(version);
            }
        }

        return written.ToImmutable();
    }

    /// <summary>The receipt that a request asks for by its <c>Idempotency-Key</c>; null where it has none.</summary>
    public static Receipt? ReceiptOf(FhirRequest request, HttpContext context, OperationInput input)
    {
        var given = context.Request.Headers["Idempotency-Key"];
        return given.Count switch
        {
            0 => null,
            1 when given[0] is { Length: > 0 and <= 255 } key => new Receipt($"{request.Caller.ClientId}\n{request.Caller.UserId}\n{key}", input.Digest),
            _ => throw FhirException.Invalid("Idempotency-Key is one text of up to 255 characters."),
        };
    }

    /// <summary>A searchset of what was written (an operation with one <c>return</c> parameter answers the bare resource).</summary>
    public FhirResult Answer(System.Net.HttpStatusCode status, IReadOnlyList<StoredResource> resources) => new(status)
    {
        Content = new BundleContent("searchset", resources.Select(resource => new ResponseEntry
        {
            FullUrl = server.Address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id)),
            Resource = FhirContent.Of(resource.Json),
            SearchMode = "match",
        }))
        {
            Total = resources.Count,
        },
        Touched = [.. resources],
        IsAudited = true,
        ETag = resources is [var only] ? only.ETag : null,
        LastModified = resources is [var last] ? last.LastUpdated : null,
    };

    private async Task<List<ResourceReference>> FindSlotsAsync(
        Appointment appointment, DateTimeOffset start, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var actors = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor))
            .Where(actor => actor is not null && actor.Split('/')[0] is "Practitioner" or "PractitionerRole" or "Location" or "HealthcareService")
            .Distinct()
            .ToList();
        if (actors.Count == 0)
        {
            return [];
        }

        var schedules = await AllAsync<Schedule>([new("actor", string.Join(',', actors))], cancellationToken);
        var open = (await SlotsAsync(schedules, start, end, cancellationToken)).Where(loaded => loaded.IsOpenTo(null, Now));
        foreach (var slots in open.Select(loaded => loaded.Slot).GroupBy(slot => IdOf(slot.Schedule, "Schedule")))
        {
            var chain = new List<Slot>();
            var reached = start;
            while (reached < end && slots.FirstOrDefault(slot => slot.Start == reached && slot.End > reached && slot.End <= end) is { End: { } next } slot)
            {
                chain.Add(slot);
                reached = next;
            }

            if (reached == end)
            {
                return [.. chain.Select(slot => new ResourceReference($"Slot/{slot.Id}"))];
            }
        }

        throw BookingRules.SlotUnavailable().ToException(Canonicals);
    }

    private async Task<IReadOnlyList<LoadedSlot>> LoadAsync(IReadOnlyList<Slot> slots, CancellationToken cancellationToken)
    {
        var taken = slots.Where(slot => slot.Status != Slot.SlotStatus.Free || ScheduleHours.CapacityOf(slot) > 1).Select(slot => $"Slot/{slot.Id}").ToList();
        var users = taken.Count == 0 ? [] : await AllAsync<Appointment>(
            [new("slot", string.Join(',', taken)), new("status", "pending,booked,arrived,checked-in,fulfilled")], cancellationToken);
        return [.. slots.Select(slot => Load(slot, users.Where(user => user.Slot.Exists(one => IdOf(one, "Slot") == slot.Id)).ToList()))];
    }

    private LoadedSlot Load(Slot slot, List<Appointment> users)
    {
        var live = users.Where(user => user.Status != Appointment.AppointmentStatus.Pending || HoldExpiry.Of(user, Canonicals) > Now).ToList();
        var holder = live.FirstOrDefault() ?? users.FirstOrDefault();
        return new LoadedSlot(slot)
        {
            AppointmentId = holder?.Id,
            HoldExpires = holder?.Status == Appointment.AppointmentStatus.Pending ? HoldExpiry.Of(holder, Canonicals) : null,
            SeatsTaken = live.Count,
        };
    }

    /// <summary>The roles and places that take part, for whose they are.</summary>
    private async Task<Func<string, DomainResource?>> RolesAsync(Appointment appointment, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, DomainResource>(StringComparer.Ordinal);
        foreach (var name in appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor)).OfType<string>().Distinct())
        {
            if (name.Split('/')[0] is "PractitionerRole" or "Location" && ResourceKey.TryParse(name, out var key)
                && await server.Store.ReadAsync(_desk, key, cancellationToken) is { IsDeleted: false } stored)
            {
                known[name] = (DomainResource)FhirJson.Parse(stored.Json);
            }
        }

        return name => known.GetValueOrDefault(name);
    }

    private static bool IsAppointment(StoredResource resource) => resource.Key.Type == "Appointment";

    private static string IdOf(ResourceReference? reference, string type) =>
        Occupancy.RelativeOf(reference)?.Split('/') is [var named, var id] && named == type && ResourceKey.IsId(id)
            ? id
            : throw FhirException.Invalid($"{type} is named by a reference {type}/[id].");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
