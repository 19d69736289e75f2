using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>Which members of a series are meant.</summary>
public enum SeriesScope
{
    /// <summary><c>one</c>: the one that is named.</summary>
    One,

    /// <summary><c>this-and-following</c></summary>
    ThisAndFollowing,

    /// <summary><c>all</c></summary>
    All,
}

/// <summary>The weekly times of a series.</summary>
/// <param name="Starts">When each begins, in UTC and in order; the first is the first week.</param>
public sealed record SeriesTimes(IReadOnlyList<DateTimeOffset> Starts);

/// <summary>The Slots of a series.</summary>
/// <param name="Weeks">Those of each member, in the order of the members.</param>
public sealed record SeriesSlots(IReadOnlyList<IReadOnlyList<LoadedSlot>> Weeks);

/// <summary>
/// Appointments at one local time of the week. They share an identifier in the system <c>{canon}/series</c> and are numbered by R5's
/// <c>recurrenceId</c>; the first has R5's <c>recurrenceTemplate</c> (https://hl7.org/fhir/R5/appointment.html) on R4.
/// </summary>
public static class WeeklySeries
{
    /// <summary>The fewest members.</summary>
    public const int Fewest = 2;

    /// <summary>The most members.</summary>
    public const int Most = 12;

    private const string Appointment5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.";

    /// <summary>R5's Appointment.recurrenceId on R4.</summary>
    public const string RecurrenceIdUrl = Appointment5 + "recurrenceId";

    /// <summary>R5's Appointment.recurrenceTemplate on R4.</summary>
    public const string RecurrenceTemplateUrl = Appointment5 + "recurrenceTemplate";

    /// <summary>
    /// The weekly times from the first on, at the same local time whatever the zone's offset. 400 <c>occurrence-count</c> unless the count is
    /// 2 to 12; 422 <c>no-such-local-time</c> where a week has no such time. Of a time that comes twice the first is taken.
    /// </summary>
    public static Decision<SeriesTimes> Times(DateTimeOffset first, int count, DateTimeZone zone)
    {
        if (count is < Fewest or > Most)
        {
            return Refusal.Invalid("occurrence-count", $"A series has {Fewest} to {Most} appointments.");
        }

        var start = NodaTime.Instant.FromDateTimeOffset(first).InZone(zone).LocalDateTime;
        var starts = new List<DateTimeOffset> { Moment.Whole(first) };
        for (var week = 1; week < count; week++)
        {
            var mapping = zone.MapLocal(start.PlusWeeks(week));
            if (mapping.Count == 0)
            {
                return Refusal.BusinessRule(
                    "no-such-local-time",
                    $"In week {week + 1} of the series the clock is set forward over that time: choose another one.",
                    "Appointment.start");
            }

            starts.Add(mapping.First().ToDateTimeOffset().ToUniversalTime());
        }

        return new SeriesTimes(starts);
    }

    /// <summary>
    /// The members of a series, copies of the first week at the given times without ids and Slots. A template that the first week brings
    /// stays on the first member.
    /// </summary>
    /// <param name="first">The first week; has a start and an end.</param>
    /// <param name="times">The times of <see cref="Times"/>.</param>
    /// <param name="series">What is shared by the members and by no other series, for example a UUID.</param>
    /// <param name="zone">The zone whose local time is kept.</param>
    /// <param name="canonicals">Where this server's systems of identifiers are.</param>
    public static IReadOnlyList<Appointment> Members(
        Appointment first, SeriesTimes times, string series, DateTimeZone zone, Canonicals canonicals)
    {
        var length = first.End!.Value - first.Start!.Value;
        return [.. times.Starts.Select((start, index) => Member(start, index))];

        Appointment Member(DateTimeOffset start, int index)
        {
            var member = (Appointment)first.DeepCopy();
            member.StartElement = Moment.Instant(start);
            member.EndElement = Moment.Instant(start + length);
            member.Identifier = [.. member.Identifier.Where(one => one.System != System(canonicals)), new Identifier(System(canonicals), series)];
            member.SetExtension(RecurrenceIdUrl, new PositiveInt(index + 1));
            if (index > 0)
            {
                member.Id = null;
                member.Slot = [];
                member.RemoveExtension(RecurrenceTemplateUrl);
            }
            else if (member.GetExtension(RecurrenceTemplateUrl) is null)
            {
                member.Extension.Add(Template(start, times.Starts.Count, zone));
            }

            return member;
        }
    }

