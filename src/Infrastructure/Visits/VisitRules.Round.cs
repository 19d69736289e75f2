using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Visits;

internal sealed partial class VisitRules
{
    /// <summary>The rules at work on one change set: this part on Slots, Encounters and Locations.</summary>
    private sealed partial class Round(VisitRules rules, Session session, Records records, Caller caller, ChangeSet changes, DateTimeOffset now)
    {
        private readonly Dictionary<ResourceKey, Slot.SlotStatus?> _wantedOfSlots = [];
        private readonly Dictionary<ResourceKey, IReadOnlyList<OccupancyEntry>> _occupancy = [];
        private readonly Dictionary<ResourceKey, IReadOnlyList<Reminder>> _reminders = [];

        public IReadOnlyDictionary<ResourceKey, IReadOnlyList<OccupancyEntry>> Occupancy => _occupancy;

        public IReadOnlyDictionary<ResourceKey, IReadOnlyList<Reminder>> Reminders => _reminders;

        private Canonicals Canonicals => rules.Canonicals;

        /// <summary>Locks every Slot that an Appointment of the change set has or is to have, and every Appointment that an Encounter is of.</summary>
        public async Task LockAsync(IReadOnlyList<Change> drafts, CancellationToken cancellationToken)
        {
            var named = new HashSet<ResourceKey>();
            foreach (var draft in drafts)
            {
                switch (draft.Key.Type)
                {
                    case "Appointment":
                        Add(records.Before<Appointment>(draft.Key)?.Slot);
                        Add(records.Now<Appointment>(draft.Key)?.Slot);
                        break;
                    case "Encounter":
                        Add(records.Now<Encounter>(draft.Key)?.Appointment);
                        break;
                }
            }

            await records.LockAsync(named.Where(key => key.Type is "Slot" or "Appointment"), cancellationToken);

            void Add(List<ResourceReference>? references) => named.UnionWith((references ?? []).Select(records.KeyOf).OfType<ResourceKey>());
        }

        public void CheckLocation(ResourceKey key)
        {
            if (records.Now<Location>(key) is not { } location)
            {
                Unlink<Location>(key);
                return;
            }

            records.Set(key, Hidden(key, records.Before<Location>(key), WithoutSessionKeys(location), VisitLink.Page(rules._visits.Origin)));
        }

        public async Task CheckSlotAsync(ResourceKey key, CancellationToken cancellationToken)
        {
            var (before, after) = (records.Before<Slot>(key), records.Now<Slot>(key));
            _occupancy[key] = [];

            // An Appointment of the same change set settles what becomes of the Slot; the client may say the same, and no other.
            if (records.Changes.Values.OfType<Appointment>().Any(Names) || AppointmentsBefore().Any(Names))
            {
                if (after is not null && IsTaken(after.Status))
                {
                    _wantedOfSlots[key] = after.Status;
                    records.Set(key, With(after, IsTaken(before?.Status) ? before!.Status : Slot.SlotStatus.Free));
                }
                else if (after is { Status: Slot.SlotStatus.Free } && IsTaken(before?.Status))
                {
                    _wantedOfSlots[key] = after.Status;
                    records.Set(key, With(after, before!.Status));
                }

                return;
            }

            if (before is not null)
            {
                var isInUse = (await UsersOfAsync(key, cancellationToken)).Count > 0;
                rules.Demand(SlotStates.Check(before, after, Authority(caller, changes, "Slot"), isInUse));
            }

            if (after?.Status == Slot.SlotStatus.BusyUnavailable)
            {
                await BlockAsync(key, after, cancellationToken);
            }

            bool Names(Appointment appointment) => appointment.Slot.Exists(reference => records.KeyOf(reference) == key);

            IEnumerable<Appointment> AppointmentsBefore() => records.Changes.Keys.Where(other => other.Type == "Appointment")
                .Select(records.Before<Appointment>).OfType<Appointment>();
        }

        /// <summary>Throws 409 where a client wanted another status of a Slot than its Appointment gives it.</summary>
        public void CheckSlotsAreAsWanted()
        {
            foreach (var (key, wanted) in _wantedOfSlots)
            {
                if (records.Now<Slot>(key) is { } slot && slot.Status != wanted)
                {
                    throw Refusal.Conflict(SlotStates.SlotInUse, "The appointment says otherwise of this slot.", "Slot.status").ToException(Canonicals);
                }
            }
        }

        public async Task CheckEncounterAsync(ResourceKey key, CancellationToken cancellationToken)
        {
            if (records.Now<Encounter>(key) is not { } sent)
            {
                Unlink<Encounter>(key);
                return;
            }

            var before = records.Before<Encounter>(key);
            var after = Hidden(key, before, WithoutSessionKeys(sent), TelehealthVisit.AddressOf(rules._visits.Origin, key.Id));
            rules.Demand(EncounterShape.Check(after));
            if (before is not null)
            {
                rules.Demand(EncounterStates.Check(before, after, Authority(caller, changes, "Encounter")));
                rules.Demand(EncounterHistory.Check(before, after));
            }

            if (!EncounterStates.IsOver(after.Status))
            {
                foreach (var appointment in after.Appointment.Select(records.KeyOf).OfType<ResourceKey>().Where(one => one.Type == "Appointment"))
                {
                    await session.LockAsync([$"visit of {appointment}"], cancellationToken);
                    rules.Demand(EncounterStates.CheckOnlyOne(after, await VisitsOfAsync(appointment, cancellationToken)));
                }
            }

            records.Set(key, EncounterHistory.Keep(before, after, now, await BornAsync(before, key, cancellationToken)));
        }

        /// <summary>The Appointments that have a Slot.</summary>
        private async Task<List<Appointment>> UsersOfAsync(ResourceKey slot, CancellationToken cancellationToken) =>
        [
            .. (await records.NamingAsync<Appointment>("slot", slot, appointment => appointment.Slot, cancellationToken, isLocked: true))
                .Where(appointment => AppointmentStates.IsActive(appointment.Status) && !AppointmentStates.IsImport(appointment, now)),
        ];

        private Task<List<Encounter>> VisitsOfAsync(ResourceKey appointment, CancellationToken cancellationToken) =>
            records.NamingAsync<Encounter>("appointment", appointment, encounter => encounter.Appointment, cancellationToken);

        /// <summary>Asked for only where a first entry of a history needs it.</summary>
        private async ValueTask<DateTimeOffset?> BornAsync(Encounter? before, ResourceKey key, CancellationToken cancellationToken) =>
            before is not null && (before.StatusHistory.Count == 0 || before.ClassHistory.Count == 0) ? await records.BornAsync(key, cancellationToken) : null;

        private static bool IsTaken(Slot.SlotStatus? status) => status is Slot.SlotStatus.Busy or Slot.SlotStatus.BusyTentative;

        private static Slot With(Slot slot, Slot.SlotStatus? status)
        {
            var changed = (Slot)slot.DeepCopy();
            changed.Status = status;
            return changed;
        }
    }
}
