using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// Judges readings once they are stored, all of a batch with a handful of queries. To be told of one again changes nothing: the alert that it
/// led to names it.
/// </summary>
internal sealed class ReadingFollower(AlertDesk desk, LimitRules limits, AlertTask alerts) : IChangeFollower
{
    private const int MostAttempts = 40;

    public string Name => "monitoring";

    public bool Wants(string type) => type == "Observation";

    public async Task FollowAsync(ImmutableArray<CommittedChange> changes, CancellationToken cancellationToken)
    {
        var readings = ReadingsIn(changes).ToLookup(change => change.Reading.Patient!.Value);
        var patients = readings.Select(one => one.Key).ToList();
        for (var attempt = 1; patients.Count > 0; attempt++)
        {
            var outrun = await JudgeAsync(readings, patients, cancellationToken);
            if (outrun.Count > 0 && attempt == MostAttempts)
            {
                throw new InvalidOperationException($"Others keep changing {outrun.Count} alerts.");
            }

            patients = [.. outrun];
            if (patients.Count > 0)
            {
                // Losers of one race do not start the next one together. This is time for the machine, whatever the clock says.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 * attempt)), cancellationToken);
            }
        }
    }

    /// <summary>The patients of whom others have changed the alerts meanwhile.</summary>
    private async Task<IReadOnlyCollection<ResourceKey>> JudgeAsync(
        ILookup<ResourceKey, ReadingChange> readings, IReadOnlyCollection<ResourceKey> patients, CancellationToken cancellationToken)
    {
        var now = desk.Now;
        var goals = await desk.GoalsAsync(patients, cancellationToken);
        var stored = await desk.AlertsAsync(patients, now - ReadingChange.Fresh - ReadingRules.Ahead, cancellationToken);
        var changed = new Dictionary<Hl7.Fhir.Model.Task, ResourceKey>();
        foreach (var patient in patients)
        {
            var book = new AlertBook(patient, stored[patient], [.. goals[patient]], limits, alerts);
            foreach (var reading in readings[patient])
            {
                book.Take(reading, now);
            }

            foreach (var task in book.Changed)
            {
                changed.Add(task, patient);
            }
        }

        var outrun = await desk.WriteAsync(changed.Keys, cancellationToken);
        return [.. outrun.Select(task => changed[task]).Distinct()];
    }

    /// <summary>What has become of readings, the oldest first; of a reading that changed more than once how it is in the end.</summary>
    private IEnumerable<ReadingChange> ReadingsIn(ImmutableArray<CommittedChange> changes)
    {
        var readings = new List<ReadingChange>();
        var oldest = desk.Now - ReadingChange.Fresh;
        foreach (var versions in changes.Where(change => change.Event.Length == 0).GroupBy(change => (change.Resource.Key.Type, change.Resource.Key.Id)))
        {
            var last = versions.MaxBy(change => change.Sequence)!;
            var content = last.Resource.IsDeleted ? last.Previous : last.Resource;

            // Of what is imported or written by staff nearly nothing names a device: to look is cheaper than to read.
            if (content is null || content.Json.Span.IndexOf("\"device\""u8) < 0
                || FhirJson.Parse(content.Json) is not Observation { Device: not null } observation
                || Reading.Of(observation, desk.KeyOf) is not { Patient: not null } reading)
            {
                continue;
            }

            var isError = last.Resource.IsDeleted || observation.Status is ObservationStatus.EnteredInError or ObservationStatus.Cancelled;
            var isFirst = versions.Any(change => change.Resource.Key.Version == 1);
            if (isError || !isFirst || Reading.TimeOf(observation.Effective) is var (taken, _) && taken >= oldest)
            {
                readings.Add(new ReadingChange(new ResourceKey("Observation", last.Resource.Key.Id), reading, isError, isFirst));
            }
        }

        return readings.OrderBy(change => Reading.TimeOf(change.Reading.Observation.Effective)?.Start ?? DateTimeOffset.MinValue);
    }
}
