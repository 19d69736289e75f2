using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// <c>Observation/$ingest</c>: takes readings of devices, as a Bundle of type collection or as a stream of lines. Each is stored, was there
/// before, or is refused for itself.
/// </summary>
internal static class Ingest
{
    public const int MostEntries = 1000;

    private static readonly TimeSpan _comeAgain = TimeSpan.FromSeconds(2);

    public static async Task<IResult> HandleAsync(
        HttpContext context, FhirServer server, IngestDesk desk, IngestQueue queue, CancellationToken cancellationToken)
    {
        if (IngestStream.Is(context.Request))
        {
            // Answers are lines too, which nothing else of this server is.
            context.Request.Headers.Accept = default;
            return new IngestStream(await FhirRequest.BindAsync(context), server, desk, queue);
        }

        var request = await FhirRequest.BindAsync(context);
        request.Caller.Demand(Interaction.Create, "Observation");
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        var bundle = BundleReader.ReadCollection(json);
        if (bundle.Count > MostEntries)
        {
            throw FhirException.Of(
                HttpStatusCode.RequestEntityTooLarge, OperationOutcome.IssueType.TooLong, $"A Bundle of readings has at most {MostEntries} entries.");
        }

        var sent = Enumerable.Range(0, bundle.Count).Select(at => new SentReading(bundle.Resource(at), $"Bundle.entry[{at}].resource")).ToList();
        return await TakeAsync(request, server, desk, queue, sent, json.Length, cancellationToken);
    }

    /// <summary>Takes all of them, when it is their turn, and answers with a Bundle.</summary>
    public static async Task<FhirResult> TakeAsync(
        FhirRequest request, FhirServer server, IngestDesk desk, IngestQueue queue, IReadOnlyList<SentReading> sent, int bytes, CancellationToken cancellationToken)
    {
        if (!queue.TryEnter(sent.Count, bytes, out var room))
        {
            return Full();
        }

        try
        {
            var answers = await queue.RunAsync(() => desk.TakeAsync(request, server, sent, cancellationToken), cancellationToken);
            return answers.Length > 0 && Array.TrueForAll(answers, answer => answer.Status == HttpStatusCode.Forbidden)
                ? FhirResult.Of(answers[0].Refusal!) with { IsAudited = true }
                : FhirResult.Ok(new BundleContent("transaction-response", answers.Select(answer => answer.Entry(server)))) with { IsAudited = true };
        }
        finally
        {
            queue.Leave(room);
        }
    }

    /// <summary>There is no room: whoever comes again later finds some.</summary>
    public static FhirResult Full() => FhirResult.Outcome(
        HttpStatusCode.ServiceUnavailable,
        OperationOutcome.IssueSeverity.Error,
        OperationOutcome.IssueType.Throttled,
        "More readings wait than the server takes; nothing of this was stored. Send it again in a while.") with
    {
        RetryAfter = _comeAgain,
    };
}
