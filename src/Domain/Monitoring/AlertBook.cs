using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Monitoring;

/// <summary>What has become of a reading: it came, was corrected, or was an error.</summary>
/// <param name="Key">The Observation, without a version.</param>
/// <param name="Reading">The reading as it is now, or as it was before it was deleted.</param>
/// <param name="IsError">Whether it was entered in error, cancelled or deleted.</param>
/// <param name="IsFirst">Whether it has come just now, and is no correction.</param>
public sealed record ReadingChange(ResourceKey Key, Reading Reading, bool IsError, bool IsFirst)
{
    /// <summary>Readings that are older than this alert nobody.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromHours(24);
}

/// <summary>
/// The alerts of one patient: those that are open, and those that were closed since the oldest reading that may still alert. A reading that one of
/// them names has had its effect, so that to be told of it again changes nothing.
/// </summary>
/// <param name="patient">Whose.</param>
/// <param name="stored">The alerts that are stored.</param>
/// <param name="goals">The patient's Goals.</param>
/// <param name="limits">Who judges values.</param>
/// <param name="alerts">Who words them.</param>
public sealed class AlertBook(ResourceKey patient, IEnumerable<Hl7.Fhir.Model.Task> stored, IReadOnlyList<Goal> goals, LimitRules limits, AlertTask alerts)
{
    private readonly List<Hl7.Fhir.Model.Task> _tasks = [.. stored];
    private readonly HashSet<Hl7.Fhir.Model.Task> _changed = [];

    /// <summary>The alerts that are new or have changed, new ones without a version in their meta.</summary>
    public IReadOnlyCollection<Hl7.Fhir.Model.Task> Changed => _changed;

    /// <summary>Takes note of what has become of a reading.</summary>
    public void Take(ReadingChange change, DateTimeOffset now)
    {
        if (change.IsError)
        {
            Withdraw(change.Key, _tasks, "A reading was entered in error", now);
            return;
        }

        if (Reading.TimeOf(change.Reading.Observation.Effective) is not var (taken, _))
        {
            return;
        }

        var isFresh = taken >= now - ReadingChange.Fresh && taken <= now + ReadingRules.Ahead;
        foreach (var value in MeasuredValue.Of(change.Reading.Observation))
        {
            var subject = AlertTask.SubjectOf(patient, value.Measure);
            var about = _tasks.Where(task => alerts.SubjectOf(task) == subject).ToList();
            var open = about.Find(alerts.Takes);
            if (limits.Judge(value, goals, taken) is { } breach)
            {
                if (isFresh && !about.Exists(task => AlertTask.Names(task, change.Key)))
                {
                    Alert(change.Key, breach, open, taken, now);
                }
            }
            else if (!change.IsFirst && about.Exists(task => AlertTask.IsOpen(task) && AlertTask.Names(task, change.Key)))
            {
                Withdraw(change.Key, about, "A reading was corrected and is in range", now);
            }
            else if (isFresh && open is not null && alerts.NoteInRange(open, value, taken, now))
            {
                _changed.Add(open);
            }
        }

        if (isFresh && change.Reading.Device is { } device
            && _tasks.Find(task => AlertTask.IsOpen(task) && alerts.SubjectOf(task) == AlertTask.SubjectOf(device)) is { } missing
            && alerts.NoteHeard(missing, taken, now))
        {
            _changed.Add(missing);
        }
    }

    /// <summary>The id of the alert that begins with a reading: the same whoever makes it, so that it is made once.</summary>
    public static string IdOf(ResourceKey reading, Measure measure) => IdOf($"{AlertTask.Review}|{reading}|{measure.Code}");

    /// <summary>An id made of what is told.</summary>
    public static string IdOf(string text) => $"alert-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32]}";

    private void Alert(ResourceKey reading, Breach breach, Hl7.Fhir.Model.Task? open, DateTimeOffset taken, DateTimeOffset now)
    {
        if (open is not null && AlertTask.HasRoom(open))
        {
            if (alerts.Append(open, reading, breach, taken, now))
            {
                _changed.Add(open);
            }

            return;
        }

        var task = alerts.Open(IdOf(reading, breach.Value.Measure), patient, reading, breach, taken, now);
        if (open is not null)
        {
            // The full one changes too, so that of two who find it full, or take a reading out of it meanwhile, one has to look again.
            alerts.Continue(open, task, now);
            _changed.Add(open);
        }

        _tasks.Add(task);
        _changed.Add(task);
    }

    private void Withdraw(ResourceKey reading, IEnumerable<Hl7.Fhir.Model.Task> from, string why, DateTimeOffset now)
    {
        foreach (var task in from.ToList())
        {
            if (AlertTask.Withdraw(task, reading, why, now))
            {
                _changed.Add(task);
            }
        }
    }
}
