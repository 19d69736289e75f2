using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.Task;
using TaskStatus = Hl7.Fhir.Model.Task.TaskStatus;

namespace TeleFhir.Domain.Monitoring;

/// <summary>
/// The Tasks that ask somebody to look: <c>review-reading</c>, one open for each patient and measure, and <c>rpm-missing-data</c>, one open for
/// each device that is silent. The server makes them and adds to them; whoever takes one closes it. One that is full stays open, gives its name
/// up and is continued by another, so that of those with room there is still one.
/// </summary>
/// <param name="canonicals">Where this server's code systems are.</param>
public sealed class AlertTask(Canonicals canonicals)
{
    /// <summary>The code for readings out of range, in the code system <c>{canon}/CodeSystem/task</c>.</summary>
    public const string Review = "review-reading";

    /// <summary>The code for readings that do not come, in the same.</summary>
    public const string Missing = "rpm-missing-data";

    /// <summary>The statuses of what is still to be done.</summary>
    public const string OpenStatuses = "draft,requested,received,accepted,ready,in-progress,on-hold";

    /// <summary>So many readings a Task has beside the first; every version of it is written whole.</summary>
    public const int MostInputs = 500;

    private const int MostNotes = 100;
    private const string Full = "|full";

    /// <summary>The system of the identifiers that tell what an alert is about.</summary>
    public string Identifiers => canonicals.Identifiers("alert");

    private string State => canonicals.Extension("monitoring-state");

    /// <summary>What an alert is about: the patient and measure, or the device; of those that are open no two have the same.</summary>
    public static string SubjectOf(ResourceKey patient, Measure measure) => $"{Review}|{patient}|{measure.Code}";

    /// <inheritdoc cref="SubjectOf(ResourceKey, Measure)"/>
    public static string SubjectOf(ResourceKey device) => $"{Missing}|{device}";

    /// <summary>Whether somebody has still to do it.</summary>
    public static bool IsOpen(Hl7.Fhir.Model.Task task) =>
        task.Status is not (TaskStatus.Completed or TaskStatus.Cancelled or TaskStatus.Failed or TaskStatus.Rejected or TaskStatus.EnteredInError);

    /// <summary>What a Task is about; null where it is no alert.</summary>
    public string? SubjectOf(Hl7.Fhir.Model.Task task) => NameOf(task)?.Value is { } name && name.EndsWith(Full, StringComparison.Ordinal)
        ? name[..^Full.Length]
        : NameOf(task)?.Value;

    /// <summary>Whether later readings go to this one: it is open and was not continued by another.</summary>
    public bool Takes(Hl7.Fhir.Model.Task task) => IsOpen(task) && NameOf(task)?.Value?.EndsWith(Full, StringComparison.Ordinal) != true;

    /// <summary>Whether one more reading finds room.</summary>
    public static bool HasRoom(Hl7.Fhir.Model.Task task) => task.Input.Count < MostInputs;

    /// <summary>Whether an alert is about this reading, among others.</summary>
    public static bool Names(Hl7.Fhir.Model.Task task, ResourceKey reading) =>
        Is(task.Focus, reading) || task.Input.Exists(input => Is(input.Value as ResourceReference, reading));

    /// <summary>A new one for a reading that is out of range.</summary>
    public Hl7.Fhir.Model.Task Open(string id, ResourceKey patient, ResourceKey reading, Breach breach, DateTimeOffset taken, DateTimeOffset now)
    {
        var task = New(id, Review, "Look at a reading out of range", SubjectOf(patient, breach.Value.Measure), reading, patient, now);
        task.Priority = breach.Priority;
        task.Description = $"{breach.Text}.";
        Remember(task, isInRange: false, taken);
        return task;
    }

    /// <summary>Has a new one go on where a full one ends. Readings that are withdrawn later make no room again: the name is the next one's.</summary>
    public void Continue(Hl7.Fhir.Model.Task full, Hl7.Fhir.Model.Task next, DateTimeOffset now)
    {
        NameOf(full)!.Value += Full;
        next.PartOf.Add(new ResourceReference($"Task/{full.Id}"));
        Note(full, $"It is full: later readings are in Task/{next.Id}.", now);
    }

    /// <summary>A new one for a device that has been silent.</summary>
    public Hl7.Fhir.Model.Task OpenMissing(string id, ResourceKey patient, ResourceKey device, TimeSpan silence, DateTimeOffset now)
    {
        var task = New(id, Missing, "Readings are missing", SubjectOf(device), device, patient, now);
        task.Priority = RequestPriority.Routine;
        task.Description = string.Create(CultureInfo.InvariantCulture, $"The device has sent no reading for {silence.TotalDays:0.#} days.");
        return task;
    }

