using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling;

/// <summary>What is known of calendars: Slots, who has them, and whose they are.</summary>
internal sealed partial class BookingDesk
{
    /// <summary>What is known of the time that an Appointment is to have. One that names no Slots is given those that make up its time.</summary>
    /// <param name="appointment">The Appointment as it is to be.</param>
    /// <param name="isStored">Whether it may have Slots already.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <param name="preferred">Schedules whose Slots are taken rather than those of others of the same actor.</param>
    public async Task<BookingFacts> FactsAsync(
        Appointment appointment, bool isStored, CancellationToken cancellationToken, IReadOnlyList<Schedule>? preferred = null)
    {
        var own = isStored ? appointment.Id : null;
        var wished = appointment;
        if (appointment is { Slot.Count: 0, Start: { } start, End: { } end })
        {
            wished = (Appointment)appointment.DeepCopy();
            wished.Slot = await FindSlotsAsync(appointment, start, end, own, preferred ?? [], cancellationToken);
        }

        var slots = await SlotsAsync(wished.Slot, own, cancellationToken);
        var schedules = await SchedulesAsync(slots.Select(loaded => loaded.Slot), cancellationToken);
        var find = await RolesAsync([wished], cancellationToken);
        return new BookingFacts(wished, isStored, slots, Now)
        {
            Schedules = [.. schedules.Select(schedule => schedule.Schedule)],
            ActorOf = reference => Occupancy.ActorOf(
                reference,
                name => schedules.SelectMany(schedule => schedule.Actors).FirstOrDefault(actor => $"{actor.TypeName}/{actor.Id}" == name) ?? find(name)),
        };
    }

    /// <summary>Slots in the order of the references, and who has them. 422 where one is not there.</summary>
    /// <param name="references">The Slots.</param>
    /// <param name="own">The id of the Appointment that is asked for, which comes before others; null for a new one.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<IReadOnlyList<LoadedSlot>> SlotsAsync(IEnumerable<ResourceReference> references, string? own, CancellationToken cancellationToken)
    {
        var ids = references.Select(reference => IdOf(reference, "Slot")).ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        var slots = (await AllAsync<Slot>([new("_id", string.Join(',', ids.Distinct()))], cancellationToken)).ToDictionary(slot => slot.Id!);
        return ids.Exists(id => !slots.ContainsKey(id))
            ? throw Refusal.BusinessRule("slot-missing", "A slot that is named does not exist.", "Appointment.slot").ToException(Canonicals)
            : await LoadAsync([.. ids.Select(id => slots[id])], own, cancellationToken);
    }

