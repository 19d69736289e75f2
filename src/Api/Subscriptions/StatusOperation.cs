using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// <c>Subscription/$status</c>, of one or of several that the caller may see: how far they are, and what went wrong last
/// (https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-status.html).
/// </summary>
internal static class StatusOperation
{
    private const int Most = 1000;

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, ISubscriptions subscriptions, SubscriptionSettings settings, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "status", ["id", "status"], cancellationToken);
        var ids = input.List("id").Distinct().ToList();
        var states = input.List("status");
        if (states.Find(state => state is not ("requested" or "active" or "error" or "off")) is not null)
        {
            throw input.Wrong("status", "is requested, active, error or off");
        }

        if (request.Key != default)
        {
            await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
            ids = [request.Key.Id];
        }

        var records = await subscriptions.FindAsync(await VisibleAsync(request, server, ids, cancellationToken), cancellationToken);
        var shown = records.Where(record => states.Count == 0 || states.Contains(SubscriptionStatus.CodeOf(record.State))).ToList();
        return FhirResult.Ok(new BundleContent("searchset", shown.Select(record =>
        {
            var status = SubscriptionStatus.Of(record, NotificationType.QueryStatus, [], namesFocus: false, settings);
            status.Id = Guid.NewGuid().ToString("D");
            return new ResponseEntry { FullUrl = $"urn:uuid:{status.Id}", Resource = FhirContent.Of(FhirJson.Serialize(status)), SearchMode = "match" };
        }))
        {
            Total = shown.Count,
            Links = [new("self", Self(request, server, ids, states))],
        });
    }

    private static string Self(FhirRequest request, FhirServer server, IReadOnlyList<string> ids, IReadOnlyList<string> states) => request.Key != default
        ? $"{server.Address.Base}/Subscription/{request.Key.Id}/$status"
        : $"{server.Address.Base}/Subscription/$status" + QueryString.Create(
            ids.Select(id => KeyValuePair.Create<string, string?>("id", id)).Concat(states.Select(state => KeyValuePair.Create<string, string?>("status", state))));

    /// <summary>The ids of those that the caller may see, of these or of all.</summary>
    internal static async Task<IReadOnlyCollection<string>> VisibleAsync(FhirRequest request, FhirServer server, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.SearchType, "Subscription");
        IEnumerable<KeyValuePair<string, string>> parameters = ids.Count == 0 ? [] : [new("_id", string.Join(',', ids))];
        var query = server.Parser.Parse(["Subscription"], parameters, strict: true) with { Count = Most, Total = TotalMode.None };
        return [.. (await server.Store.SearchAsync(request.Caller, query, cancellationToken)).Matches.Select(match => match.Key.Id)];
    }
}
