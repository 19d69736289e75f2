using System.Collections.Frozen;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>
/// Between which values a measure is in range, and beyond which it is critical, where no Goal of the patient says otherwise. An edge is in
/// range. Null is no limit.
/// </summary>
/// <param name="Unit">The UCUM unit of the numbers.</param>
/// <param name="Low">The lowest in range.</param>
/// <param name="High">The highest in range.</param>
/// <param name="CriticalLow">What is below needs somebody at once.</param>
/// <param name="CriticalHigh">What is above needs somebody at once.</param>
public sealed record MeasureLimits(string Unit, decimal? Low, decimal? High, decimal? CriticalLow, decimal? CriticalHigh)
{
    /// <summary>
    /// For adults who are monitored at home, where an organization sets nothing else: wide enough that a reading outside is worth a look. Weight,
    /// body mass index and what counts activity have none, since only a Goal can say what is right for somebody.
    /// </summary>
    public static FrozenDictionary<string, MeasureLimits> Defaults { get; } = new Dictionary<string, MeasureLimits>
    {
        ["8480-6"] = new("mm[Hg]", 90, 160, 80, 180),
        ["8462-4"] = new("mm[Hg]", 50, 100, 40, 120),
        ["8478-0"] = new("mm[Hg]", 65, 115, 60, 135),
        ["8867-4"] = new("/min", 50, 110, 40, 130),
        ["40443-4"] = new("/min", 45, 100, 40, 120),
        ["59408-5"] = new("%", 92, null, 88, null),
        ["8310-5"] = new("Cel", 35.5m, 38, 35, 39.5m),
        ["41653-7"] = new("mg/dL", 70, 250, 54, 300),
        ["9279-1"] = new("/min", 10, 24, 8, 30),
    }.ToFrozenDictionary();
}

/// <summary>A value of a reading: its own, or that of a component.</summary>
/// <param name="Measure">What was measured.</param>
/// <param name="Quantity">As it was sent.</param>
/// <param name="Base">The number in base units.</param>
/// <param name="BaseUnit">The base units.</param>
public sealed record MeasuredValue(Measure Measure, Quantity Quantity, decimal Base, string BaseUnit)
{
    /// <summary>All values of an Observation that have limits; each component is one.</summary>
    public static IReadOnlyList<MeasuredValue> Of(Observation observation)
    {
        var values = new List<MeasuredValue>();
        Add(observation.Code, observation.Value);
        observation.Component.ForEach(component => Add(component.Code, component.Value));
        return values;

        void Add(CodeableConcept? code, DataType? value)
        {
            if (Measure.Of(code) is { } measure && value is Quantity quantity && measure.InBaseUnits(quantity) is var (converted, unit))
            {
                values.Add(new MeasuredValue(measure, quantity, converted, unit));
            }
        }
    }

    /// <summary>For people, with the unit as it was sent.</summary>
    public string Text => TextOf(Quantity);

    internal static string TextOf(Quantity quantity) =>
        string.Create(CultureInfo.InvariantCulture, $"{quantity.Value:0.###} {quantity.Unit ?? quantity.Code}");
}

/// <summary>That a value is out of range.</summary>
/// <param name="Value">The value.</param>
/// <param name="Priority">How urgent that is: routine, urgent, asap or stat.</param>
/// <param name="Text">What it is out of, for people.</param>
public sealed record Breach(MeasuredValue Value, RequestPriority Priority, string Text);

