using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;
using Instant = NodaTime.Instant;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Visits;

internal sealed partial class VisitRules
{
    /// <summary>Whose time is taken, and who has it already.</summary>
    private sealed partial class Round
    {
        /// <summary>Seats for what an Appointment takes; throws where somebody else has the time.</summary>
        private async Task SeatAsync(
            ResourceKey key, Appointment appointment, IReadOnlyList<Slot> slots, IReadOnlyList<Schedule> schedules, CancellationToken cancellationToken)
        {
            var find = await ActorsAsync(
                appointment.Participant.Select(participant => participant.Actor).Concat(schedules.SelectMany(schedule => schedule.Actor)), cancellationToken);
            var wanted = Domain.Scheduling.Occupancy.Of(appointment, slots, schedules, find, now, Canonicals);
            var rivals = wanted.Count == 0 ? [] : await RivalsAsync(wanted, cancellationToken);
            var live = await ReleaseRunOutAsync(rivals, key, cancellationToken);
            await CheckHoldsAsync(key, wanted, cancellationToken);
            _occupancy[key] = Domain.Scheduling.Occupancy.Seat(wanted, live, now, rules._settings.PatientOverlap).OrThrow(Canonicals).Entries;
        }

        /// <summary>A patient holds only so many times; one patient's holds are counted one after the other.</summary>
        private async Task CheckHoldsAsync(ResourceKey key, IReadOnlyList<OccupancyEntry> wanted, CancellationToken cancellationToken)
        {
            foreach (var hold in wanted.Where(entry => entry is { State: OccupancyState.Hold, IsPatient: true }))
            {
                await session.LockAsync([$"holds of {hold.Actor}"], cancellationToken);
                var sql = new SqlText();
                sql.Append($"SELECT count(*) FROM occupancy o JOIN resource r ON r.key = o.key WHERE o.actor = {sql.Value(StorageHash.Of(hold.Actor))}")
                    .Append($" AND o.high > {sql.Value(now.UtcTicks)} AND o.expires > {sql.Value(now.UtcTicks)}")
                    .Append($" AND r.id_hash <> {sql.Value(StorageHash.OfReference(key.Type, key.Id))}");
                rules.Demand(rules._booking.CheckHolds((int)(await session.QueryAsync(sql, row => row.GetInt64(0), cancellationToken))[0]));
            }
        }

        /// <summary>A Slot that is blocked takes its actors' time; throws where an Appointment has it.</summary>
        private async Task BlockAsync(ResourceKey key, Slot slot, CancellationToken cancellationToken)
        {
            var schedules = await SchedulesOfAsync([slot], cancellationToken);
            if (schedules is not [var schedule])
            {
                return;
            }

            var find = await ActorsAsync(schedule.Actor, cancellationToken);
            var wanted = Domain.Scheduling.Occupancy.OfBlock(slot, schedule, find);
            var rivals = wanted.Count == 0 ? [] : await RivalsAsync(wanted, cancellationToken);
            var live = await ReleaseRunOutAsync(rivals, key, cancellationToken);
            if (live.Any(rival => rival.State != OccupancyState.Block))
            {
                throw Refusal.Conflict(SlotStates.SlotInUse, "An appointment has this time: change or cancel the appointment.", "Slot.status").ToException(Canonicals);
            }

            _occupancy[key] = wanted;
        }

        /// <summary>Who is meant by references to roles and places, looked up in one query.</summary>
        private async Task<Func<string, string?>> ActorsAsync(IEnumerable<ResourceReference?> references, CancellationToken cancellationToken)
        {
            var asked = references.Select(records.KeyOf).OfType<ResourceKey>().Where(key => key.Type is "PractitionerRole" or "Location");
            var found = await records.ReadAsync(asked, cancellationToken);
            return reference => Domain.Scheduling.Occupancy.ActorOf(
                reference, other => ResourceKey.TryParse(other, out var key) ? found.GetValueOrDefault(key) : null);
        }

        private async Task<List<Schedule>> SchedulesOfAsync(IEnumerable<Slot> slots, CancellationToken cancellationToken)
        {
            var keys = slots.Select(slot => records.KeyOf(slot.Schedule)).OfType<ResourceKey>().Distinct().ToList();
            return keys.Count == 0 ? [] : [.. (await records.ReadAsync(keys, cancellationToken)).Values.OfType<Schedule>().OrderBy(schedule => schedule.Id, StringComparer.Ordinal)];
        }

        /// <summary>What takes time of the same actors at the same time, with the resource that it is of.</summary>
        private async Task<List<(ResourceKey Key, OccupancyEntry Entry)>> RivalsAsync(IReadOnlyList<OccupancyEntry> wanted, CancellationToken cancellationToken)
        {
            var actors = wanted.Select(entry => entry.Actor).ToHashSet(StringComparer.Ordinal);
            var around = new Interval(wanted.Min(entry => entry.During.Start), wanted.Max(entry => entry.During.End));
            var stored = await OccupancyRows.ReadAsync(session, rules._database, actors, around, cancellationToken);
            return
            [
                .. stored.Where(rival => !_occupancy.ContainsKey(rival.Key)),
                .. _occupancy.SelectMany(pair => pair.Value.Where(entry => actors.Contains(entry.Actor)).Select(entry => (pair.Key, entry))),
            ];
        }

