using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Encounter;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// What the server keeps of an Encounter itself: <c>statusHistory</c> and <c>classHistory</c>
/// (https://hl7.org/fhir/R4/encounter-definitions.html#Encounter.statusHistory), the subject's status of R5, and <c>period</c> and
/// <c>length</c> as the visit begins and ends. Periods of a history are half-open and follow each other without a gap; what holds now is not
/// in it.
/// </summary>
public static class EncounterHistory
{
    /// <summary>R5's Encounter.subjectStatus on R4.</summary>
    public const string SubjectStatusUrl = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.subjectStatus";

    private const string SubjectStatusSystem = "http://terminology.hl7.org/CodeSystem/encounter-subject-status";

    /// <summary>
    /// Whether a client leaves history alone: it repeats what is stored, with or without entries behind it, or is silent. Else 422
    /// <c>history-immutable</c>.
    /// </summary>
    public static Refusal? Check(Encounter before, Encounter after) =>
        !Continues(before.StatusHistory, after.StatusHistory) ? Refuse("Encounter.statusHistory")
        : !Continues(before.ClassHistory, after.ClassHistory) ? Refuse("Encounter.classHistory")
        : null;

    /// <summary>
    /// The Encounter that is stored, a copy: the client's with what the server keeps. On creation (<paramref name="before"/> null) a
    /// history is taken over only from an Encounter that is over, which is how the past is brought in.
    /// </summary>
    /// <param name="before">The Encounter as it is, with its <c>meta</c>; null where it is created.</param>
    /// <param name="after">The Encounter as the client wants it.</param>
    /// <param name="now">The time of the change.</param>
    /// <param name="created">
    /// When the first version was stored: the first status and class began then. Where it is not known, the time of the version before.
    /// </param>
    public static Encounter Keep(Encounter? before, Encounter after, DateTimeOffset now, DateTimeOffset? created = null)
    {
        var kept = (Encounter)after.DeepCopy();
        if (before is null)
        {
            if (!EncounterStates.IsOver(kept.Status))
            {
                kept.StatusHistory = [];
                kept.ClassHistory = [];
            }
        }
        else
        {
            // No period may end before it began, even where clocks disagree.
            var began = Earlier(created ?? before.Meta?.LastUpdated ?? now, now);
            kept.StatusHistory = [.. before.StatusHistory.Select(Copy)];
            if (before.Status != kept.Status)
            {
                kept.StatusHistory.Add(new() { Status = before.Status, Period = Since(before.StatusHistory.LastOrDefault()?.Period, began, now) });
            }

            kept.ClassHistory = [.. before.ClassHistory.Select(Copy)];
            if (before.Class is { } was && !IsSame(was, kept.Class))
            {
                kept.ClassHistory.Add(new()
                {
                    Class = (Coding)was.DeepCopy(),
                    Period = Since(before.ClassHistory.LastOrDefault()?.Period, began, now),
                });
            }
        }

        Restore(before, kept);
        if (before?.Status != kept.Status && (before is not null || !EncounterStates.IsOver(kept.Status)))
        {
            Mark(before, kept, now);
        }

        return kept;
    }

    /// <summary>Whether the server has nothing to add to a new Encounter: most are brought in when they are over.</summary>
    public static bool IsKept(Encounter created) =>
        EncounterStates.IsOver(created.Status)
        || (created.Status == EncounterStatus.Planned && created.StatusHistory.Count == 0 && created.ClassHistory.Count == 0);

    /// <summary>Minutes between two points, as Encounter.length has them: to the hundredth, never negative.</summary>
    public static Duration Length(DateTimeOffset start, DateTimeOffset end) => new()
    {
        Value = Math.Max(0, Math.Round((decimal)(end - start).TotalMinutes, 2)),
        Unit = "min",
        System = "http://unitsofmeasure.org",
        Code = "min",
    };

    /// <summary>What the server wrote stays where the client is silent: many write what they know of an Encounter and no more.</summary>
    private static void Restore(Encounter? before, Encounter kept)
    {
        if (before is null)
        {
            return;
        }

        if (kept.GetExtension(SubjectStatusUrl) is null && before.GetExtension(SubjectStatusUrl) is { } subject)
        {
            kept.Extension.Add(Copy(subject));
        }

        if (HasBegun(before) && before.Period is { } period)
        {
            kept.Period ??= new Period();
            kept.Period.Start ??= period.Start;
            kept.Period.End ??= period.End;
        }

        if (EncounterStates.IsOver(before.Status) && before.Length is { } length)
        {
            kept.Length ??= Copy(length);
        }
    }

    private static void Mark(Encounter? before, Encounter kept, DateTimeOffset now)
    {
        var subject = kept.Status switch
        {
            EncounterStatus.Arrived => "arrived",
            EncounterStatus.Triaged => "triaged",
            EncounterStatus.InProgress => "receiving-care",
            EncounterStatus.Onleave => "on-leave",
            EncounterStatus.Finished => "departed",
            _ => null,
        };
        if (subject is not null)
        {
            kept.SetExtension(SubjectStatusUrl, new CodeableConcept(SubjectStatusSystem, subject));
        }

        if (kept.Status == EncounterStatus.InProgress && !HasBegun(before))
        {
            // A start that the client did not just give is when it was meant to start.
            if (kept.Period?.Start is null || kept.Period.Start == before?.Period?.Start)
            {
                kept.Period = Moment.Period(now, null);
            }
        }

        if (kept.Status == EncounterStatus.Finished)
        {
            kept.Period ??= new Period();
            if (kept.Period.End is null || kept.Period.End == before?.Period?.End)
            {
                kept.Period.End = Moment.DateTime(now).Value;
            }

            if (Moment.Read(kept.Period.Start) is { } start && Moment.Read(kept.Period.End) is { } end)
            {
                kept.Length = Length(start, end);
            }
        }
    }

    private static bool HasBegun(Encounter? before) => before is not null
        && (before.Status is EncounterStatus.InProgress or EncounterStatus.Onleave or EncounterStatus.Finished
            || before.StatusHistory.Any(entry => entry.Status == EncounterStatus.InProgress));

    private static Period Since(Period? last, DateTimeOffset began, DateTimeOffset now) =>
        last?.End is { } end ? new Period { Start = end, End = Moment.DateTime(now).Value } : Moment.Period(began, now);

    private static bool Continues<T>(List<T> stored, List<T> sent)
        where T : Base =>
        sent.Count == 0 || (sent.Count >= stored.Count && stored.Zip(sent).All(pair => pair.First.IsExactly(pair.Second)));

    private static bool IsSame(Coding one, Coding? other) => other is not null && one.System == other.System && one.Code == other.Code;

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static T Copy<T>(T entry)
        where T : Base => (T)entry.DeepCopy();

    private static Refusal Refuse(string expression) =>
        Refusal.BusinessRule("history-immutable", "The server keeps this history: leave it as it is or leave it out.", expression);
}
