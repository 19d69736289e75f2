using System.Collections.Immutable;
using Hl7.Fhir.Model;
using NodaTime;

namespace TeleFhir.Domain.Scheduling;

/// <summary>A calendar that may have times for a search.</summary>
/// <param name="Calendar">The Schedule with its actors; it has a zone.</param>
/// <param name="Rank">Its place in the wishes of who asks, smaller first.</param>
/// <param name="NeedsRoom">Whether a time counts only together with one of a room's calendar.</param>
public sealed record Candidate(LoadedSchedule Calendar, int Rank, bool NeedsRoom = false)
{
    /// <summary>By what its clinician is licensed where the patient is; null where nobody asks for that. None where no place was declared.</summary>
    public ImmutableArray<Licence>? Licences { get; init; }

    /// <summary>The places that count as where the patient is: see <see cref="Licensure.Around"/>.</summary>
    public ImmutableHashSet<string> Places { get; init; } = [];

    /// <summary>The clinicians of the calendar, a role as its person.</summary>
    public IEnumerable<string> Clinicians => Calendar.People.Where(person => person.Split('/')[0] is "Practitioner" or "PractitionerRole");
}

/// <summary>A time that can be proposed.</summary>
/// <param name="Time">When.</param>
/// <param name="Parts">The Slots that make it up and whose they are: the clinician's first, then the room's.</param>
public sealed record Offer(Interval Time, ImmutableArray<OfferPart> Parts);

/// <summary>A Slot of an offer.</summary>
/// <param name="Slot">The Slot.</param>
/// <param name="Calendar">Whose it is.</param>
public sealed record OfferPart(Slot Slot, LoadedSchedule Calendar);

/// <summary>
/// Which of the Slots that were found can be proposed: free ones, in the window and not past, of the right kind, for whose actors and patients
/// the time is free, and where a room is needed one at the same time. It decides alone from what it is given.
/// </summary>
public sealed class FreeTimes
{
    private readonly TimeSearch _search;
    private readonly NodaTime.Instant _now;
    private readonly Dictionary<string, Place> _clinicians;
    private readonly Dictionary<string, Place> _rooms;

