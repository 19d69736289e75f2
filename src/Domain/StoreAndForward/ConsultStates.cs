using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using ConsultTask = Hl7.Fhir.Model.Task;
using TaskStatus = Hl7.Fhir.Model.Task.TaskStatus;

namespace TeleFhir.Domain.StoreAndForward;

/// <summary>One permitted change of an e-consult's status.</summary>
/// <param name="From">The status before.</param>
/// <param name="To">The status after.</param>
/// <param name="Needs">Who may, at least.</param>
public sealed record ConsultTransition(TaskStatus From, TaskStatus To, TransitionAuthority Needs);

/// <summary>
/// The state machine of e-consults (https://hl7.org/fhir/R4/task.html#statemachine): which status a Task may have after which, who owns it, and
/// what it needs on the way. A Task is an e-consult when its focus or basedOn is a ServiceRequest; other Tasks are not looked at. What staff
/// create may have any status, for records are also brought from elsewhere.
/// </summary>
public static class ConsultStates
{
    /// <summary>409: a change of status that is not in the table.</summary>
    public const string InvalidTransition = "invalid-transition";

    /// <summary>409: somebody else has accepted it.</summary>
    public const string AlreadyClaimed = "already-claimed";

    /// <summary>422: it is accepted and says not by whom.</summary>
    public const string OwnerMissing = "owner-missing";

    /// <summary>422: it is rejected and says not why.</summary>
    public const string ReasonMissing = "status-reason-missing";

    /// <summary>422: it is completed without an answer.</summary>
    public const string AnswerMissing = "answer-missing";

    /// <summary>All changes there are.</summary>
    public static ImmutableArray<ConsultTransition> Table { get; } =
    [
        .. From(TaskStatus.Draft, TransitionAuthority.Anyone, TaskStatus.Requested, TaskStatus.Cancelled),
        .. From(TaskStatus.Requested, TransitionAuthority.Anyone, TaskStatus.Cancelled),
        .. From(TaskStatus.Requested, TransitionAuthority.Staff, TaskStatus.Received, TaskStatus.Accepted, TaskStatus.Rejected),
        .. From(TaskStatus.Received, TransitionAuthority.Anyone, TaskStatus.Cancelled),
        .. From(TaskStatus.Received, TransitionAuthority.Staff, TaskStatus.Accepted, TaskStatus.Rejected),
        .. From(
            TaskStatus.Accepted,
            TransitionAuthority.Staff,
            TaskStatus.Ready, TaskStatus.InProgress, TaskStatus.OnHold, TaskStatus.Completed, TaskStatus.Rejected, TaskStatus.Failed, TaskStatus.Cancelled),
        .. From(TaskStatus.Ready, TransitionAuthority.Staff, TaskStatus.InProgress, TaskStatus.OnHold, TaskStatus.Failed, TaskStatus.Cancelled),
        .. From(TaskStatus.InProgress, TransitionAuthority.Staff, TaskStatus.OnHold, TaskStatus.Completed, TaskStatus.Failed, TaskStatus.Cancelled),
        .. From(TaskStatus.OnHold, TransitionAuthority.Staff, TaskStatus.InProgress, TaskStatus.Failed, TaskStatus.Cancelled),
        .. Enum.GetValues<TaskStatus>()
            .Where(status => status != TaskStatus.EnteredInError)
            .Select(status => new ConsultTransition(status, TaskStatus.EnteredInError, TransitionAuthority.Staff)),
    ];

    /// <summary>Whether a Task is an e-consult.</summary>
    public static bool IsConsult(ConsultTask task) => IsRequest(task.Focus) || task.BasedOn.Exists(IsRequest);

    /// <summary>Whether somebody still has to do something about it.</summary>
    public static bool IsOpen(TaskStatus? status) => status
        is TaskStatus.Requested or TaskStatus.Received or TaskStatus.Accepted or TaskStatus.Ready or TaskStatus.InProgress or TaskStatus.OnHold;

