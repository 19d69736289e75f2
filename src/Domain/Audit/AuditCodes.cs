using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Audit;

/// <summary>The codes of AuditEvents: DICOM, HL7 and the IHE Basic Audit Log Patterns.</summary>
internal static class AuditCodes
{
    public const string Balp = "https://profiles.ihe.net/ITI/BALP/";

    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    private const string Interactions = "http://hl7.org/fhir/restful-interaction";

    /// <summary>Ours, for what the others have no code for. It does not follow the setting: what is logged must read the same for ever.</summary>
    private const string IheEvents = "urn:ihe:event-type-code";
    private const string Own = "https://telefhir.dev/fhir/CodeSystem/audit-event";

    public static Coding SourceRole => new(Dicom, "110153", "Source Role ID");

    public static Coding DestinationRole => new(Dicom, "110152", "Destination Role ID");

    public static Coding UserRole => new(Balp + "CodeSystem/UserAgentTypes", "UserOauthAgent", "User OAuth Agent participant");

    public static Coding Person => new("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person");

    public static Coding SystemObject => new("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object");

    public static Coding RequestId => new(Balp + "CodeSystem/BasicAuditEntityType", "XrequestId");

    public static Coding PatientRole => ObjectRole("1", "Patient");

    public static Coding DataRole => ObjectRole("4", "Domain Resource");

    public static Coding QueryRole => ObjectRole("24", "Query");

    public static Coding BreakTheGlass => new("http://terminology.hl7.org/CodeSystem/v3-ActReason", "BTG", "break the glass");

    public static Coding TypeOf(AuditKind kind) => kind switch
    {
        AuditKind.Rest => new("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation"),
        AuditKind.Login or AuditKind.Authorization => new(Dicom, "110114", "User Authentication"),
        AuditKind.Trail => new(Dicom, "110100", "Application Activity"),
        _ => new(Dicom, "110113", "Security Alert"),
    };

    /// <summary>What happened; operations have the code of all operations and one of their own.</summary>
    public static List<Coding> SubtypesOf(AuditKind kind, string name) => (kind, name) switch
    {
        (AuditKind.Rest, "$find") => [.. Operation(name), new(IheEvents, "ITI-115", "Find Potential Appointments")],
        (AuditKind.Rest, "$hold") => [.. Operation(name), new(IheEvents, "ITI-116", "Hold Appointment")],
        (AuditKind.Rest, "$book") => [.. Operation(name), new(IheEvents, "ITI-117", "Book Appointment")],
        (AuditKind.Rest, ['$', ..]) => Operation(name),
        (AuditKind.Rest, _) => [new(Interactions, name, name)],
        (AuditKind.Login, "login") => [new(Dicom, "110122", "Login")],
        (AuditKind.Login, "logout") => [new(Dicom, "110123", "Logout")],
        (AuditKind.EmergencyAccess, "start") => [new(Dicom, "110127", "Emergency Override Started")],
        (AuditKind.EmergencyAccess, "stop") => [new(Dicom, "110138", "Emergency Override Stopped")],
        (AuditKind.Trail, "start") => [new(Dicom, "110120", "Application Start")],
        (AuditKind.Trail, "stop") => [new(Dicom, "110121", "Application Stop")],
        _ => [new(Own, name)],
    };

    private static List<Coding> Operation(string name) => [new(Interactions, "operation", "operation"), new(Own, name)];

    public static AuditEvent.AuditEventAction ActionOf(AuditKind kind, string name) => (kind, name) switch
    {
        (AuditKind.Rest, "create") => AuditEvent.AuditEventAction.C,
        (AuditKind.Rest, "read" or "vread" or "history-instance") => AuditEvent.AuditEventAction.R,
        (AuditKind.Rest, "update" or "patch") => AuditEvent.AuditEventAction.U,
        (AuditKind.Rest, "delete") => AuditEvent.AuditEventAction.D,
        _ => AuditEvent.AuditEventAction.E,
    };

    /// <summary>The pattern that a successful interaction follows; null where there is none for it.</summary>
    public static string? PatternOf(string name) => name switch
    {
        "create" => "Create",
        "read" or "vread" => "Read",
        "update" or "patch" => "Update",
        "search-type" or "search-system" => "Query",
        _ => null,
    };

    private static Coding ObjectRole(string code, string display) => new("http://terminology.hl7.org/CodeSystem/object-role", code, display);
}
