using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Domain.Tests.Monitoring;

/// <summary>Every reading out of range is named by one Task, however many there are.</summary>
public sealed class AlertBookTests
{
    private const int InOne = AlertTask.MostInputs + 1;

    private static readonly DateTimeOffset _now = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);
    private static readonly ResourceKey _amy = new("Patient", "amy");
    private static readonly AlertTask _alerts = new(new Canonicals("https://telefhir.dev/fhir"));

    [Fact]
    public void A_task_that_is_full_is_continued_by_another()
    {
        var book = Book([]);
        Take(book, 0, (2 * InOne) + 3);

        var tasks = book.Changed.ToList();
        Assert.Equal([AlertTask.MostInputs, AlertTask.MostInputs, 2], tasks.Select(task => task.Input.Count));
        Assert.Equal((2 * InOne) + 3, tasks.SelectMany(Named).Distinct().Count());
        Assert.Equal([null, $"Task/{tasks[0].Id}", $"Task/{tasks[1].Id}"], tasks.Select(task => task.PartOf.SingleOrDefault()?.Reference));
        Assert.Single(tasks.Select(_alerts.SubjectOf).Distinct());
        Assert.Equal([tasks[2]], tasks.Where(_alerts.Takes));
        Assert.Contains($"Task/{tasks[1].Id}", Assert.Single(tasks[0].Note).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_full_task_names_is_told_of_no_second_time()
    {
        var first = Book([]);
        Take(first, 0, InOne + 1);

        var again = Book(first.Changed);
        Take(again, 0, InOne + 1);

        Assert.Empty(again.Changed);
    }

    [Fact]
    public void A_reading_that_is_withdrawn_makes_no_room_in_a_task_that_was_continued()
    {
        var first = Book([]);
        Take(first, 0, InOne + 1);
        var tasks = first.Changed.ToList();

        var book = Book(tasks);
        book.Take(Change(3) with { IsError = true }, _now);
        Take(book, InOne + 1, 1);

        Assert.Equal([AlertTask.MostInputs - 1, 1], tasks.Select(task => task.Input.Count));
    }

    [Fact]
    public void When_the_next_is_closed_a_new_one_begins()
    {
        var first = Book([]);
        Take(first, 0, InOne + 1);
        var tasks = first.Changed.ToList();
        tasks[1].Status = Hl7.Fhir.Model.Task.TaskStatus.Completed;

        var book = Book(tasks);
        Take(book, InOne + 1, 1);

        Assert.Empty(Assert.Single(book.Changed).PartOf);
    }

    private static IEnumerable<string> Named(Hl7.Fhir.Model.Task task) =>
        task.Input.Select(input => ((ResourceReference)input.Value!).Reference!).Prepend(task.Focus!.Reference!);

    private static AlertBook Book(IEnumerable<Hl7.Fhir.Model.Task> stored) => new(_amy, stored, [], new LimitRules(MeasureLimits.Defaults), _alerts);

    private static void Take(AlertBook book, int from, int count)
    {
        foreach (var at in Enumerable.Range(from, count))
        {
            book.Take(Change(at), _now);
        }
    }

    private static ReadingChange Change(int at) => new(
        new ResourceKey("Observation", $"o{at}"),
        new Reading(
            new Observation
            {
                Code = new CodeableConcept("http://loinc.org", "8867-4"),
                Effective = new FhirDateTime(_now.AddSeconds(at - 7200)),
                Value = new Quantity(150, "/min", "http://unitsofmeasure.org") { Code = "/min" },
            },
            _amy,
            null),
        IsError: false,
        IsFirst: true);
}
