using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Visits;

/// <summary><c>Encounter/$waiting-room</c>: who waits, oldest first, of those whom the caller may see; for staff.</summary>
internal static class WaitingRoomList
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, VisitDesk desk, WaitingPlaces places, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, desk.Server, "waiting-room", ["practitioner", "location"], cancellationToken);
        var criteria = new List<KeyValuePair<string, string>> { new("status", "arrived,triaged") };
        if (Reference(input, "practitioner", "Practitioner", "PractitionerRole") is { } practitioner)
        {
            criteria.Add(new("participant", practitioner.Type == "Practitioner" ? await places.NamesOfAsync(practitioner.ToString(), cancellationToken) : practitioner.ToString()));
        }

        if (Reference(input, "location", "Location") is { } location)
        {
            criteria.Add(new("location", location.ToString()));
        }

        request.Caller.Demand(Interaction.SearchType, "Encounter");
        if (!request.Caller.IsStaffFor("Encounter"))
        {
            throw Refusal.Forbidden("staff-only", "The waiting room is for staff; patients find their place on their own Encounter.").ToException(desk.Canonicals);
        }

        var waiting = await places.DescribeAsync(await places.FindAsync(request.Caller, cancellationToken, [.. criteria]), cancellationToken);
        var self = desk.Server.Address.Base + "/Encounter/$waiting-room"
            + QueryString.Create(criteria.Skip(1).Select(pair => KeyValuePair.Create<string, string?>(pair.Key == "participant" ? "practitioner" : pair.Key, pair.Value.Split(',')[0])));
        return FhirResult.Ok(new BundleContent("searchset", waiting.Select(one => new ResponseEntry
        {
            FullUrl = desk.Server.Address.Of(new ResourceKey("Encounter", one.Encounter.Id!)),
            Resource = FhirContent.Of(one.Json),
            SearchMode = "match",
        }))
        {
            Total = waiting.Count,
            Links = [new("self", self)],
        }) with
        {
            Touched =
            [
                .. waiting.Select(one => new StoredResource(
                    new ResourceKey("Encounter", one.Encounter.Id!, int.TryParse(one.Encounter.Meta?.VersionId, out var version) ? version : null),
                    one.Encounter.Meta?.LastUpdated ?? default,
                    VersionMethod.Put,
                    one.Json)),
            ],
        };
    }

    private static ResourceKey? Reference(OperationInput input, string name, params ReadOnlySpan<string> types)
    {
        var text = input.All(name) is [Hl7.Fhir.Model.ResourceReference reference] ? reference.Reference : input.Text(name);
        return text is null ? null
            : ResourceKey.IsId(text) ? new ResourceKey(types[0], text)
            : ResourceKey.TryParse(text, out var key) && types.Contains(key.Type) ? new ResourceKey(key.Type, key.Id)
            : throw input.Wrong(name, $"must be an id or a reference to {string.Join(" or ", types.ToArray())}");
    }
}