/// <summary>Judges values by the patient's active Goals, else by the limits of the organization.</summary>
/// <param name="defaults">The limits of the organization, by the code of the measure.</param>
public sealed class LimitRules(IReadOnlyDictionary<string, MeasureLimits> defaults)
{
    /// <summary>Null where it is in range, or nothing says what that is.</summary>
    public Breach? Judge(MeasuredValue value, IEnumerable<Goal> goals, DateTimeOffset taken)
    {
        var own = defaults.GetValueOrDefault(value.Measure.Code);
        var edges = goals.Where(goal => IsActive(goal, taken)).SelectMany(goal => goal.Target).Where(target => Measure.Of(target.Measure) == value.Measure)
            .SelectMany(target => EdgesOf(target, value)).ToList();
        if (edges.Count == 0 && own is not null)
        {
            edges = [.. Edge(own.Low, isHigh: false), .. Edge(own.High, isHigh: true)];
        }

        var worst = edges.Where(edge => edge.IsBroken(value.Base)).OrderByDescending(edge => Math.Abs(value.Base - edge.Base)).FirstOrDefault();
        return worst is null
            ? null
            : new Breach(value, PriorityOf(value, worst, own), $"{value.Measure.Name} {value.Text} is {(worst.IsHigh ? "above" : "below")} {worst.Text}");

        IEnumerable<Edge> Edge(decimal? number, bool isHigh) =>
            number is { } at && Edges(Number(at, own!.Unit), isHigh, isOpen: false, value) is { } edge ? [edge] : [];
    }

    /// <summary>
    /// By how much of the way from the edge to what is critical: less than half is routine, the whole way is asap. What is critical for
    /// anybody is stat. Where nothing is known to be critical, a fifth of the edge is the whole way.
    /// </summary>
    private static RequestPriority PriorityOf(MeasuredValue value, Edge edge, MeasureLimits? own)
    {
        var critical = own is null ? null : Base(edge.IsHigh ? own.CriticalHigh : own.CriticalLow);
        if (critical is { } limit && (edge.IsHigh ? value.Base > limit : value.Base < limit))
        {
            return RequestPriority.Stat;
        }

        var usual = own is null ? null : Base(edge.IsHigh ? own.High : own.Low);
        var way = critical is { } end && usual is { } start && end != start ? Math.Abs(end - start) : Math.Abs(edge.Base) / 5;
        return (way == 0 ? 1 : Math.Abs(value.Base - edge.Base) / way) switch
        {
            < 0.5m => RequestPriority.Routine,
            < 1 => RequestPriority.Urgent,
            _ => RequestPriority.Asap,
        };

        decimal? Base(decimal? number) => number is { } at && value.Measure.InBaseUnits(Number(at, own!.Unit)) is var (converted, unit) && unit == value.BaseUnit ? converted : null;
    }

    private static bool IsActive(Goal goal, DateTimeOffset taken) =>
        goal.LifecycleStatus == Goal.GoalLifecycleStatus.Active
        && (goal.Start is not Date { Value: { } start } || !DateRange.TryParse(start, out var from) || from.Low <= taken.UtcTicks);

    /// <summary>A quantity is a limit where it says to which side; else it is a wish that no reading meets but by chance.</summary>
    private static IEnumerable<Edge> EdgesOf(Goal.TargetComponent target, MeasuredValue value) => (target.Detail switch
    {
        Hl7.Fhir.Model.Range range => [Edges(range.Low, isHigh: false, isOpen: false, value), Edges(range.High, isHigh: true, isOpen: false, value)],
        Quantity { Comparator: { } side } quantity =>
        [
            Edges(
                quantity,
                isHigh: side is Quantity.QuantityComparator.LessThan or Quantity.QuantityComparator.LessOrEqual,
                isOpen: side is Quantity.QuantityComparator.LessThan or Quantity.QuantityComparator.GreaterThan,
                value),
        ],
        _ => Array.Empty<Edge?>(),
    }).OfType<Edge>();

    private static Edge? Edges(Quantity? limit, bool isHigh, bool isOpen, MeasuredValue value) =>
        value.Measure.InBaseUnits(limit) is var (converted, unit) && unit == value.BaseUnit
            ? new Edge(converted, isHigh, isOpen, MeasuredValue.TextOf(limit!))
            : null;

    private static Quantity Number(decimal value, string unit) => new(value, unit, BaseUnit.Ucum) { Code = unit };

    private sealed record Edge(decimal Base, bool IsHigh, bool IsOpen, string Text)
    {
        public bool IsBroken(decimal value) => IsHigh
            ? value > Base || (IsOpen && value == Base)
            : value < Base || (IsOpen && value == Base);
    }
}
