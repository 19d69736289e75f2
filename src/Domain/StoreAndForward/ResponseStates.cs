using System.Collections.Immutable;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using static Hl7.Fhir.Model.QuestionnaireResponse;

namespace TeleFhir.Domain.StoreAndForward;

/// <summary>
/// The life of a QuestionnaireResponse (https://hl7.org/fhir/R4/questionnaireresponse.html): answers are collected, completed, and from then on
/// only amended, so that nobody's completed answers become others.
/// </summary>
public static class ResponseStates
{
    /// <summary>409: a change of status that is not in the table.</summary>
    public const string InvalidTransition = "invalid-transition";

    /// <summary>409: completed answers were to be changed or deleted.</summary>
    public const string Completed = "response-completed";

    /// <summary>All changes of status there are.</summary>
    public static ImmutableArray<(QuestionnaireResponseStatus From, QuestionnaireResponseStatus To)> Table { get; } =
    [
        (QuestionnaireResponseStatus.InProgress, QuestionnaireResponseStatus.Completed),
        (QuestionnaireResponseStatus.InProgress, QuestionnaireResponseStatus.Stopped),
        (QuestionnaireResponseStatus.InProgress, QuestionnaireResponseStatus.EnteredInError),
        (QuestionnaireResponseStatus.Stopped, QuestionnaireResponseStatus.InProgress),
        (QuestionnaireResponseStatus.Stopped, QuestionnaireResponseStatus.EnteredInError),
        (QuestionnaireResponseStatus.Completed, QuestionnaireResponseStatus.Amended),
        (QuestionnaireResponseStatus.Completed, QuestionnaireResponseStatus.EnteredInError),
        (QuestionnaireResponseStatus.Amended, QuestionnaireResponseStatus.EnteredInError),
    ];

    /// <summary>Whether a response may become another, or be deleted: null where it may, else 409.</summary>
    /// <param name="before">As it is; null for a new one.</param>
    /// <param name="after">As it is to be; null for a deletion.</param>
    /// <param name="by">Who wants it: staff may delete what is completed.</param>
    public static Refusal? Check(QuestionnaireResponse? before, QuestionnaireResponse? after, TransitionAuthority by)
    {
        var isDone = before?.Status is QuestionnaireResponseStatus.Completed or QuestionnaireResponseStatus.Amended;
        if (before is null || (after is null && (!isDone || by >= TransitionAuthority.Staff)))
        {
            return null;
        }

        if (after is null)
        {
            return Refusal.Conflict(Completed, "Completed answers are not deleted: they are marked entered-in-error.", "QuestionnaireResponse.status");
        }

        if (before.Status != after.Status)
        {
            return Table.Contains((before.Status ?? default, after.Status ?? default))
                ? null
                : Refusal.Conflict(
                    InvalidTransition, $"A response that is {before.Status?.GetLiteral()} cannot become {after.Status?.GetLiteral()}.", "QuestionnaireResponse.status");
        }

        return before.Status is QuestionnaireResponseStatus.Completed or QuestionnaireResponseStatus.EnteredInError && !IsSame(before, after)
            ? Refusal.Conflict(Completed, "Completed answers are changed only by an amendment: give it the status amended.", "QuestionnaireResponse.status")
            : null;
    }

    /// <summary>Tags and profiles are no answers.</summary>
    private static bool IsSame(QuestionnaireResponse before, QuestionnaireResponse after)
    {
        var (one, other) = ((QuestionnaireResponse)before.DeepCopy(), (QuestionnaireResponse)after.DeepCopy());
        (one.Meta, other.Meta) = (null, null);
        (one.Id, other.Id) = (null, null);
        return one.IsExactly(other);
    }
}
