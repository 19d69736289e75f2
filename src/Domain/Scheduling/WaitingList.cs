using System.Collections.Immutable;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// Who waits for a time: Appointments with status <c>waitlist</c>, whose elements are wishes. A Slot that becomes free is offered to the one whom it
/// suits best; an offer is that Appointment itself, held for a while, with its wishes kept inside it for the case that nobody takes it up.
/// </summary>
public static class WaitingList
{
    /// <summary>A Slot that starts sooner is offered to nobody: the patient could hardly come.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMinutes(5);

    private const string WishId = "waitlist-wish";
    private const int MostRemembered = 50;
    private const int LastPriority = 10;

    /// <summary>Whether a change of a Slot made it free: it was taken or blocked before.</summary>
    public static bool IsFreed(Slot before, Slot after, DateTimeOffset now) =>
        after.Status == Slot.SlotStatus.Free && before.Status is not (Slot.SlotStatus.Free or null) && after.Start > now + Lead;

    /// <summary>
    /// Those whom a Slot suits, the first to be asked first: by priority (1 is the highest and 9 the lowest, as in iCalendar; 0 and none come last), then
    /// who has waited longest.
    /// </summary>
    /// <param name="waiting">Appointments that wait.</param>
    /// <param name="slot">The free Slot.</param>
    /// <param name="calendar">Its Schedule.</param>
    /// <param name="actorOf">Who is meant by a reference to a role: see <see cref="Occupancy.ActorOf"/>.</param>
    /// <param name="canonicals">Where this server's extensions are.</param>
    public static IReadOnlyList<Appointment> Rank(
        IEnumerable<Appointment> waiting, Slot slot, LoadedSchedule calendar, Func<string, string?> actorOf, Canonicals canonicals) =>
    [
        .. waiting.Where(wish => Suits(wish, slot, calendar, actorOf, canonicals))
            .OrderBy(wish => wish.Priority is { } priority and > 0 ? priority : LastPriority)
            .ThenBy(Since)
            .ThenBy(wish => wish.Id, StringComparer.Ordinal),
    ];

    /// <summary>
    /// Whether a Slot is what an Appointment waits for. Each element that is there is a wish: clinicians and places among the participants (any one
    /// of a kind), Slots, service types, specialties, the kind of appointment, the length, and the time: <c>requestedPeriod</c>, else start and end. What
    /// the Slot and its Schedule say nothing of suits. A Slot that was offered before is not offered to the same one again.
    /// </summary>
    public static bool Suits(Appointment wish, Slot slot, LoadedSchedule calendar, Func<string, string?> actorOf, Canonicals canonicals)
    {
        var schedule = calendar.Schedule;
        var actors = schedule.Actor.Select(Occupancy.RelativeOf).OfType<string>().Concat(calendar.People).ToHashSet(StringComparer.Ordinal);
        var name = $"Slot/{slot.Id}";
        return wish.Status == AppointmentStatus.Waitlist
            && Occupancy.RelativeOf(slot.Schedule) == calendar.Reference
            && schedule.Active != false
            && wish.Participant.Exists(participant => TypeOf(participant) == "Patient")
            && actors.Any(actor => actor.Split('/')[0] is "Practitioner" or "PractitionerRole" or "HealthcareService")
            && Names("Practitioner", "PractitionerRole") && Names("Location") && Names("HealthcareService")
            && (wish.Slot.Count == 0 || wish.Slot.Exists(one => Occupancy.RelativeOf(one) == name))
            && Agrees(wish.ServiceType, slot.ServiceType.Count > 0 ? slot.ServiceType : schedule.ServiceType)
            && Agrees(wish.Specialty, slot.Specialty.Count > 0 ? slot.Specialty : schedule.Specialty)
            && Agrees(wish.AppointmentType is { } kind ? [kind] : [], slot.AppointmentType is { } other ? [other] : [])
            && (wish.MinutesDuration is not { } minutes || slot.End - slot.Start == TimeSpan.FromMinutes(minutes))
            && IsInTime(wish, slot, calendar)
            && !OfferedTo(wish, canonicals).Contains(name);

        bool Names(params ReadOnlySpan<string> types)
        {
            var wished = new List<string>();
            foreach (var participant in wish.Participant)
            {
                if (types.Contains(TypeOf(participant) ?? ""))
                {
                    wished.Add(Occupancy.RelativeOf(participant.Actor)!);
                }
            }

            return wished.Count == 0 || wished.Exists(one => actors.Contains(one) || (actorOf(one) is { } person && actors.Contains(person)));
        }
    }

