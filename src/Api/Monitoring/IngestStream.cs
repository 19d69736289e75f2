using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using Microsoft.Net.Http.Headers;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// Readings as lines (https://hl7.org/fhir/nd-json.html): what has arrived is written together while more arrives, and each line is answered by
/// a line, a Bundle with the one entry. Answers never wait for a client that sends everything before it reads anything.
/// </summary>
internal sealed class IngestStream(FhirRequest request, FhirServer server, IngestDesk desk, IngestQueue queue) : IResult
{
    /// <summary>Answers are kept until the client reads them, so there are only so many.</summary>
    private const int MostLines = 100_000;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly List<SentReading> _lines = [];
    private readonly ArrayBufferWriter<byte> _answers = new();
    private int _read;
    private int _bytes;
    private Task _flushing = Task.CompletedTask;

    /// <summary>Whether the content is lines.</summary>
    public static bool Is(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var media)
        && media.MediaType.Value?.ToLowerInvariant() is "application/fhir+ndjson" or "application/ndjson" or "application/x-ndjson";

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        request.Caller.Demand(Interaction.Create, "Observation");
        var cancellationToken = httpContext.RequestAborted;
        if (!queue.TryEnter(1, 0, out var room))
        {
            await Ingest.Full().ExecuteAsync(httpContext);
            return;
        }

        queue.Leave(room);
        httpContext.Response.ContentType = "application/fhir+ndjson; charset=utf-8";
        httpContext.Response.Headers.CacheControl = "no-store";
        try
        {
            await RunAsync(httpContext, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or InvalidOperationException)
        {
            Answer(FhirException.Invalid("The content is not what its Content-Encoding says."));
        }

        await _flushing;
        httpContext.Response.BodyWriter.Write(_answers.WrittenSpan);
        await httpContext.Response.BodyWriter.FlushAsync(cancellationToken);
    }

    private async Task RunAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var reader = request.Body.Open();
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (TryTakeLine(ref rest, read.IsCompleted, out var line))
            {
                Add(line);
                if (_lines.Count == Ingest.MostEntries)
                {
                    await TakeAsync(context, cancellationToken);
                }
            }

            var isTooLong = rest.Length > server.Options.Limits.ResourceBytes;
            reader.AdvanceTo(rest.Start, rest.End);
            await TakeAsync(context, cancellationToken);
            if (isTooLong || _read > MostLines)
            {
                var why = isTooLong ? "The line is longer than the server takes" : $"A stream has at most {MostLines} lines";
                Answer(FhirException.Of(HttpStatusCode.RequestEntityTooLarge, OperationOutcome.IssueType.TooLong, $"{why}; what comes after it was not read."));
                return;
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> rest, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is { } end)
        {
            line = rest.Slice(0, end);
            rest = rest.Slice(rest.GetPosition(1, end));
            return true;
        }

        line = isLast ? rest : default;
        rest = isLast ? rest.Slice(rest.End) : rest;
        return !line.IsEmpty;
    }

    private void Add(ReadOnlySequence<byte> line)
    {
        var json = line.ToArray().AsMemory();
        var text = json.Span.Trim(" \t\r"u8);
        if (!text.IsEmpty && _read <= MostLines)
        {
            _read++;
            _bytes += text.Length;
            _lines.Add(new SentReading(text.ToArray(), null));
        }
    }

    /// <summary>Writes what has arrived and answers it.</summary>
    private async Task TakeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (_lines.Count == 0)
        {
            return;
        }

        // Once it has begun a stream is not refused: the client is held up instead, since nothing more of it is read.
        int room;
        while (!queue.TryEnter(_lines.Count, _bytes, out room))
        {
            await Task.Delay(_pause, cancellationToken);
        }

        try
        {
            foreach (var answer in await queue.RunAsync(() => desk.TakeAsync(request, server, _lines, cancellationToken), cancellationToken))
            {
                Answer(answer);
            }
        }
        catch (FhirException refused)
        {
            _lines.ForEach(_ => Answer(refused));
        }
        finally
        {
            queue.Leave(room);
        }

        _lines.Clear();
        _bytes = 0;

        // Not waited for: a client that does not read yet is one that still sends.
        if (_flushing.IsCompleted)
        {
            await _flushing;
            context.Response.BodyWriter.Write(_answers.WrittenSpan);
            _answers.ResetWrittenCount();
            _flushing = context.Response.BodyWriter.FlushAsync(cancellationToken).AsTask();
        }
    }

    private void Answer(FhirException refusal) => Answer(ReadingAnswer.Of(refusal));

    private void Answer(ReadingAnswer answer)
    {
        using (var json = new Utf8JsonWriter(_answers, JsonForm.Written))
        {
            // It is all bytes, so there is nothing to wait for.
            var written = new BundleContent("transaction-response", [answer.Entry(server)]).WriteAsync(json, () => ValueTask.CompletedTask);
            Debug.Assert(written.IsCompletedSuccessfully, "An answer is written at once.");
        }

        _answers.Write("\n"u8);
    }
}