    /// <param name="search">What is looked for.</param>
    /// <param name="candidates">The calendars that answer for the search.</param>
    /// <param name="rooms">The calendars of wished rooms.</param>
    public FreeTimes(TimeSearch search, IEnumerable<Candidate> candidates, IEnumerable<Candidate> rooms)
    {
        _search = search;
        _now = NodaTime.Instant.FromDateTimeOffset(search.Now);
        _clinicians = candidates.ToDictionary(one => one.Calendar.Reference, one => new Place(one, search.Window), StringComparer.Ordinal);
        _rooms = rooms.ToDictionary(one => one.Calendar.Reference, one => new Place(one, search.Window), StringComparer.Ordinal);
        People =
        [
            .. _clinicians.Values.Concat(_rooms.Values).SelectMany(place => place.Actors).Concat(search.Patients).Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>Whose time has to be free for one offer or another.</summary>
    public ImmutableArray<string> People { get; }

    /// <summary>The offers, the earliest first and at the same time the most preferred.</summary>
    /// <param name="slots">Slots of the calendars, those of a room among them; in any order.</param>
    /// <param name="taken">What is known of the time of <see cref="People"/> while the Slots last.</param>
    public IReadOnlyList<Offer> Among(IEnumerable<Slot> slots, IEnumerable<OccupancyEntry> taken)
    {
        var busy = taken.ToLookup(entry => entry.Actor, StringComparer.Ordinal);
        var found = new List<(Interval Time, int Rank, int RoomRank, Offer Offer)>();
        var usable = slots.Select(slot => (Slot: slot, Reference: Occupancy.RelativeOf(slot.Schedule) ?? "")).ToList();
        var rooms = usable
            .Where(one => _rooms.TryGetValue(one.Reference, out var room) && IsFree(one.Slot, room, busy))
            .OrderBy(one => _rooms[one.Reference].Candidate.Rank).ThenBy(one => one.Reference, StringComparer.Ordinal)
            .ToLookup(one => (one.Slot.Start, one.Slot.End));
        foreach (var (slot, reference) in usable)
        {
            if (!_clinicians.TryGetValue(reference, out var place) || !IsFree(slot, place, busy) || KindOf(slot, place) is not { } kind)
            {
                continue;
            }

            var time = Moment(slot)!.Value;
            var part = new OfferPart(slot, place.Candidate.Calendar);
            var rank = (place.Candidate.Rank * 1000) + kind;
            if (!place.Candidate.NeedsRoom)
            {
                found.Add((time, rank, 0, new Offer(time, [part])));
            }
            else if (rooms[(slot.Start, slot.End)].FirstOrDefault() is { Slot: { } roomSlot } room)
            {
                found.Add((time, rank, 1, new Offer(time, [part, new OfferPart(roomSlot, _rooms[room.Reference].Candidate.Calendar)])));
            }
        }

        return
        [
            .. found.OrderBy(one => one.Time.Start).ThenBy(one => one.Rank).ThenBy(one => one.RoomRank).ThenBy(one => one.Time.End)
                .ThenBy(one => one.Offer.Parts[0].Calendar.Reference, StringComparer.Ordinal)
                .Select(one => one.Offer),
        ];
    }

    /// <summary>
    /// Of the offers for the first week those that are there in every week of a series: Slots of the same calendars at the same local time.
    /// </summary>
    /// <param name="first">Offers for the first week.</param>
    /// <param name="later">Slots of the calendars in the weeks after.</param>
    /// <param name="taken">What is known of the time of <see cref="People"/> in these weeks.</param>
    public IReadOnlyList<Offer> InEveryWeek(IEnumerable<Offer> first, IEnumerable<Slot> later, IEnumerable<OccupancyEntry> taken)
    {
        var busy = taken.ToLookup(entry => entry.Actor, StringComparer.Ordinal);
        var free = later.Where(slot => PlaceOf(slot) is { } place && IsFreeOf(slot, place, busy))
            .Select(slot => (Occupancy.RelativeOf(slot.Schedule), slot.Start, slot.End))
            .ToHashSet();
        return [.. first.Where(IsInEveryWeek)];

        bool IsInEveryWeek(Offer offer)
        {
            var start = offer.Time.Start.ToDateTimeOffset();
            var zone = offer.Parts[0].Calendar.Zone.Value!;
            return WeeklySeries.Times(start, _search.Occurrences ?? 1, zone).Value is { } weeks
                && weeks.Starts.Skip(1).All(week => offer.Parts.All(part =>
                    free.Contains((part.Calendar.Reference, week, week + (part.Slot.End - part.Slot.Start)))));
        }
    }

    private Place? PlaceOf(Slot slot) => Occupancy.RelativeOf(slot.Schedule) is { } reference
        ? _clinicians.GetValueOrDefault(reference) ?? _rooms.GetValueOrDefault(reference)
        : null;

    private bool IsFree(Slot slot, Place place, ILookup<string, OccupancyEntry> busy) =>
        Moment(slot) is { } time
        && slot.Start > _search.Now
        && place.Window is { } window && window.Covers(time)
        && _search.Preferred?.Suit(time.Start.InZone(place.Zone).LocalDateTime) != false
        && IsFreeOf(slot, place, busy);

    private bool IsFreeOf(Slot slot, Place place, ILookup<string, OccupancyEntry> busy)
    {
        if (Moment(slot) is not { } time)
        {
            return false;
        }

        var isOpen = slot.Status == Slot.SlotStatus.Free
            || _search.IgnoredSlots.Contains(slot.Id ?? "")
            || (slot.Status == Slot.SlotStatus.BusyTentative && HasRunOut(time, place, busy));
        var capacity = ScheduleHours.CapacityOf(slot);
        return isOpen
            && place.Actors.All(actor => IsOpen(actor, time, capacity, busy))
            && _search.Patients.All(patient => IsOpen(patient, time, 1, busy));
    }

    /// <summary>Whether the hold of the time is known and over, although the Slot does not say so yet.</summary>
    private bool HasRunOut(Interval time, Place place, ILookup<string, OccupancyEntry> busy)
    {
        var holds = place.Actors.SelectMany(actor => busy[actor]).Where(entry => entry.During.Overlaps(time)).ToList();
        return holds.Count > 0 && holds.TrueForAll(hold => !hold.IsLive(_now));
    }

    private bool IsOpen(string actor, Interval time, int capacity, ILookup<string, OccupancyEntry> busy)
    {
        var rivals = busy[actor].Where(entry => entry.During.Overlaps(time)).ToList();
        if (rivals.Count == 0)
        {
            return true;
        }

        var want = new OccupancyEntry(actor, time, OccupancyState.Booked) { Capacity = capacity, AppointmentId = _search.IgnoredAppointment };
        return Occupancy.Seat([want], rivals, _search.Now, _search.PatientOverlap).IsAllowed;
    }

    /// <summary>How much the kind of visit was wished for, from 0; null where it is another.</summary>
    private int? KindOf(Slot slot, Place place)
    {
        var types = ProposedAppointment.ServiceTypes(slot, place.Candidate.Calendar.Schedule);
        if (!ProposedAppointment.Allows(types, _search.Modality))
        {
            return null;
        }

        var concepts = slot.AppointmentType is null ? types : [.. types, slot.AppointmentType];
        var at = _search.VisitTypes.ToList().FindIndex(wished => concepts.Exists(concept => ProposedAppointment.Has(concept, wished)));
        return !_search.VisitTypes.IsEmpty && at < 0 ? null
            : !IsLicensed(slot, place) ? null
            : Math.Max(0, at);
    }

    /// <summary>Whether its clinician may see the patient by video, where that is how they would meet.</summary>
    private bool IsLicensed(Slot slot, Place place)
    {
        if (place.Candidate.Licences is not { } licences || !place.Candidate.Clinicians.Any())
        {
            return true;
        }

        var schedule = place.Candidate.Calendar.Schedule;
        var types = ProposedAppointment.Types(slot, schedule, _search);
        var services = schedule.Actor.Select(Occupancy.RelativeOf).OfType<string>().Where(actor => actor.StartsWith("HealthcareService/", StringComparison.Ordinal)).ToList();
        return !types.Exists(ProposedAppointment.IsVirtual)
            || place.Candidate.Clinicians.All(clinician => Licensure.Covers(
                licences.Where(licence => Occupancy.RelativeOf(licence.Role.Practitioner) == clinician), place.Candidate.Places, slot.Start!.Value, types, services));
    }

    private static Interval? Moment(Slot slot) => Fhir.Moment.Between(slot.Start, slot.End) is { } time && time.Start < time.End ? time : null;

    /// <summary>A candidate, with what of it is the same for all its Slots.</summary>
    private sealed class Place(Candidate candidate, Hl7.Fhir.Model.Period window)
    {
        public Candidate Candidate { get; } = candidate;

        public DateTimeZone Zone { get; } = candidate.Calendar.Zone.Value!;

        public Interval? Window { get; } = ScheduleHours.PeriodOf(window, candidate.Calendar.Zone.Value!);

        public ImmutableArray<string> Actors { get; } = candidate.Calendar.People;
    }
}
