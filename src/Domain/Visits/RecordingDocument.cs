using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>The DocumentReference of a recorded visit: what it is, how confidential, how long it is kept, and by whose consent it was made.</summary>
public static class RecordingDocument
{
    private const string Loinc = "http://loinc.org";
    private const string Confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

    /// <summary>The extension that says until when it is kept, as a date.</summary>
    public static string RetentionUrl(Canonicals canonicals) => canonicals.Extension("retention-until");

    /// <summary>Makes it.</summary>
    /// <param name="recording">A recording that has ended.</param>
    /// <param name="encounter">Its Encounter.</param>
    /// <param name="file">The recorded file as it is stored.</param>
    /// <param name="consents">The Consents that it rests on, as <c>Consent/id</c>.</param>
    /// <param name="retention">For how long it is kept.</param>
    /// <param name="canonicals">Where this server's extensions are.</param>
    public static DocumentReference Make(
        Recording recording, Encounter encounter, Attachment file, IEnumerable<string> consents, TimeSpan retention, Canonicals canonicals)
    {
        var ended = recording.Stopped ?? recording.Started;
        return new DocumentReference
        {
            Extension = [new Extension(RetentionUrl(canonicals), new Date((ended + retention).UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)))],
            Status = DocumentReferenceStatus.Current,
            Type = new CodeableConcept(Loinc, "56444-3", "Healthcare communication Document"),
            Subject = encounter.Subject is null ? null : (ResourceReference)encounter.Subject.DeepCopy(),
            DateElement = Moment.Instant(ended),
            Author = ResourceKey.TryParse(recording.By, out _) ? [new ResourceReference(recording.By)] : [],
            SecurityLabel = [new CodeableConcept(Confidentiality, "R", "restricted")],
            Content = [new DocumentReference.ContentComponent { Attachment = file }],
            Context = new DocumentReference.ContextComponent
            {
                Encounter = [new ResourceReference($"Encounter/{encounter.Id}")],
                Period = Moment.Period(recording.Started, ended),
                Related = [.. consents.Select(consent => new ResourceReference(consent))],
            },
        };
    }
}
