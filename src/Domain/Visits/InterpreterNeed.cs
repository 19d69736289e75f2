using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// Whether a visit lacks an interpreter: the patient needs one (US Core,
/// http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed) and no participant of type translator has accepted. It is
/// booked all the same; a Task asks the clinic to find one.
/// </summary>
public static class InterpreterNeed
{
    private const string Needed = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-interpreter-needed";
    private const string Yes = "373066001";

    /// <summary>The code of the Task, in the code system <c>{canon}/CodeSystem/task</c>.</summary>
    public const string TaskCode = "assign-interpreter";

    /// <summary>Whether one is needed and nobody has accepted to be it.</summary>
    public static bool IsOpen(Patient patient, Appointment appointment) =>
        (patient.GetExtension(Needed)?.Value as Coding)?.Code == Yes
        && !appointment.Participant.Exists(participant =>
            participant.Status == ParticipationStatus.Accepted
            && participant.Type.Exists(type => type.Coding.Exists(coding => coding.Code == VisitInvitation.Translator)));

    /// <summary>The Task for the clinic.</summary>
    public static Hl7.Fhir.Model.Task TaskOf(string id, Appointment appointment, ResourceReference patient, DateTimeOffset now, Canonicals canonicals) => new()
    {
        Id = id,
        Status = Hl7.Fhir.Model.Task.TaskStatus.Requested,
        Intent = Hl7.Fhir.Model.Task.TaskIntent.Order,
        Code = new CodeableConcept(canonicals.CodeSystem("task"), TaskCode, "Find an interpreter"),
        Focus = new ResourceReference($"Appointment/{appointment.Id}"),
        For = (ResourceReference)patient.DeepCopy(),
        AuthoredOnElement = Moment.DateTime(now),
    };
}
