using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// The parameter <c>declared-location</c>: where the patient says to be during a visit. A jurisdiction is named by its Location, or by that one's
/// identifier, such as the code of a state.
/// </summary>
internal static class DeclaredPlace
{
    public const string Name = "declared-location";

    private const int LongestText = 200;
    private static readonly Caller _self = Caller.System("licences");

    /// <summary>The place as a literal reference; null where nothing is said. 422 <c>location-unknown</c> where there is none.</summary>
    public static async Task<ResourceReference?> ReadAsync(OperationInput input, FhirServer server, CancellationToken cancellationToken)
    {
        if (input.All(Name).Count == 0)
        {
            return null;
        }

        var sent = input.All(Name) is [ResourceReference one] ? one : new ResourceReference(input.Text(Name));
        KeyValuePair<string, string> criterion = sent switch
        {
            { Reference: not null } when Occupancy.RelativeOf(sent)?.Split('/') is ["Location", var id] && ResourceKey.IsId(id) => new("_id", id),
            { Reference: null, Identifier: { Value.Length: > 0 and <= LongestText } identifier } =>
                new("identifier", new TokenSearchValue(identifier.System, identifier.Value).ToQuery()),
            _ => throw input.Wrong(Name, "must be one reference to a Location, literal or by identifier"),
        };
        var query = server.Parser.Parse(["Location"], [criterion], strict: true) with { Count = 1, Total = TotalMode.None };
        return (await server.Store.SearchAsync(_self, query, cancellationToken)).Matches is [var place, ..]
            ? new ResourceReference($"Location/{place.Key.Id}")
            : throw Refusal.BusinessRule("location-unknown", "The declared location is not known here.").ToException(server.Booking.Canonicals);
    }
}
