using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Monitoring;

/// <summary>A reading as it came in: JSON, and where it sits, for error messages.</summary>
internal readonly record struct SentReading(ReadOnlyMemory<byte> Json, string? Source)
{
    /// <summary>Why nothing could be made of it; null where it could.</summary>
    public FhirException? Refusal { get; init; }
}

/// <summary>What became of a reading.</summary>
/// <param name="Status">201 where it was stored, 200 where it was there before, else why not.</param>
/// <param name="Stored">The version that is stored; null where none is.</param>
/// <param name="Refusal">Why it was refused; null unless it was.</param>
internal readonly record struct ReadingAnswer(HttpStatusCode Status, StoredResource? Stored, FhirException? Refusal)
{
    public static ReadingAnswer Of(FhirException refusal) => new(refusal.Status, null, refusal);

    /// <summary>The entry that tells it.</summary>
    public ResponseEntry Entry(FhirServer server) => new()
    {
        Response = new EntryResponse(Status)
        {
            Location = Stored is { } stored ? server.Address.Of(stored.Key) : null,
            ETag = Stored?.ETag,
            LastModified = Stored?.LastUpdated,
            Outcome = Refusal is { } why ? FhirContent.Of(FhirJson.Serialize(why.Outcome)) : null,
        },
    };
}

/// <summary>
/// Where all readings of devices come by, in whatever form they were sent: each is read and completed, and all are written in one change set in
/// which each stands for itself.
/// </summary>
internal sealed class IngestDesk(MonitoringSettings settings)
{
    public async Task<ReadingAnswer[]> TakeAsync(
        FhirRequest request, FhirServer server, IReadOnlyList<SentReading> sent, CancellationToken cancellationToken)
    {
        var answers = new ReadingAnswer[sent.Count];
        var (places, creates) = (new List<int>(sent.Count), ImmutableArray.CreateBuilder<Change>(sent.Count));
        for (var at = 0; at < sent.Count; at++)
        {
            try
            {
                creates.Add(sent[at].Refusal is { } refusal ? throw refusal : Prepare(sent[at], server));
                places.Add(at);
            }
            catch (FhirException refused)
            {
                answers[at] = ReadingAnswer.Of(refused);
            }
        }

        var changes = new ChangeSet(creates.ToImmutable(), []) { IsEach = true, Audit = request.Audit?.Entry(AuditKind.Rest, "$ingest") };
        var commit = await server.Store.CommitAsync(request.Caller, changes, cancellationToken);
        for (var i = 0; i < places.Count; i++)
        {
            answers[places[i]] = commit.Results[i] switch
            {
                { Refusal: { } refusal } => ReadingAnswer.Of(refusal),
                { Outcome: ChangeOutcome.Repeated } known => new(HttpStatusCode.OK, known.Resource, null),
                var stored => new(HttpStatusCode.Created, stored.Resource, null),
            };
        }

        return answers;
    }

    /// <summary>The create of a reading, with the time of its arrival and an identifier where it has none; its own bytes stay as they are.</summary>
    private CreateChange Prepare(SentReading sent, FhirServer server)
    {
        var observation = (Observation)FhirJson.Parse(sent.Json, "Observation", sent.Source);
        server.Validator.Validate(observation, sent.Source);
        var reading = Reading.Of(observation, reference => References.KeyOf(reference, server.Address.Base));
        var added = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(added))
        {
            json.WriteStartObject();
            if (observation.IssuedElement is null)
            {
                var arrival = Moment.Whole(server.Clock.GetUtcNow());
                observation.Issued = arrival;
                json.WriteString("issued", arrival.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            }

            if (observation.Identifier.Count == 0)
            {
                var derived = reading.Derive(settings.Canonicals);
                observation.Identifier.Add(derived);
                json.WriteStartArray("identifier");
                json.WriteStartObject();
                json.WriteString("system", derived.System);
                json.WriteString("value", derived.Value);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        return new CreateChange(new ResourceKey("Observation", server.NewId()), new ResourceContent(observation, Join(sent.Json, added.WrittenSpan)))
        {
            ReadingName = reading.Name ?? reading.Derive(settings.Canonicals).Value,
            Source = sent.Source,
        };
    }

    /// <summary>The members of two JSON objects as one.</summary>
    private static ReadOnlyMemory<byte> Join(ReadOnlyMemory<byte> sent, ReadOnlySpan<byte> added)
    {
        if (added.Length <= 2)
        {
            return sent;
        }

        var open = sent.Span[..sent.Span.LastIndexOf((byte)'}')];
        var joined = new byte[open.Length + added.Length];
        open.CopyTo(joined);
        joined[open.Length] = (byte)',';
        added[1..].CopyTo(joined.AsSpan(open.Length + 1));
        return joined;
    }
}