    /// <summary>
    /// The Slots of every week: of the Schedules of the first week's, at the same distance from the start and as long. 409
    /// <c>slot-unavailable</c> where one is not there or not to be had: a series is booked as a whole or not at all.
    /// </summary>
    /// <param name="first">The Slots of the first week.</param>
    /// <param name="times">The times of <see cref="Times"/>.</param>
    /// <param name="candidates">Slots of these Schedules in all the weeks.</param>
    /// <param name="now">The time.</param>
    public static Decision<SeriesSlots> FindSlots(
        IReadOnlyList<LoadedSlot> first, SeriesTimes times, IEnumerable<LoadedSlot> candidates, DateTimeOffset now)
    {
        var open = candidates.Where(candidate => candidate.IsOpenTo(null, now))
            .ToLookup(candidate => (Occupancy.RelativeOf(candidate.Slot.Schedule), candidate.Slot.Start, candidate.Slot.End));
        var weeks = new List<IReadOnlyList<LoadedSlot>> { first };
        foreach (var start in times.Starts.Skip(1))
        {
            var distance = start - times.Starts[0];
            var week = first.Select(one => open[(Occupancy.RelativeOf(one.Slot.Schedule), one.Slot.Start + distance, one.Slot.End + distance)])
                .Select(matches => matches.FirstOrDefault())
                .OfType<LoadedSlot>()
                .ToList();
            if (week.Count < first.Count)
            {
                return BookingRules.SlotUnavailable();
            }

            weeks.Add(week);
        }

        return new SeriesSlots(weeks);
    }

    /// <summary>The series that an Appointment belongs to, or null.</summary>
    public static string? SeriesOf(Appointment appointment, Canonicals canonicals) =>
        appointment.Identifier.FirstOrDefault(one => one.System == System(canonicals))?.Value;

    /// <summary>Its number in the series from 1, or null.</summary>
    public static int? NumberOf(Appointment appointment) =>
        (appointment.GetExtension(RecurrenceIdUrl)?.Value as PrimitiveType)?.JsonValue as int?;

    /// <summary>Reads <c>scope</c> of <c>$cancel</c>: <c>one</c> where it is not said, null where it is none of the three.</summary>
    public static SeriesScope? ReadScope(string? scope) => scope switch
    {
        null or "one" => SeriesScope.One,
        "this-and-following" => SeriesScope.ThisAndFollowing,
        "all" => SeriesScope.All,
        _ => null,
    };

    /// <summary>
    /// Who is meant: the chosen one itself, whatever its state, and of the others those of its series that can be cancelled still, in the
    /// order of their numbers.
    /// </summary>
    /// <param name="chosen">The Appointment that is named.</param>
    /// <param name="series">All Appointments with the identifier of its series; may be empty where only one is meant.</param>
    /// <param name="scope">Which.</param>
    /// <param name="canonicals">Where this server's systems of identifiers are.</param>
    public static IReadOnlyList<Appointment> Pick(
        Appointment chosen, IEnumerable<Appointment> series, SeriesScope scope, Canonicals canonicals)
    {
        var name = SeriesOf(chosen, canonicals);
        var number = NumberOf(chosen) ?? 0;
        return scope == SeriesScope.One || name is null
            ? [chosen]
            :
            [
                .. series.Where(one => one.Id != chosen.Id
                        && SeriesOf(one, canonicals) == name
                        && AppointmentStates.IsCancellable(one.Status)
                        && (scope == SeriesScope.All || NumberOf(one) > number))
                    .Append(chosen)
                    .OrderBy(NumberOf),
            ];
    }

    /// <summary>The system of the identifiers that members of a series share.</summary>
    public static string System(Canonicals canonicals) => canonicals.Identifiers("series");

    private static Extension Template(DateTimeOffset start, int count, DateTimeZone zone)
    {
        var day = NodaTime.Instant.FromDateTimeOffset(start).InZone(zone).DayOfWeek;
        return new Extension
        {
            Url = RecurrenceTemplateUrl,
            Extension =
            [
                new("timezone", new CodeableConcept("https://www.iana.org/time-zones", zone.Id)),
                new("recurrenceType", new CodeableConcept("http://unitsofmeasure.org", "wk")),
                new("occurrenceCount", new PositiveInt(count)),
                new Extension
                {
                    Url = "weeklyTemplate",
                    Extension = [new(day.ToString().ToLowerInvariant(), new FhirBoolean(true)), new("weekInterval", new PositiveInt(1))],
                },
            ],
        };
    }
}
