using System.Collections.Immutable;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Scheduling;

/// <summary>How the parties meet.</summary>
public enum VisitModality
{
    /// <summary><c>VR</c>: by video.</summary>
    Virtual,

    /// <summary><c>AMB</c>: in one place.</summary>
    InPerson,
}

/// <summary>
/// What <c>$find</c> looks for (IHE ITI-115, https://profiles.ihe.net/ITI/Scheduling/ITI-115.html), as far as it can be decided from Schedules
/// and Slots. Lists are in order of preference.
/// </summary>
/// <param name="Window">
/// When: a Slot lies in it whole. A bound that is a day means that day where the Schedule is, the last one included.
/// </param>
/// <param name="Now">The time; what has begun is past.</param>
public sealed record TimeSearch(Hl7.Fhir.Model.Period Window, DateTimeOffset Now)
{
    /// <summary>Kinds of visit, any of which will do.</summary>
    public ImmutableArray<TokenSearchValue> VisitTypes { get; init; } = [];

    /// <summary>How to meet; null where both will do.</summary>
    public VisitModality? Modality { get; init; }

    /// <summary>Local days and hours that suit, or null.</summary>
    public PreferredTimes? Preferred { get; init; }

    /// <summary>Relative references of the patients; several are one visit of a group.</summary>
    public ImmutableArray<string> Patients { get; init; } = [];

    /// <summary>Why.</summary>
    public ImmutableArray<CodeableConcept> Reasons { get; init; } = [];

    /// <summary>The ServiceRequest that refers the patient, by its identifier, or null.</summary>
    public Identifier? Referral { get; init; }

    /// <summary>Where the patient says to be at the time of the visit, as <c>Location/id</c>; null where it is not said.</summary>
    public string? Declared { get; init; }

    /// <summary>How many weeks in a row; null for one visit.</summary>
    public int? Occurrences { get; init; }

    /// <summary>The id of an Appointment whose own time counts as free, or null.</summary>
    public string? IgnoredAppointment { get; init; }

    /// <summary>The ids of that Appointment's Slots.</summary>
    public ImmutableHashSet<string> IgnoredSlots { get; init; } = [];

    /// <summary>Whether times are offered at which a patient has another visit.</summary>
    public PatientOverlap PatientOverlap { get; init; }

    /// <summary>How many proposals at most.</summary>
    public int Count { get; init; } = 50;
}

/// <summary>Local days of the week and times of day that suit; none of a kind stands for all.</summary>
/// <param name="Days">Days.</param>
/// <param name="Times">Times at which to begin.</param>
/// <param name="Ranges">Ranges of hours in which to begin, half-open.</param>
public sealed record PreferredTimes(
    ImmutableArray<IsoDayOfWeek> Days, ImmutableArray<LocalTime> Times, ImmutableArray<(LocalTime From, LocalTime To)> Ranges)
{
    private static readonly Dictionary<Timing.EventTiming, (LocalTime From, LocalTime To)> _partsOfDay = new()
    {
        [Timing.EventTiming.MORN] = (new(5, 0), new(12, 0)),
        [Timing.EventTiming.MORN_early] = (new(5, 0), new(8, 0)),
        [Timing.EventTiming.MORN_late] = (new(10, 0), new(12, 0)),
        [Timing.EventTiming.NOON] = (new(12, 0), new(13, 0)),
        [Timing.EventTiming.AFT] = (new(12, 0), new(18, 0)),
        [Timing.EventTiming.AFT_early] = (new(12, 0), new(15, 0)),
        [Timing.EventTiming.AFT_late] = (new(15, 0), new(18, 0)),
        [Timing.EventTiming.EVE] = (new(17, 0), new(21, 0)),
        [Timing.EventTiming.EVE_early] = (new(17, 0), new(19, 0)),
        [Timing.EventTiming.EVE_late] = (new(19, 0), new(21, 0)),
        [Timing.EventTiming.NIGHT] = (new(21, 0), new(5, 0)),
    };

    /// <summary>
    /// Reads <c>dayOfWeek</c>, <c>timeOfDay</c> and the parts of a day in <c>when</c>; null where the Timing says anything else, which a search
    /// for times cannot mind.
    /// </summary>
    public static PreferredTimes? Read(Timing timing)
    {
        if (timing.Repeat is not { } repeat || timing.Code is not null || timing.EventElement.Count > 0)
        {
            return null;
        }

        var understood = new Timing.RepeatComponent
        {
            DayOfWeekElement = repeat.DayOfWeekElement,
            TimeOfDayElement = repeat.TimeOfDayElement,
            WhenElement = repeat.WhenElement,
        };
        var times = repeat.TimeOfDay.Select(text => NodaTime.Text.LocalTimePattern.ExtendedIso.Parse(text ?? "")).ToList();
        var parts = repeat.When.OfType<Timing.EventTiming>().ToList();
        return repeat.IsExactly(understood) && times.TrueForAll(time => time.Success) && parts.TrueForAll(_partsOfDay.ContainsKey)
            ? new(
                [.. repeat.DayOfWeek.OfType<DaysOfWeek>().Select(DayOf)],
                [.. times.Select(time => time.Value)],
                [.. parts.Select(part => _partsOfDay[part])])
            : null;
    }

    /// <summary>Whether a local time suits.</summary>
    public bool Suit(LocalDateTime time) =>
        (Days.IsEmpty || Days.Contains(time.DayOfWeek))
        && ((Times.IsEmpty && Ranges.IsEmpty)
            || Times.Contains(time.TimeOfDay)
            || Ranges.Any(range => range.From < range.To
                ? range.From <= time.TimeOfDay && time.TimeOfDay < range.To
                : range.From <= time.TimeOfDay || time.TimeOfDay < range.To));

    private static IsoDayOfWeek DayOf(DaysOfWeek day) => day switch
    {
        DaysOfWeek.Mon => IsoDayOfWeek.Monday,
        DaysOfWeek.Tue => IsoDayOfWeek.Tuesday,
        DaysOfWeek.Wed => IsoDayOfWeek.Wednesday,
        DaysOfWeek.Thu => IsoDayOfWeek.Thursday,
        DaysOfWeek.Fri => IsoDayOfWeek.Friday,
        DaysOfWeek.Sat => IsoDayOfWeek.Saturday,
        _ => IsoDayOfWeek.Sunday,
    };
}
