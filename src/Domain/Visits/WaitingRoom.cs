using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Visits;

/// <summary>A patient who waits.</summary>
/// <param name="Encounter">The Encounter.</param>
/// <param name="Since">Since when.</param>
public sealed record Waiting(Encounter Encounter, DateTimeOffset Since);

/// <summary>
/// The queue before the visits: who has arrived and was not let in, oldest first. Somebody's place is among those who wait for one of the same
/// practitioners. It is worked out when it is asked for and never stored.
/// </summary>
public static class WaitingRoom
{
    /// <summary>The name of the extension, under the server's own canonical base.</summary>
    public const string ExtensionName = "waiting";

    private static readonly TimeSpan _usual = TimeSpan.FromMinutes(15);

    /// <summary>Whether the patient is there and was not let in.</summary>
    public static bool IsWaiting(Encounter encounter) => encounter.Status is EncounterStatus.Arrived or EncounterStatus.Triaged;

    /// <summary>Those who wait, oldest first.</summary>
    public static IReadOnlyList<Waiting> Order(IEnumerable<Encounter> encounters) =>
        [.. encounters.Where(IsWaiting).Select(encounter => new Waiting(encounter, SinceOf(encounter))).OrderBy(one => one.Since).ThenBy(one => one.Encounter.Id, StringComparer.Ordinal)];

    /// <summary>
    /// The extension of somebody who waits: the place in the queue from 1, since when, and in how many minutes it is likely their turn, which
    /// is what is left of the visits that go on and the planned time of those before.
    /// </summary>
    public static Extension Describe(Waiting waiting, IEnumerable<Waiting> queue, IEnumerable<Encounter> going, Canonicals canonicals, DateTimeOffset now)
    {
        var own = PractitionersOf(waiting.Encounter);
        var before = queue.TakeWhile(one => one.Encounter.Id != waiting.Encounter.Id).Where(one => SharesWith(own, one.Encounter)).ToList();
        var left = going.Where(one => SharesWith(own, one)).Select(one => LeftOf(one, now)).DefaultIfEmpty(TimeSpan.Zero).Max();
        var minutes = (left + TimeSpan.FromTicks(before.Sum(one => LengthOf(one.Encounter).Ticks))).TotalMinutes;
        return new Extension
        {
            Url = canonicals.Extension(ExtensionName),
            Extension =
            [
                new("position", new PositiveInt(before.Count + 1)),
                new("waitingSince", Moment.Instant(waiting.Since)),
                new("estimatedMinutes", new UnsignedInt((int)Math.Ceiling(minutes))),
            ],
        };
    }

    /// <summary>Takes the extension off an Encounter that is to be stored: clients send back what they read.</summary>
    public static void Remove(Encounter encounter) =>
        encounter.Extension.RemoveAll(extension => extension.Url?.EndsWith($"/StructureDefinition/{ExtensionName}", StringComparison.Ordinal) == true);

    /// <summary>When the arrival was: its entry in the history, else the end of what was before, else when it was written.</summary>
    private static DateTimeOffset SinceOf(Encounter encounter) =>
        Moment.Read(encounter.StatusHistory.LastOrDefault(entry => entry.Status == EncounterStatus.Arrived)?.Period?.Start)
        ?? Moment.Read(encounter.StatusHistory.LastOrDefault()?.Period?.End)
        ?? Moment.Read(encounter.Period?.Start)
        ?? encounter.Meta?.LastUpdated
        ?? DateTimeOffset.MaxValue;

    private static HashSet<string> PractitionersOf(Encounter encounter) => encounter.Participant
        .Select(participant => VisitParties.Local(participant.Individual)).OfType<string>()
        .Where(reference => reference.StartsWith("Practitioner", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

    private static bool SharesWith(HashSet<string> own, Encounter other)
    {
        var others = PractitionersOf(other);
        return own.Count == 0 ? others.Count == 0 : own.Overlaps(others);
    }

    private static TimeSpan LengthOf(Encounter encounter) =>
        TimeOf(encounter, TelehealthVisit.PlannedStartUrl) is { } start && TimeOf(encounter, TelehealthVisit.PlannedEndUrl) is { } end && end > start
            ? end - start
            : _usual;

    private static TimeSpan LeftOf(Encounter encounter, DateTimeOffset now)
    {
        var left = LengthOf(encounter) - (now - (Moment.Read(encounter.Period?.Start) ?? now));
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static DateTimeOffset? TimeOf(Encounter encounter, string url) => Moment.Read((encounter.GetExtension(url)?.Value as FhirDateTime)?.Value);
}
