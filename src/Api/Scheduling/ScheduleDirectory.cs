using System.Collections.Concurrent;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// Reads Schedules and who is behind them. They are reference data, and whoever may look for times sees with whom they are: so for this
/// a caller reaches them and their Slots in the contexts that its scopes have, up to its clearance.
/// </summary>
internal sealed class ScheduleDirectory
{
    private const int MostKnown = 5000;

    private static readonly string[] _types = ["HealthcareService", "InsurancePlan", "Location", "Organization", "OrganizationAffiliation", "Practitioner", "PractitionerRole", "Schedule", "Slot"];

    // A version never changes, and calendars are looked at far oftener than they do. Nobody writes to what is in here.
    private readonly ConcurrentDictionary<ResourceKey, DomainResource> _known = [];

    /// <summary>The Schedules that the query finds, with their actors, and whether there are more than it asks for.</summary>
    public async Task<(IReadOnlyList<LoadedSchedule> Schedules, bool More)> LoadAsync(
        Caller caller, FhirServer server, SearchQuery query, CancellationToken cancellationToken)
    {
        var including = server.Parser.Parse(
            ["Schedule"], [new("_include", "Schedule:actor"), new("_include:iterate", "PractitionerRole:practitioner")], strict: true);
        var page = await server.Store.SearchAsync(
            Reader(caller), query with { Includes = including.Includes, Total = TotalMode.None }, cancellationToken);
        return (LoadedSchedule.Join(page.Matches.Select(Parse).OfType<Schedule>(), page.Included.Select(Parse)), page.Next is not null);
    }

    /// <summary>The caller, who may read the directory besides.</summary>
    public static Caller Reader(Caller caller) => caller.IsUnrestricted ? caller : caller with
    {
        Scopes =
        [
            .. caller.Scopes,
            .. from context in caller.Scopes.Select(scope => scope.Context).Distinct()
               from type in _types
               where !caller.May(Interaction.SearchType, type) || !caller.May(Interaction.Read, type)
               select SmartScope.Parse($"{context.ToString().ToLowerInvariant()}/{type}.rs"),
        ],
    };

    private DomainResource Parse(StoredResource stored)
    {
        if (_known.TryGetValue(stored.Key, out var known))
        {
            return known;
        }

        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        return _known[stored.Key] = (DomainResource)FhirJson.Parse(stored.Json);
    }
}
