using System.Buffers;
using System.Globalization;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Audit;

/// <summary>
/// Makes AuditEvents of a logged record, in the form of the IHE Basic Audit Log Patterns (https://profiles.ihe.net/ITI/BALP/). They ask for
/// one AuditEvent for each patient, and so whoever may see a patient's AuditEvents learns nothing of another patient. Nothing but the
/// record goes into one: rendered again years later it is the same, which is how a changed one is found out.
/// </summary>
public static class AuditEventRendering
{
    private const string Server = "TeleFhir";
    private const string Severity = "http://hl7.org/fhir/StructureDefinition/auditevent-Severity";

    private static readonly SearchValues<char> _hexadecimal = SearchValues.Create("0123456789abcdef");

    /// <summary>The AuditEvents of an entry: one, or one for each of several patients.</summary>
    public static IEnumerable<AuditEvent> Render(string chain, long number, AuditRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return record.Subjects.Length < 2
            ? [Render(IdOf(chain, number, 0), record, record.Subjects.FirstOrDefault())]
            : record.Subjects.Select((subject, place) => Render(IdOf(chain, number, place), record, subject));
    }

    /// <summary>The id of an entry's AuditEvent; those for further patients have their place behind it.</summary>
    public static string IdOf(string chain, long number, int place) => place == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{chain}-{number}")
        : string.Create(CultureInfo.InvariantCulture, $"{chain}-{number}.{place}");

    /// <summary>The chain and number that an id was made of; null for any other id.</summary>
    public static (string Chain, long Number)? ParseId(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        const int length = 16;
        if (id.Length < length + 2 || id[length] != '-' || id.AsSpan(0, length).ContainsAnyExcept(_hexadecimal))
        {
            return null;
        }

        var rest = id.AsSpan(length + 1);
        var dot = rest.IndexOf('.');
        return long.TryParse(dot < 0 ? rest : rest[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (id[..length], number)
            : null;
    }

    private static AuditEvent Render(string id, AuditRecord record, AuditSubject? subject)
    {
        var isFailure = record.Status >= 400;
        var isLoud = record.Kind == AuditKind.EmergencyAccess;
        var made = new AuditEvent
        {
            Id = id,
            Type = AuditCodes.TypeOf(record.Kind),
            Subtype = AuditCodes.SubtypesOf(record.Kind, record.Event),
            Action = AuditCodes.ActionOf(record.Kind, record.Event),
            Recorded = new DateTimeOffset(record.Recorded.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero),
            Outcome = record.Status switch
            {
                >= 500 => AuditEvent.AuditEventOutcome.N8,
                >= 400 => AuditEvent.AuditEventOutcome.N4,
                _ => AuditEvent.AuditEventOutcome.N0,
            },
            OutcomeDesc = isFailure ? Failure(record) : null,
            Source = new AuditEvent.SourceComponent { Observer = new ResourceReference { Display = Server } },
        };
        if (isLoud || record.IsEmergency)
        {
            made.PurposeOfEvent.Add(new CodeableConcept { Coding = [AuditCodes.BreakTheGlass], Text = isLoud ? record.Reason : null });
            made.Extension.Add(new Extension(Severity, new Code(isLoud ? "alert" : "notice")));
        }

        AddAgents(made, record);
        AddEntities(made, record, subject);
        if (!isFailure && record is { Kind: AuditKind.Rest, ClientId: not null, RemoteAddress: not null } && AuditCodes.PatternOf(record.Event) is { } pattern)
        {
            made.Meta = new Meta { Profile = [$"{AuditCodes.Balp}StructureDefinition/IHE.BasicAudit.{(subject is null ? "" : "Patient")}{pattern}"] };
        }

        return made;
    }

    private static string Failure(AuditRecord record) =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP {record.Status}{(record.Reason is null ? "" : ": ")}{record.Reason}");

    private static void AddAgents(AuditEvent made, AuditRecord record)
    {
        // Data flows to whoever reads; in everything else the client is where it comes from.
        var isRead = made.Action == AuditEvent.AuditEventAction.R;
        var user = record.UserId ?? record.FhirUser;
        if (record.Kind != AuditKind.Trail)
        {
            made.Agent.Add(new AuditEvent.AgentComponent
            {
                Type = Concept(isRead ? AuditCodes.DestinationRole : AuditCodes.SourceRole),
                Who = new ResourceReference
                {
                    Identifier = record.ClientId is null ? null : new Identifier { Value = record.ClientId },
                    Display = record.ClientId is null ? "unknown" : null,
                },
                AltId = record.ClientId,
                Requestor = user is null,
                Network = record.RemoteAddress is null
                    ? null
                    : new() { Address = record.RemoteAddress, Type = AuditEvent.AuditEventAgentNetworkType.N2 },
            });
        }

        if (user is not null)
        {
            made.Agent.Add(new AuditEvent.AgentComponent
            {
                Type = Concept(AuditCodes.UserRole),
                Who = new ResourceReference
                {
                    Reference = record.FhirUser,
                    Identifier = record.UserId is null ? null : new Identifier { Value = record.UserId },
                },
                AltId = record.UserId,
                Requestor = true,
            });
        }

        made.Agent.Add(new AuditEvent.AgentComponent
        {
            Type = Concept(isRead ? AuditCodes.SourceRole : AuditCodes.DestinationRole),
            Who = new ResourceReference { Display = Server },
            Requestor = record.Kind == AuditKind.Trail && user is null,
        });
    }

    private static void AddEntities(AuditEvent made, AuditRecord record, AuditSubject? subject)
    {
        if (subject is not null)
        {
            var patient = $"Patient/{subject.Patient}";
            made.Entity.Add(Entity(patient, AuditCodes.Person, AuditCodes.PatientRole));
            Add(subject.Resources.Where(name => name != patient));
        }

        Add(record.Resources);
        if (record.Omitted > 0)
        {
            made.Entity.Add(new AuditEvent.EntityComponent
            {
                Type = AuditCodes.SystemObject,
                Role = AuditCodes.DataRole,
                Description = string.Create(CultureInfo.InvariantCulture, $"{record.Omitted} more resources"),
            });
        }

        // A query that names another patient too is kept in the log alone.
        if (record.Query is { } query && (subject is null || PatientScan.InQuery(query).All(patient => patient == subject.Patient)))
        {
            made.Entity.Add(new AuditEvent.EntityComponent
            {
                Type = AuditCodes.SystemObject,
                Role = AuditCodes.QueryRole,
                Query = Encoding.UTF8.GetBytes(query),
            });
        }

        if (record.RequestId is { } requestId)
        {
            made.Entity.Add(new AuditEvent.EntityComponent
            {
                What = new ResourceReference { Identifier = new Identifier { Value = requestId } },
                Type = AuditCodes.RequestId,
            });
        }

        void Add(IEnumerable<string> names) => made.Entity.AddRange(names.Select(name => Entity(name, AuditCodes.SystemObject, AuditCodes.DataRole)));
    }

    private static AuditEvent.EntityComponent Entity(string reference, Coding type, Coding role) =>
        new() { What = new ResourceReference(reference), Type = type, Role = role };

    private static CodeableConcept Concept(Coding coding) => new() { Coding = [coding] };
}