    /// <summary>Whether its time (<c>restriction.period.end</c>) is over and it is still open.</summary>
    public static bool IsOverdue(ConsultTask task, DateTimeOffset now) =>
        IsConsult(task) && IsOpen(task.Status) && task.Restriction?.Period?.End is { } end && !Moment.Covers(new Period { End = end }, now);

    /// <summary>Whether a Task may become another: null where it may or is no e-consult.</summary>
    /// <param name="before">The Task as it is; null for a new one.</param>
    /// <param name="after">The Task as it is to be.</param>
    /// <param name="by">Who wants it.</param>
    public static Refusal? Check(ConsultTask? before, ConsultTask after, TransitionAuthority by)
    {
        if (!IsConsult(after) && (before is null || !IsConsult(before)))
        {
            return null;
        }

        if (before is null && by < TransitionAuthority.Staff && after.Status is not (TaskStatus.Draft or TaskStatus.Requested))
        {
            return Refusal.Conflict(InvalidTransition, "An e-consult begins with a request.", "Task.status");
        }

        return before is null || before.Status == after.Status
            ? CheckOwner(before, after)
            : CheckTransition(before.Status, after.Status, by) ?? CheckOwner(before, after) ?? CheckContent(after);
    }

    private static Refusal? CheckTransition(TaskStatus? from, TaskStatus? to, TransitionAuthority by)
    {
        if (Table.FirstOrDefault(row => row.From == from && row.To == to) is not { } row)
        {
            return Refusal.Conflict(InvalidTransition, $"An e-consult that is {from?.GetLiteral()} cannot become {to?.GetLiteral()}.", "Task.status");
        }

        return by < row.Needs ? Refusal.Conflict(InvalidTransition, $"Only staff may make an e-consult {to?.GetLiteral()}.", "Task.status") : null;
    }

    /// <summary>From the moment that it is accepted it has one owner.</summary>
    private static Refusal? CheckOwner(ConsultTask? before, ConsultTask after)
    {
        if (before is not null && IsClaimed(before.Status) && before.Owner?.Reference != after.Owner?.Reference)
        {
            return Refusal.Conflict(AlreadyClaimed, "The e-consult has been accepted, and does not change its owner.", "Task.owner");
        }

        return IsClaimed(after.Status) && after.Owner is not { Reference.Length: > 0 } and not { Identifier: not null }
            ? Refusal.BusinessRule(OwnerMissing, "Whoever accepts an e-consult becomes its owner: say who.", "Task.owner")
            : null;
    }

    private static Refusal? CheckContent(ConsultTask after) => after.Status switch
    {
        TaskStatus.Rejected when after.StatusReason is null || (after.StatusReason.Coding.Count == 0 && string.IsNullOrWhiteSpace(after.StatusReason.Text)) =>
            Refusal.BusinessRule(ReasonMissing, "An e-consult is rejected for a reason: say which.", "Task.statusReason"),
        TaskStatus.Completed when !after.Output.Exists(output => output.Value is ResourceReference { Reference: { } answer } && IsOf(answer, "Communication", "DocumentReference")) =>
            Refusal.BusinessRule(AnswerMissing, "An e-consult is completed with an answer: an output that is a Communication or a DocumentReference.", "Task.output"),
        _ => null,
    };

    private static bool IsClaimed(TaskStatus? status) => status is TaskStatus.Accepted or TaskStatus.Ready or TaskStatus.InProgress or TaskStatus.OnHold;

    private static bool IsRequest(ResourceReference? reference) => reference?.Type == "ServiceRequest" || IsOf(reference?.Reference, "ServiceRequest");

    private static bool IsOf(string? reference, params ReadOnlySpan<string> types)
    {
        foreach (var type in types)
        {
            if (reference?.StartsWith(type + "/", StringComparison.Ordinal) == true || reference?.Contains($"/{type}/", StringComparison.Ordinal) == true)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<ConsultTransition> From(TaskStatus from, TransitionAuthority needs, params ReadOnlySpan<TaskStatus> to) =>
        to.ToArray().Select(status => new ConsultTransition(from, status, needs));
}
