using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>
/// Says of an Encounter whose patient waits which place in the queue that is. Reading any other one costs a look at its bytes.
/// </summary>
internal sealed class WaitingPlaces(IResourceStore store, SearchQueryParser parser, TeleFhirOptions options, TimeProvider clock) : IReadAddition
{
    private const int Most = 1000;
    private static readonly Caller _self = Caller.System("waiting-room");

    private readonly Canonicals _canonicals = new(options.Fhir.CanonicalBase);

    public string Type => "Encounter";

    public async ValueTask<ReadOnlyMemory<byte>?> AddAsync(StoredResource stored, CancellationToken cancellationToken)
    {
        var json = stored.Json.Span;
        if (json.IndexOf("\"arrived\""u8) < 0 && json.IndexOf("\"triaged\""u8) < 0)
        {
            return null;
        }

        var encounter = VisitDesk.Read(stored);
        if (!WaitingRoom.IsWaiting(encounter))
        {
            return null;
        }

        return (await DescribeAsync([encounter], cancellationToken))[0].Json;
    }

    /// <summary>Those of the Encounters whose patients wait, oldest first, each with its place in the queue of everybody.</summary>
    public async Task<IReadOnlyList<(Encounter Encounter, ReadOnlyMemory<byte> Json)>> DescribeAsync(
        IReadOnlyList<Encounter> encounters, CancellationToken cancellationToken)
    {
        var queue = WaitingRoom.Order(await FindAsync(_self, cancellationToken, Criterion("status", "arrived,triaged")));
        var going = await FindAsync(_self, cancellationToken, Criterion("status", "in-progress,onleave"), Criterion("_sort", "-_lastUpdated"));
        var now = clock.GetUtcNow();
        var all = new List<(Encounter, ReadOnlyMemory<byte>)>();
        foreach (var waiting in WaitingRoom.Order(encounters))
        {
            var shown = (Encounter)waiting.Encounter.DeepCopy();
            WaitingRoom.Remove(shown);
            shown.Extension.Add(WaitingRoom.Describe(waiting, queue, going, _canonicals, now));
            all.Add((shown, FhirJson.Serialize(shown)));
        }

        return all;
    }

    /// <summary>Encounters that a caller may see and that match.</summary>
    public async Task<IReadOnlyList<Encounter>> FindAsync(
        Caller caller, CancellationToken cancellationToken, params KeyValuePair<string, string>[] criteria) =>
        [.. (await SearchAsync(caller, "Encounter", criteria, cancellationToken)).Select(VisitDesk.Read)];

    /// <summary>The practitioner and the practitioner's roles, any of which an Encounter may name.</summary>
    public async Task<string> NamesOfAsync(string practitioner, CancellationToken cancellationToken)
    {
        var roles = await SearchAsync(_self, "PractitionerRole", [new("practitioner", practitioner)], cancellationToken);
        return string.Join(',', roles.Select(role => $"PractitionerRole/{role.Key.Id}").Prepend(practitioner));
    }

    private static KeyValuePair<string, string> Criterion(string name, string value) => new(name, value);

    private async Task<IEnumerable<StoredResource>> SearchAsync(
        Caller caller, string type, KeyValuePair<string, string>[] criteria, CancellationToken cancellationToken)
    {
        var query = parser.Parse([type], criteria, strict: true) with { Count = Most, Total = TotalMode.None };
        return (await store.SearchAsync(caller, query, cancellationToken)).Matches;
    }
}
