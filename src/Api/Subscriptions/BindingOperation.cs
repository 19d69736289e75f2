using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// <c>Subscription/$get-ws-binding-token</c>: what a socket is opened with, for a moment and once; for whoever asked for the Subscription
/// (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-get-ws-binding-token.html).
/// </summary>
internal static class BindingOperation
{
    private const int Most = 20;

    private static readonly TimeSpan _life = TimeSpan.FromMinutes(1);

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, ISubscriptions subscriptions, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "get-ws-binding-token", ["id"], cancellationToken);
        var ids = input.List("id").Distinct().ToList();
        if (request.Key != default)
        {
            await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
            ids = [request.Key.Id];
        }
        else if (ids.Count is 0 or > Most)
        {
            throw input.Wrong("id", $"is needed, and there are up to {Most}");
        }

        var visible = await StatusOperation.VisibleAsync(request, server, ids, cancellationToken);
        var records = await subscriptions.FindAsync(visible, cancellationToken);
        if (records.Length != ids.Count)
        {
            throw FhirException.NotFound("One of these subscriptions does not exist.");
        }

        foreach (var record in records)
        {
            if (!SubscriptionOwners.IsOwner(request.Caller, record))
            {
                throw FhirException.Forbidden("A socket is for whoever asked for the subscription.");
            }

            if (record.Plan.Channel != SubscriptionChannel.Websocket)
            {
                throw FhirException.BusinessRule($"Subscription/{record.Id} is not for a socket.", "Subscription.channel.type");
            }
        }

        var expires = server.Clock.GetUtcNow() + _life;
        var token = await subscriptions.MintAsync(ids, expires, cancellationToken);
        var answer = new Parameters();
        answer.Add("token", new FhirString(token));
        answer.Add("expiration", Moment.DateTime(expires));
        foreach (var id in ids)
        {
            answer.Add("subscription", new FhirString(id));
        }

        answer.Add("websocket-url", new FhirUrl($"ws{new Uri(server.Address.Base).GetLeftPart(UriPartial.Authority)[4..]}{SubscriptionSocket.Path}"));
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer)));
    }
}
