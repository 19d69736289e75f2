using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Audit;

/// <summary>
/// An entry as it is logged: what <see cref="AuditEntry"/> tells, with resources put to the patients they are about. Holds ids, never content.
/// <see cref="AuditRecordJson"/> gives it its bytes.
/// </summary>
public sealed record AuditRecord(AuditKind Kind, string Event, DateTimeOffset Recorded)
{
    /// <summary>Resources named for one patient, and for nobody; more are counted only.</summary>
    public const int MostResources = 200;

    /// <summary>A query is cut to this many characters.</summary>
    public const int LongestQuery = 4096;

    private const int LongestText = 1000;

    /// <inheritdoc cref="AuditEntry.Status" />
    public int Status { get; init; }

    /// <inheritdoc cref="AuditEntry.ClientId" />
    public string? ClientId { get; init; }

    /// <inheritdoc cref="AuditEntry.UserId" />
    public string? UserId { get; init; }

    /// <inheritdoc cref="AuditEntry.FhirUser" />
    public string? FhirUser { get; init; }

    /// <inheritdoc cref="AuditEntry.RemoteAddress" />
    public string? RemoteAddress { get; init; }

    /// <inheritdoc cref="AuditEntry.Query" />
    public string? Query { get; init; }

    /// <inheritdoc cref="AuditEntry.RequestId" />
    public string? RequestId { get; init; }

    /// <inheritdoc cref="AuditEntry.Reason" />
    public string? Reason { get; init; }

    /// <summary>Whether the glass of one of the patients was broken.</summary>
    public bool IsEmergency { get; init; }

    /// <summary>The patients, each with what was touched of their record.</summary>
    public ImmutableArray<AuditSubject> Subjects { get; init; } = [];

    /// <summary>What was touched and is of no patient.</summary>
    public ImmutableArray<string> Resources { get; init; } = [];

    /// <summary>How many resources were touched and are not named.</summary>
    public int Omitted { get; init; }

    /// <summary>At the start of a chain: the ends of the chains that were known then.</summary>
    public ImmutableArray<AuditHead> Heads { get; init; } = [];

    /// <summary>The record of an entry.</summary>
    public static AuditRecord Of(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var subjects = new List<(string Patient, List<string> Resources)>();
        var others = new List<string>();
        var omitted = 0;
        foreach (var patient in entry.Patients)
        {
            Of(patient);
        }

        foreach (var resource in entry.Touched)
        {
            var patients = PatientScan.Run(resource.Key, resource.Json.Span);
            var name = resource.Key.ToString();
            if (patients.IsEmpty)
            {
                Add(others, name);
            }

            foreach (var patient in patients)
            {
                Add(Of(patient), name);
            }
        }

        foreach (var patient in PatientScan.InQuery(entry.Query))
        {
            Of(patient);
        }

        // What is only named belongs to whom the entry names, if that is one.
        foreach (var name in entry.Resources)
        {
            Add(PatientScan.IdIn(name) is { } self ? Of(self) : entry.Patients is [var only] ? Of(only) : others, name);
        }

        return new AuditRecord(entry.Kind, entry.Event, entry.Recorded)
        {
            Status = entry.Status,
            ClientId = Cut(entry.ClientId, LongestText),
            UserId = Cut(entry.UserId, LongestText),
            FhirUser = entry.FhirUser,
            RemoteAddress = entry.RemoteAddress,
            Query = Cut(entry.Query, LongestQuery),
            RequestId = entry.RequestId,
            Reason = Cut(entry.Reason, LongestText),
            IsEmergency = !entry.EmergencyPatients.IsEmpty && subjects.Exists(subject => entry.EmergencyPatients.Contains(subject.Patient)),
            Subjects = [.. subjects.Select(subject => new AuditSubject(subject.Patient, [.. subject.Resources]))],
            Resources = [.. others],
            Omitted = omitted,
        };

        List<string> Of(string patient)
        {
            var known = subjects.Find(subject => subject.Patient == patient).Resources;
            if (known is null)
            {
                known = [];
                subjects.Add((patient, known));
            }

            return known;
        }

        void Add(List<string> list, string name)
        {
            if (list.Count < MostResources)
            {
                list.Add(name);
            }
            else
            {
                omitted++;
            }
        }
    }

    private static string? Cut(string? text, int length)
    {
        if (text is null || text.Length <= length)
        {
            return text;
        }

        // Half of a surrogate pair is no text.
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }
}

/// <summary>A patient and what was touched of their record.</summary>
public sealed record AuditSubject(string Patient, ImmutableArray<string> Resources);

/// <summary>Where a chain ended when somebody looked: the number its next entry would have, and the hash of its last page.</summary>
public sealed record AuditHead(string Chain, long Next, string Hash);
