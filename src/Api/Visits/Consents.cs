using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>Who has agreed to what, as it is stored now.</summary>
internal static class Consents
{
    /// <summary>The Consents of a category that are in force, and whether there is any of it at all.</summary>
    public static async Task<(ImmutableArray<string> Active, bool HasAny)> OfAsync(VisitDesk desk, string who, string category, CancellationToken cancellationToken)
    {
        var query = desk.Server.Parser.Parse(["Consent"], ActiveConsent.Criteria(who, category, desk.Canonicals), strict: true);
        var found = await desk.Server.Store.SearchAsync(VisitDesk.Self, query with { Total = TotalMode.None }, cancellationToken);
        var now = desk.Server.Clock.GetUtcNow();
        return (
            [.. found.Matches.Where(match => ActiveConsent.Permits((Consent)FhirJson.Parse(match.Json, "Consent"), category, desk.Canonicals, now)).Select(match => $"Consent/{match.Key.Id}")],
            !found.Matches.IsEmpty);
    }

    /// <summary>Whether the patient of a visit has agreed.</summary>
    public static async Task<bool> HasAsync(VisitDesk desk, Encounter encounter, string category, CancellationToken cancellationToken) =>
        VisitParties.Local(encounter.Subject) is { } patient && !(await OfAsync(desk, patient, category, cancellationToken)).Active.IsEmpty;
}