    /// <summary>Slots of these Schedules that begin in a range, and who has them.</summary>
    public async Task<IReadOnlyList<LoadedSlot>> SlotsAsync(
        IEnumerable<Schedule> schedules, DateTimeOffset from, DateTimeOffset until, string? own, CancellationToken cancellationToken)
    {
        var names = schedules.Select(schedule => $"Schedule/{schedule.Id}").ToList();
        return names.Count == 0 ? [] : await LoadAsync(
            await AllAsync<Slot>([new("schedule", string.Join(',', names)), new("start", $"ge{Text(from)}"), new("start", $"lt{Text(until)}")], cancellationToken),
            own,
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

    /// <summary>The Slots that make up a time: of each of those who take part and have a calendar, in one calendar of theirs.</summary>
    private async Task<List<ResourceReference>> FindSlotsAsync(
        Appointment appointment, DateTimeOffset start, DateTimeOffset end, string? own, IReadOnlyList<Schedule> preferred, CancellationToken cancellationToken)
    {
        var actors = appointment.Participant.Select(participant => Occupancy.RelativeOf(participant.Actor))
            .OfType<string>()
            .Where(actor => actor.Split('/')[0] is "Practitioner" or "PractitionerRole" or "Location" or "HealthcareService")
            .Distinct()
            .ToList();
        if (actors.Count == 0)
        {
            return [];
        }

        var all = await AllAsync<Schedule>([new("actor", string.Join(',', actors))], cancellationToken);
        var schedules = all.OrderByDescending(schedule => preferred.Any(other => other.Id == schedule.Id)).ToList();
        var open = (await SlotsAsync(schedules, start, end, own, cancellationToken)).Where(loaded => loaded.IsOpenTo(own, Now))
            .ToLookup(loaded => IdOf(loaded.Slot.Schedule, "Schedule"), loaded => loaded.Slot);
        var chosen = new Dictionary<string, List<Slot>>();
        foreach (var actor in actors)
        {
            var calendars = schedules.Where(schedule => schedule.Actor.Exists(one => Occupancy.RelativeOf(one) == actor)).ToList();
            if (calendars.Count == 0 || calendars.Exists(calendar => chosen.ContainsKey(calendar.Id!)))
            {
                continue;
            }

            var found = calendars.Select(calendar => (calendar.Id, Slots: Chain(open[calendar.Id!], start, end))).FirstOrDefault(one => one.Slots is not null);
            chosen[found.Id ?? throw BookingRules.SlotUnavailable().ToException(Canonicals)] = found.Slots!;
        }

        return chosen.Count == 0
            ? throw BookingRules.SlotUnavailable().ToException(Canonicals)
            : [.. chosen.Values.SelectMany(slots => slots).Select(slot => new ResourceReference($"Slot/{slot.Id}"))];
    }

    /// <summary>Slots one after the other that make up a time; null where there are none.</summary>
    private static List<Slot>? Chain(IEnumerable<Slot> slots, DateTimeOffset start, DateTimeOffset end)
    {
        var chain = new List<Slot>();
        var reached = start;
        while (reached < end && slots.FirstOrDefault(slot => slot.Start == reached && slot.End > reached && slot.End <= end) is { End: { } next } slot)
        {
            chain.Add(slot);
            reached = next;
        }

        return reached == end && chain.Count > 0 ? chain : null;
    }

    private async Task<IReadOnlyList<LoadedSlot>> LoadAsync(IReadOnlyList<Slot> slots, string? own, CancellationToken cancellationToken)
    {
        var taken = slots.Where(slot => slot.Status != Slot.SlotStatus.Free || ScheduleHours.CapacityOf(slot) > 1).Select(slot => $"Slot/{slot.Id}").ToList();
        var users = taken.Count == 0 ? [] : await AllAsync<Appointment>(
            [new("slot", string.Join(',', taken)), new("status", "pending,booked,arrived,checked-in,fulfilled")], cancellationToken);
        return [.. slots.Select(slot => Load(slot, users.Where(user => user.Slot.Exists(one => IdOf(one, "Slot") == slot.Id)).ToList(), own))];
    }

    private LoadedSlot Load(Slot slot, List<Appointment> users, string? own)
    {
        var live = users.Where(user => user.Status != Appointment.AppointmentStatus.Pending || HoldExpiry.Of(user, Canonicals) > Now).ToList();
        var holder = users.Find(user => user.Id == own) ?? live.FirstOrDefault() ?? users.FirstOrDefault();
        return new LoadedSlot(slot)
        {
            AppointmentId = holder?.Id,
            HoldExpires = holder?.Status == Appointment.AppointmentStatus.Pending ? HoldExpiry.Of(holder, Canonicals) : null,
            SeatsTaken = live.Count(user => user.Id != own),
        };
    }

    /// <summary>The roles and places that take part in Appointments, for whose they are.</summary>
    public async Task<Func<string, DomainResource?>> RolesAsync(IEnumerable<Appointment> appointments, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, DomainResource>(StringComparer.Ordinal);
        var named = appointments.SelectMany(appointment => appointment.Participant).Select(participant => Occupancy.RelativeOf(participant.Actor)).OfType<string>();
        foreach (var name in named.Where(name => name.Split('/')[0] is "PractitionerRole" or "Location").Distinct(StringComparer.Ordinal))
        {
            if (ResourceKey.TryParse(name, out var key) && await FindAsync<DomainResource>(key, cancellationToken) is { } found)
            {
                known[name] = found;
            }
        }

        return known.GetValueOrDefault;
    }

    private static string IdOf(ResourceReference? reference, string type) =>
        Occupancy.RelativeOf(reference)?.Split('/') is [var named, var id] && named == type && ResourceKey.IsId(id)
            ? id
            : throw FhirException.Invalid($"{type} is named by a reference {type}/[id].");

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
