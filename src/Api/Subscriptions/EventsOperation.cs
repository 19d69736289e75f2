using System.Globalization;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// <c>Subscription/[id]/$events</c>: events that were missed, both bounds included, so far as they are kept and the caller may see what they are
/// about (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-events.html).
/// </summary>
internal static class EventsOperation
{
    private const int Most = 1000;

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, ISubscriptions subscriptions, Notifications notifications, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "events", ["eventsSinceNumber", "eventsUntilNumber", "content"], cancellationToken);
        var (since, until) = (Number(input, "eventsSinceNumber") ?? 0, Number(input, "eventsUntilNumber") ?? long.MaxValue);
        PayloadContent? content = input.Text("content") switch
        {
            null => null,
            "empty" => PayloadContent.Empty,
            "id-only" => PayloadContent.IdOnly,
            "full-resource" => PayloadContent.FullResource,
            _ => throw input.Wrong("content", "is empty, id-only or full-resource"),
        };
        await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
        if (await subscriptions.FindAsync([request.Key.Id], cancellationToken) is not [var record])
        {
            throw FhirException.NotFound($"{request.Key} has no events.");
        }

        var events = await subscriptions.EventsAsync(record.Id, since, until, Most, cancellationToken);
        var seen = await notifications.SeenAsync(request.Caller, events, cancellationToken);
        var notification = await notifications.OfAsync(record, NotificationType.QueryEvent, seen, content ?? record.Plan.Content, cancellationToken);
        return FhirResult.Ok(FhirContent.Of(notification.Json)) with { Touched = notification.Shown };
    }

    private static long? Number(OperationInput input, string name) => input.Text(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw input.Wrong(name, "must be a whole number from 0");
}
