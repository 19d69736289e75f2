using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Appointment;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Visits;

internal sealed partial class VisitRules
{
    /// <summary>Appointments, with the Slots that they take and the visits that they lead to.</summary>
    private sealed partial class Round
    {
        public async Task CheckAppointmentAsync(ResourceKey key, CancellationToken cancellationToken)
        {
            var before = records.Before<Appointment>(key);
            var had = await LoadAsync(await SlotsOfAsync(before, cancellationToken), key, cancellationToken);
            _occupancy[key] = [];
            if (records.Now<Appointment>(key) is not { } sent)
            {
                if (AppointmentStates.IsActive(before?.Status))
                {
                    records.SetAll(Present(BookingRules.Release(had, key.Id)));
                }

                await CancelVisitsAsync(key, cancellationToken);
                Remind(key, before);
                return;
            }

            if (ProposalId.TryParse(key.Id, out _))
            {
                throw Refusal.BusinessRule("id-reserved", "Ids of this form are those of proposals.", "Appointment.id").ToException(Canonicals);
            }

            var after = WithoutSessionKeys(sent);
            rules.Demand(AppointmentStates.Check(before, after, await ChangeOfAsync(key, before, after, cancellationToken)));
            var slots = await SlotsOfAsync(after, cancellationToken);
            foreach (var slot in slots)
            {
                await ReleaseRunOutAsync(slot, key, cancellationToken);
            }

            slots = [.. slots.Select(slot => records.Now<Slot>(Records.Name(slot)) ?? slot)];
            if (AppointmentStates.IsActive(after.Status) && !AppointmentStates.IsImport(after, now)
                && after.Slot.Select(records.KeyOf).OfType<ResourceKey>().Distinct().Count() != slots.Count)
            {
                throw Refusal.BusinessRule("slot-missing", "A slot that the appointment names does not exist.", "Appointment.slot").ToException(Canonicals);
            }

            var has = await LoadAsync(slots, key, cancellationToken);
            var change = rules._booking.Write(before, after, had, has, now, Authority(caller, changes, "Appointment")).OrThrow(Canonicals);
            records.SetAll(Present(change.Slots));

            // What holds the time from here on is known before visits are looked at, so that a refusal costs as little as can be.
            var schedules = await SchedulesOfAsync(slots, cancellationToken);
            await SeatAsync(key, change.Appointment, slots, schedules, cancellationToken);
            await CheckGatesAsync(before, change.Appointment, schedules, cancellationToken);
            await AskForInterpreterAsync(before, change.Appointment, cancellationToken);
            records.Set(key, await WithVisitAsync(key, change.Appointment, cancellationToken));
            Remind(key, before);
        }

        /// <summary>Who is booked is reminded; who no longer is, or at another time, no longer of that.</summary>
        private void Remind(ResourceKey key, Appointment? before)
        {
            if (Reminder.Plan(key.Id, before, records.Now<Appointment>(key), rules._reminders, now, Canonicals) is { } reminders)
            {
                _reminders[key] = reminders;
            }
        }

        /// <summary>A Slot that is deleted in the same change set stays so.</summary>
        private IEnumerable<Slot> Present(IEnumerable<Slot> slots) => slots.Where(slot => records.Now<Slot>(Records.Name(slot)) is not null);

        private async Task<AppointmentChange> ChangeOfAsync(ResourceKey key, Appointment? before, Appointment after, CancellationToken cancellationToken)
        {
            var change = new AppointmentChange(Authority(caller, changes, "Appointment"), now);
            if (after.Status == AppointmentStatus.Fulfilled && before?.Status != after.Status)
            {
                var visits = await VisitsOfAsync(key, cancellationToken);
                return change with { HasEncounter = visits.Exists(visit => visit.Status != Encounter.EncounterStatus.EnteredInError) };
            }

            if (before?.Status == AppointmentStatus.Noshow && after.Status == AppointmentStatus.Arrived)
            {
                var schedules = await SchedulesOfAsync(await SlotsOfAsync(before, cancellationToken), cancellationToken);
                var actors = await records.ReadAsync(
                    schedules.SelectMany(schedule => schedule.Actor).Concat(before.Participant.Select(participant => participant.Actor))
                        .Select(records.KeyOf).OfType<ResourceKey>(),
                    cancellationToken);
                var zone = schedules.Select(schedule => ScheduleZone.Find(schedule, actors.Values)).FirstOrDefault(found => found.IsAllowed)?.Value;
                return change with { Zone = zone ?? actors.Values.Select(ScheduleZone.Of).FirstOrDefault(found => found is not null) };
            }

            return change;
        }

        /// <summary>The Slots here that an Appointment names, locked, in its order.</summary>
        private async Task<List<Slot>> SlotsOfAsync(Appointment? appointment, CancellationToken cancellationToken)
        {
            var keys = (appointment?.Slot ?? []).Select(records.KeyOf).OfType<ResourceKey>().Where(key => key.Type == "Slot").Distinct().ToList();
            await records.LockAsync(keys, cancellationToken);
            return [.. keys.Select(records.Now<Slot>).OfType<Slot>()];
        }