        /// <summary>Cancels the holds that ran out and gives the rest.</summary>
        private async Task<List<OccupancyEntry>> ReleaseRunOutAsync(
            List<(ResourceKey Key, OccupancyEntry Entry)> rivals, ResourceKey own, CancellationToken cancellationToken)
        {
            var at = Instant.FromDateTimeOffset(now);
            foreach (var key in rivals.Where(rival => !rival.Entry.IsLive(at) && rival.Key != own).Select(rival => rival.Key).Distinct())
            {
                await ExpireAsync(key, cancellationToken);
            }

            return [.. rivals.Select(rival => rival.Entry).Where(entry => entry.IsLive(at))];
        }

        /// <summary>Cancels a hold if it has run out, and frees its Slots.</summary>
        private async Task ExpireAsync(ResourceKey key, CancellationToken cancellationToken)
        {
            await records.LockAsync([key], cancellationToken);
            if (records.Now<Appointment>(key) is not { } held)
            {
                return;
            }

            var slots = await SlotsOfAsync(held, cancellationToken);
            if (rules._booking.Expire(held, await LoadAsync(slots, key, cancellationToken), now) is { } expired)
            {
                records.Set(key, expired.Appointment);
                records.SetAll(expired.Slots);
                _occupancy[key] = [];
            }
        }
    }
}

/// <summary>Rows of the table and what they mean.</summary>
internal static class OccupancyRows
{
    /// <summary>What takes time of these actors around then, holds that ran out among it, with the resource that it is of.</summary>
    public static async Task<List<(ResourceKey Key, OccupancyEntry Entry)>> ReadAsync(
        Session session, Database database, IEnumerable<string> actors, Interval around, CancellationToken cancellationToken)
    {
        var names = actors.Distinct().ToDictionary(StorageHash.Of);
        var sql = new SqlText();
        sql.Append("SELECT r.type, r.id, o.actor, o.session, o.seat, o.capacity, o.low, o.high, o.expires FROM occupancy o JOIN resource r ON r.key = o.key WHERE ")
            .Append(database.AnyOf("o.actor", [.. names.Keys.Order()], sql))
            .Append($" AND o.high > {sql.Value(Ticks(around.Start))} AND o.low < {sql.Value(Ticks(around.End))}");
        return await session.QueryAsync(
            sql,
            row =>
            {
                var key = new ResourceKey(ResourceCatalog.NameOf(row.GetInt16(0)), row.GetString(1));
                var taken = new OccupancyRow
                {
                    Actor = row.GetInt64(2),
                    Session = row.GetInt64(3),
                    Seat = row.GetInt64(4),
                    Capacity = row.GetInt32(5),
                    Low = row.GetInt64(6),
                    High = row.GetInt64(7),
                    Expires = row.GetInt64(8),
                };
                return (key, Entry(key, names[taken.Actor], taken));
            },
            cancellationToken);
    }

    private static OccupancyEntry Entry(ResourceKey key, string actor, OccupancyRow row)
    {
        var state = row.Session == OccupancyRow.Blocks ? OccupancyState.Block : row.Expires == 0 ? OccupancyState.Booked : OccupancyState.Hold;
        return new OccupancyEntry(actor, new Interval(At(row.Low), At(row.High)), state)
        {
            AppointmentId = key.Type == "Appointment" ? key.Id : null,
            HoldExpires = state == OccupancyState.Hold ? At(row.Expires) : null,
            Capacity = row.Capacity,
            Seat = (int)row.Seat,
        };
    }

    public static OccupancyRow Row(long key, OccupancyEntry entry)
    {
        var (low, high) = (Ticks(entry.During.Start), Ticks(entry.During.End));
        return new OccupancyRow
        {
            Key = key,
            Actor = StorageHash.Of(entry.Actor),
            Session = entry.State == OccupancyState.Block ? OccupancyRow.Blocks
                : entry.Capacity == 1 ? key
                : StorageHash.Of($"{low}/{high}/{entry.Capacity}"),
            Seat = entry.State == OccupancyState.Block ? key : entry.Seat,
            Capacity = entry.Capacity,
            Low = low,
            High = high,
            Expires = entry.HoldExpires is { } expires ? Ticks(expires) : 0,
        };
    }

    private static Instant At(long ticks) => Instant.FromDateTimeUtc(new DateTime(ticks, DateTimeKind.Utc));

    private static long Ticks(Instant instant) => instant.ToDateTimeUtc().Ticks;
}
