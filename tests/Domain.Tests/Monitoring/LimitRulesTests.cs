using Hl7.Fhir.Model;
using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Domain.Tests.Monitoring;

/// <summary>What is in range: the patient's Goals say, else the organization.</summary>
public sealed class LimitRulesTests
{
    private const string Ucum = "http://unitsofmeasure.org";

    private static readonly DateTimeOffset _now = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("8480-6", 160, "mm[Hg]", null)]
    [InlineData("8480-6", 90, "mm[Hg]", null)]
    [InlineData("8480-6", 161, "mm[Hg]", RequestPriority.Routine)]
    [InlineData("8480-6", 171, "mm[Hg]", RequestPriority.Urgent)]
    [InlineData("8480-6", 180, "mm[Hg]", RequestPriority.Asap)]
    [InlineData("8480-6", 181, "mm[Hg]", RequestPriority.Stat)]
    [InlineData("8480-6", 79, "mm[Hg]", RequestPriority.Stat)]
    [InlineData("8310-5", 38, "Cel", null)]
    [InlineData("8310-5", 100.4, "[degF]", null)]
    [InlineData("8310-5", 101, "[degF]", RequestPriority.Routine)]
    [InlineData("8310-5", 104, "[degF]", RequestPriority.Stat)]
    [InlineData("2708-6", 87, "%", RequestPriority.Stat)]
    [InlineData("2708-6", 100, "%", null)]
    [InlineData("15074-8", 10, "mmol/L", null)]
    [InlineData("15074-8", 17, "mmol/L", RequestPriority.Stat)]
    [InlineData("2339-0", 69, "mg/dL", RequestPriority.Routine)]
    [InlineData("29463-7", 500, "kg", null)]
    public void Without_a_goal_the_limits_of_the_organization_hold(string code, double value, string unit, RequestPriority? priority) =>
        Assert.Equal(priority, Judge(Reading(code, (decimal)value, unit))?.Priority);

    [Theory]
    [InlineData(130, null)]
    [InlineData(131, RequestPriority.Routine)]
    [InlineData(165, RequestPriority.Asap)]
    [InlineData(181, RequestPriority.Stat)]
    [InlineData(100, null)]
    [InlineData(99, RequestPriority.Routine)]
    public void A_goal_takes_the_place_of_the_limits_and_its_edges_are_in_range(int value, RequestPriority? priority) =>
        Assert.Equal(priority, Judge(Reading("8480-6", value, "mm[Hg]"), Goal("8480-6", Range(100, 130, "mm[Hg]")))?.Priority);

    [Theory]
    [InlineData(Quantity.QuantityComparator.LessThan, 79.9, false)]
    [InlineData(Quantity.QuantityComparator.LessThan, 80, true)]
    [InlineData(Quantity.QuantityComparator.LessOrEqual, 80, false)]
    [InlineData(Quantity.QuantityComparator.LessOrEqual, 80.1, true)]
    [InlineData(Quantity.QuantityComparator.GreaterThan, 80, true)]
    [InlineData(Quantity.QuantityComparator.GreaterOrEqual, 80, false)]
    [InlineData(Quantity.QuantityComparator.GreaterOrEqual, 79, true)]
    [InlineData(null, 500, false)]
    public void A_quantity_limits_to_the_side_that_it_names(Quantity.QuantityComparator? side, double value, bool isOut)
    {
        var detail = Number(80, "kg");
        detail.Comparator = side;
        Assert.Equal(isOut, Judge(Reading("29463-7", (decimal)value, "kg"), Goal("29463-7", detail)) is not null);
    }

    [Theory]
    [InlineData(176, "[lb_av]", false)]
    [InlineData(177, "[lb_av]", true)]
    [InlineData(80_100, "g", true)]
    public void Units_are_converted(double value, string unit, bool isOut) =>
        Assert.Equal(isOut, Judge(Reading("29463-7", (decimal)value, unit), Goal("29463-7", Range(null, 80, "kg"))) is not null);

    [Fact]
    public void Goals_that_are_not_active_or_of_another_measure_say_nothing()
    {
        var cancelled = Goal("8480-6", Range(null, 100, "mm[Hg]"));
        cancelled.LifecycleStatus = Hl7.Fhir.Model.Goal.GoalLifecycleStatus.Cancelled;
        var later = Goal("8480-6", Range(null, 100, "mm[Hg]"));
        later.Start = new Date("2026-02-01");

        Assert.Null(Judge(Reading("8480-6", 150, "mm[Hg]"), cancelled, later, Goal("8462-4", Range(null, 100, "mm[Hg]"))));
    }

    [Fact]
    public void Each_component_of_a_blood_pressure_is_judged()
    {
        var panel = new Observation
        {
            Code = new CodeableConcept("http://loinc.org", "85354-9"),
            Component = [Part("8480-6", 120), Part("8462-4", 130)],
        };

        var breaches = MeasuredValue.Of(panel).Select(value => Rules.Judge(value, [], _now)).OfType<Breach>();

        Assert.Equal("Diastolic blood pressure 130 mm[Hg] is above 100 mm[Hg]", Assert.Single(breaches).Text);
    }

    private static LimitRules Rules => new(MeasureLimits.Defaults);

    private static Breach? Judge(Observation reading, params Goal[] goals) => Rules.Judge(Assert.Single(MeasuredValue.Of(reading)), goals, _now);

    private static Observation Reading(string code, decimal value, string unit) =>
        new() { Code = new CodeableConcept("http://loinc.org", code), Value = Number(value, unit) };

    private static Observation.ComponentComponent Part(string code, decimal value) =>
        new() { Code = new CodeableConcept("http://loinc.org", code), Value = Number(value, "mm[Hg]") };

    private static Quantity Number(decimal value, string unit) => new(value, unit, Ucum) { Code = unit };

    private static Hl7.Fhir.Model.Range Range(decimal? low, decimal? high, string unit) => new()
    {
        Low = low is { } least ? Number(least, unit) : null,
        High = high is { } most ? Number(most, unit) : null,
    };

    private static Goal Goal(string code, DataType detail) => new()
    {
        LifecycleStatus = Hl7.Fhir.Model.Goal.GoalLifecycleStatus.Active,
        Target = [new Goal.TargetComponent { Measure = new CodeableConcept("http://loinc.org", code), Detail = detail }],
    };
}