        /// <summary>Who has the Slots beside this Appointment.</summary>
        private async Task<List<LoadedSlot>> LoadAsync(List<Slot> slots, ResourceKey appointment, CancellationToken cancellationToken)
        {
            var loaded = new List<LoadedSlot>();
            foreach (var slot in slots)
            {
                var users = await UsersOfAsync(Records.Name(slot), cancellationToken);
                var others = users.Where(user => user.Id != appointment.Id).ToList();
                var before = records.Before<Appointment>(appointment);
                var isOwn = before is not null && AppointmentStates.IsActive(before.Status)
                    && before.Slot.Exists(reference => records.KeyOf(reference) == Records.Name(slot));
                var holder = others.FirstOrDefault();
                loaded.Add(new LoadedSlot(slot)
                {
                    AppointmentId = isOwn ? appointment.Id : holder?.Id,
                    HoldExpires = isOwn || holder?.Status != AppointmentStatus.Pending ? null : HoldExpiry.Of(holder, Canonicals),
                    SeatsTaken = others.Count,
                });
            }

            return loaded;
        }

        /// <summary>Cancels the holds on a Slot that have run out.</summary>
        private async Task ReleaseRunOutAsync(Slot slot, ResourceKey own, CancellationToken cancellationToken)
        {
            var users = await UsersOfAsync(Records.Name(slot), cancellationToken);
            foreach (var user in users.Where(user => user.Id != own.Id && user.Status == AppointmentStatus.Pending && HoldExpiry.Of(user, Canonicals) <= now))
            {
                await ExpireAsync(Records.Name(user), cancellationToken);
            }
        }

        /// <summary>The Appointment once its visit is as it should be: planned, moved along, begun, or cancelled.</summary>
        private async Task<Appointment> WithVisitAsync(ResourceKey key, Appointment appointment, CancellationToken cancellationToken)
        {
            if (appointment.Status is AppointmentStatus.Cancelled or AppointmentStatus.Noshow or AppointmentStatus.EnteredInError)
            {
                await CancelVisitsAsync(key, cancellationToken);
                return appointment;
            }

            var isOn = appointment.Status is AppointmentStatus.Booked or AppointmentStatus.Arrived or AppointmentStatus.CheckedIn;
            if (!isOn || AppointmentStates.IsImport(appointment, now))
            {
                return appointment;
            }

            await session.LockAsync([$"visit of {key}"], cancellationToken);
            var visit = (await LockedVisitsAsync(key, cancellationToken)).Find(one => !EncounterStates.IsOver(one.Status));
            var isVirtual = TelehealthVisit.IsVirtual(appointment);
            if (visit is null)
            {
                if ((!isVirtual && appointment.Status != AppointmentStatus.CheckedIn) || !TelehealthVisit.PatientsOf(appointment).Any())
                {
                    return appointment;
                }

                var id = Guid.CreateVersion7(now).ToString("D");
                var service = isVirtual ? VirtualServiceDetail.Of(appointment).FirstOrDefault() ?? rules._visits.ServiceOf(id) : null;
                visit = TelehealthVisit.Plan(appointment, id, service).OrThrow(Canonicals);
                records.Set(new ResourceKey("Encounter", id), visit);
            }
            else if (visit.Status == Encounter.EncounterStatus.Planned && TelehealthVisit.MovePlan(visit, appointment) is var moved && !moved.IsExactly(visit))
            {
                visit = moved;
                records.SetAll([visit]);
            }

            if (appointment.Status == AppointmentStatus.CheckedIn && visit.Status == Encounter.EncounterStatus.Planned)
            {
                records.SetAll([(await FlowAsync(visit, cancellationToken)).Arrive(visit).OrThrow(Canonicals)]);
            }

            return isVirtual && !VirtualServiceDetail.Of(appointment).Any() && VirtualServiceDetail.Of(visit).FirstOrDefault() is { } meeting
                ? TelehealthVisit.Connect(appointment, meeting)
                : appointment;
        }

        /// <summary>Where somebody who is booked needs an interpreter and has none, the clinic is asked to find one.</summary>
        private async Task AskForInterpreterAsync(Appointment? before, Appointment appointment, CancellationToken cancellationToken)
        {
            if (appointment.Status != AppointmentStatus.Booked || before?.Status == AppointmentStatus.Booked || AppointmentStates.IsImport(appointment, now))
            {
                return;
            }

            var patients = TelehealthVisit.PatientsOf(appointment).ToList();
            var known = await records.ReadAsync(patients.Select(records.KeyOf).OfType<ResourceKey>(), cancellationToken);
            foreach (var reference in patients)
            {
                if (records.KeyOf(reference) is { } key && known.GetValueOrDefault(key) is Patient patient && InterpreterNeed.IsOpen(patient, appointment))
                {
                    records.SetAll([InterpreterNeed.TaskOf(Guid.CreateVersion7(now).ToString("D"), appointment, reference, now, Canonicals)]);
                }
            }
        }

        /// <summary>A visit does not take place where its Appointment does not; one that has begun goes on.</summary>
        private async Task CancelVisitsAsync(ResourceKey key, CancellationToken cancellationToken)
        {
            foreach (var visit in await LockedVisitsAsync(key, cancellationToken))
            {
                if ((await FlowAsync(visit, cancellationToken)).Cancel(visit) is { IsAllowed: true } cancelled)
                {
                    records.SetAll([cancelled.Value]);
                }
            }
        }

        /// <summary>The visits of an Appointment as they are once nobody else can change them.</summary>
        private async Task<List<Encounter>> LockedVisitsAsync(ResourceKey appointment, CancellationToken cancellationToken)
        {
            var keys = (await VisitsOfAsync(appointment, cancellationToken)).ConvertAll(Records.Name);
            await records.LockAsync(keys, cancellationToken);
            return [.. keys.Select(records.Now<Encounter>).OfType<Encounter>()];
        }

        private async Task<VisitFlow> FlowAsync(Encounter visit, CancellationToken cancellationToken)
        {
            var key = Records.Name(visit);
            return new VisitFlow(now, await BornAsync(records.Before<Encounter>(key), key, cancellationToken));
        }
    }
}