    /// <summary>The Appointment as it is to be held for this Slot: not yet pending, its wishes inside it.</summary>
    public static Appointment Prepare(Appointment waiting, Slot slot, Schedule schedule, Canonicals canonicals)
    {
        var wish = (Appointment)waiting.DeepCopy();
        (wish.Id, wish.Text, wish.Contained) = (WishId, null, []);
        wish.CreatedElement ??= waiting.Meta?.LastUpdated is { } since ? Moment.DateTime(since) : null;
        wish.Meta = null;

        var offered = (Appointment)waiting.DeepCopy();
        offered.Contained.RemoveAll(one => one.Id == WishId);
        offered.Contained.Add(wish);
        offered.RemoveExtension(WishUrl(canonicals));
        offered.AddExtension(WishUrl(canonicals), new ResourceReference($"#{WishId}"));
        (offered.Start, offered.End, offered.MinutesDuration) = (null, null, null);
        offered.Slot = [new ResourceReference($"Slot/{slot.Id}")];
        offered.Participant.RemoveAll(one => TypeOf(one) is "Practitioner" or "PractitionerRole" or "Location");
        offered.ServiceType = waiting.ServiceType.Count > 0 ? offered.ServiceType : Copies(slot.ServiceType.Count > 0 ? slot.ServiceType : schedule.ServiceType);
        offered.Specialty = waiting.Specialty.Count > 0 ? offered.Specialty : Copies(slot.Specialty.Count > 0 ? slot.Specialty : schedule.Specialty);
        return offered;
    }

    /// <summary>Whether a held Appointment is an offer to somebody who waits.</summary>
    public static bool IsOffer(Appointment appointment, Canonicals canonicals) =>
        appointment.Status == AppointmentStatus.Pending && WishOf(appointment, canonicals) is not null;

    /// <summary>Who did not take up an offer waits on, with the wishes of before; the Slot is not offered to them again. Null where it is no offer.</summary>
    public static Appointment? Return(Appointment offer, Canonicals canonicals)
    {
        if (!IsOffer(offer, canonicals))
        {
            return null;
        }

        var waiting = (Appointment)WishOf(offer, canonicals)!.DeepCopy();
        (waiting.Id, waiting.Status) = (offer.Id, AppointmentStatus.Waitlist);
        waiting.Meta = (Meta?)offer.Meta?.DeepCopy();
        waiting.Contained = [.. offer.Contained.Where(one => one.Id != WishId)];
        var slots = OfferedTo(waiting, canonicals).Concat(offer.Slot.Select(Occupancy.RelativeOf).OfType<string>()).Distinct(StringComparer.Ordinal).ToList();
        waiting.RemoveExtension(OfferedUrl(canonicals));
        waiting.Extension.AddRange(slots.TakeLast(MostRemembered).Select(slot => new Extension(OfferedUrl(canonicals), new ResourceReference(slot))));
        return waiting;
    }

    /// <summary>Takes the wishes out of an Appointment that waits no longer, in place.</summary>
    public static void Forget(Appointment appointment, Canonicals canonicals)
    {
        appointment.RemoveExtension(WishUrl(canonicals));
        appointment.RemoveExtension(OfferedUrl(canonicals));
        appointment.Contained.RemoveAll(one => one.Id == WishId);
    }

    private static bool IsInTime(Appointment wish, Slot slot, LoadedSchedule calendar)
    {
        if (Moment.Between(slot.Start, slot.End) is not { } time)
        {
            return false;
        }

        var zone = calendar.Zone.Value ?? DateTimeZone.Utc;
        return wish.RequestedPeriod.Count > 0
            ? wish.RequestedPeriod.Exists(period => ScheduleHours.PeriodOf(period, zone)?.Covers(time) == true)
            : (wish.Start is not { } start || start <= slot.Start) && (wish.End is not { } end || end >= slot.End);
    }

    private static bool Agrees(List<CodeableConcept> wished, List<CodeableConcept> given) =>
        wished.Count == 0 || given.Count == 0 || wished.Exists(one => given.Exists(other => one.Coding.Exists(coding =>
            coding.Code is not null && other.Coding.Exists(same => same.Code == coding.Code && same.System == coding.System))));

    private static DateTimeOffset Since(Appointment wish) =>
        Moment.Read(wish.Created) ?? wish.Meta?.LastUpdated ?? DateTimeOffset.MaxValue;

    private static Appointment? WishOf(Appointment appointment, Canonicals canonicals) =>
        appointment.GetExtension(WishUrl(canonicals)) is null ? null : appointment.Contained.OfType<Appointment>().FirstOrDefault(one => one.Id == WishId);

    private static ImmutableHashSet<string> OfferedTo(Appointment wish, Canonicals canonicals) =>
        [.. wish.GetExtensions(OfferedUrl(canonicals)).Select(one => Occupancy.RelativeOf(one.Value as ResourceReference)).OfType<string>()];

    private static string? TypeOf(ParticipantComponent participant) => Occupancy.RelativeOf(participant.Actor)?.Split('/')[0];

    private static List<CodeableConcept> Copies(IEnumerable<CodeableConcept> concepts) => [.. concepts.Select(concept => (CodeableConcept)concept.DeepCopy())];

    private static string WishUrl(Canonicals canonicals) => canonicals.Extension("waitlist-wish");

    private static string OfferedUrl(Canonicals canonicals) => canonicals.Extension("waitlist-offered");
}