    /// <summary>Adds a later reading that is out of range; false where it is there already, or finds no room.</summary>
    public bool Append(Hl7.Fhir.Model.Task task, ResourceKey reading, Breach breach, DateTimeOffset taken, DateTimeOffset now)
    {
        if (Names(task, reading) || !HasRoom(task))
        {
            return false;
        }

        task.Input.Add(new ParameterComponent
        {
            Type = new CodeableConcept(canonicals.CodeSystem("task"), Review, breach.Text),
            Value = new ResourceReference(reading.ToString()),
        });
        if (breach.Priority > (task.Priority ?? RequestPriority.Routine))
        {
            task.Priority = breach.Priority;
        }

        if (StateOf(task) is not var (_, asOf) || taken >= asOf)
        {
            Remember(task, isInRange: false, taken);
        }

        Touch(task, now);
        return true;
    }

    /// <summary>Notes that the patient is back in range, once each time; false where there is nothing to note.</summary>
    public bool NoteInRange(Hl7.Fhir.Model.Task task, MeasuredValue value, DateTimeOffset taken, DateTimeOffset now)
    {
        if (StateOf(task) is not (false, var asOf) || taken <= asOf)
        {
            return false;
        }

        Remember(task, isInRange: true, taken);
        return Note(task, $"Back in range: {value.Measure.Name} {value.Text} at {At(taken)}.", now);
    }

    /// <summary>Notes that a silent device has sent something again, once; false where that is noted.</summary>
    public bool NoteHeard(Hl7.Fhir.Model.Task task, DateTimeOffset taken, DateTimeOffset now)
    {
        if (StateOf(task) is not null)
        {
            return false;
        }

        Remember(task, isInRange: true, taken);
        return Note(task, $"A reading has come: it is of {At(taken)}.", now);
    }

    /// <summary>
    /// Takes a reading back that was an error or has been corrected into range: what is left is the matter of the Task. Where nothing is left
    /// and nobody has taken it, it is cancelled. False where the Task does not name the reading.
    /// </summary>
    public static bool Withdraw(Hl7.Fhir.Model.Task task, ResourceKey reading, string why, DateTimeOffset now)
    {
        var text = $"{why}: {reading}.";
        if (!IsOpen(task) || !Names(task, reading) || task.Note.Exists(note => note.Text == text))
        {
            return false;
        }

        task.Input.RemoveAll(input => Is(input.Value as ResourceReference, reading));
        if (Is(task.Focus, reading) && task.Input is [var next, ..])
        {
            task.Focus = (ResourceReference)next.Value!;
            task.Description = $"{next.Type!.Text}.";
            task.Input.RemoveAt(0);
        }
        else if (Is(task.Focus, reading) && task.Status is TaskStatus.Requested or TaskStatus.Draft)
        {
            task.Status = TaskStatus.Cancelled;
            task.StatusReason = new CodeableConcept { Text = why };
        }

        return Note(task, text, now);
    }

    private Identifier? NameOf(Hl7.Fhir.Model.Task task) => task.Identifier.Find(identifier => identifier.System == Identifiers);

    private static bool Is(ResourceReference? reference, ResourceKey key) => reference?.Reference == key.ToString();

    private static string At(DateTimeOffset time) => Moment.DateTime(time).Value!;

    private static bool Note(Hl7.Fhir.Model.Task task, string text, DateTimeOffset now)
    {
        if (task.Note.Count < MostNotes)
        {
            task.Note.Add(new Annotation { TimeElement = Moment.DateTime(now), Text = text });
        }

        Touch(task, now);
        return true;
    }

    // The clocks of servers differ, and no Task was modified before it was authored (inv-1).
    private static void Touch(Hl7.Fhir.Model.Task task, DateTimeOffset now) =>
        task.LastModifiedElement = Moment.DateTime(Moment.Read(task.AuthoredOn) is { } authored && authored > now ? authored : now);

    private Hl7.Fhir.Model.Task New(string id, string code, string display, string subject, ResourceKey focus, ResourceKey patient, DateTimeOffset now) => new()
    {
        Id = id,
        Identifier = [new Identifier(Identifiers, subject)],
        Status = TaskStatus.Requested,
        Intent = TaskIntent.Order,
        Code = new CodeableConcept(canonicals.CodeSystem("task"), code, display, null),
        Focus = new ResourceReference(focus.ToString()),
        For = new ResourceReference(patient.ToString()),
        AuthoredOnElement = Moment.DateTime(now),
        LastModifiedElement = Moment.DateTime(now),
    };

    /// <summary>Whether the newest reading was in range, and of when it is.</summary>
    private (bool IsInRange, DateTimeOffset AsOf)? StateOf(Hl7.Fhir.Model.Task task) =>
        task.GetExtension(State) is { } state
        && (state.GetExtension("in-range")?.Value as FhirBoolean)?.Value is { } isInRange
        && Moment.Read((state.GetExtension("as-of")?.Value as FhirDateTime)?.Value) is { } asOf
            ? (isInRange, asOf)
            : null;

    private void Remember(Hl7.Fhir.Model.Task task, bool isInRange, DateTimeOffset taken)
    {
        task.RemoveExtension(State);
        var state = new Extension { Url = State };
        state.AddExtension("in-range", new FhirBoolean(isInRange));
        state.AddExtension("as-of", Moment.DateTime(taken));
        task.Extension.Add(state);
    }
}
