using System.Collections.Immutable;
using System.Text.Json;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Smart.Server;

/// <summary>A patient or encounter to pick.</summary>
internal sealed record Pick(string Id, string Label);

/// <summary>
/// Whom a person may pick: the patients that the store shows to that person, asked as that person, so that there is one rule for pages and API.
/// </summary>
internal sealed class PeoplesPatients(IResourceStore store, SearchQueryParser parser)
{
    private const int Most = 50;

    public static Caller CallerOf(UserAccount user) => Caller.User(user.Id, "telefhir-pages") with
    {
        FhirUser = ResourceKey.TryParse(user.FhirUser, out var key) ? key : null,
        Clearance = user.Clearance,
        Scopes = SmartScope.ParseAll("user/Patient.rs user/Encounter.rs"),
    };

    /// <summary>The first patients of a name, in the order of names.</summary>
    public async Task<ImmutableArray<Pick>> FindAsync(UserAccount user, string? name, CancellationToken cancellationToken)
    {
        List<KeyValuePair<string, string>> parameters = [new("_sort", "family,given"), new("_count", $"{Most}"), new("_total", "none")];
        if (!string.IsNullOrWhiteSpace(name))
        {
            parameters.Add(new("name", name.Replace(",", "\\,", StringComparison.Ordinal)));
        }

        return await SearchAsync(user, "Patient", parameters, LabelOfPatient, cancellationToken);
    }

    /// <summary>The latest encounters of a patient.</summary>
    public Task<ImmutableArray<Pick>> EncountersAsync(UserAccount user, string patient, CancellationToken cancellationToken) => SearchAsync(
        user, "Encounter", [new("patient", patient), new("_sort", "-date"), new("_count", $"{Most}"), new("_total", "none")], LabelOfEncounter, cancellationToken);

    public async Task<bool> MayPickAsync(UserAccount user, string patient, CancellationToken cancellationToken) =>
        ResourceKey.IsId(patient)
        && await store.ReadAsync(CallerOf(user), new ResourceKey("Patient", patient), cancellationToken) is { IsDeleted: false };

    public async Task<string> NameOfAsync(UserAccount user, string patient, CancellationToken cancellationToken) =>
        await store.ReadAsync(CallerOf(user), new ResourceKey("Patient", patient), cancellationToken) is { IsDeleted: false } found
            ? LabelOfPatient(JsonDocument.Parse(found.Json).RootElement)
            : patient;

    private async Task<ImmutableArray<Pick>> SearchAsync(
        UserAccount user,
        string type,
        IEnumerable<KeyValuePair<string, string>> parameters,
        Func<JsonElement, string> label,
        CancellationToken cancellationToken)
    {
        var page = await store.SearchAsync(CallerOf(user), parser.Parse([type], parameters, strict: true), cancellationToken);
        return [.. page.Matches.Select(match => new Pick(match.Key.Id, label(JsonDocument.Parse(match.Json).RootElement)))];
    }

    private static string LabelOfPatient(JsonElement patient)
    {
        var name = patient.TryGetProperty("name", out var names) && names.GetArrayLength() > 0 ? NameOf(names[0]) : "No name";
        return patient.TryGetProperty("birthDate", out var born) ? $"{name}, born {born.GetString()}" : name;
    }

    private static string NameOf(JsonElement name)
    {
        var given = name.TryGetProperty("given", out var all) ? string.Join(' ', all.EnumerateArray().Select(one => one.GetString())) : "";
        var family = name.TryGetProperty("family", out var last) ? last.GetString() : "";
        return $"{given} {family}".Trim() is { Length: > 0 } whole ? whole : "No name";
    }

    private static string LabelOfEncounter(JsonElement encounter)
    {
        var start = encounter.TryGetProperty("period", out var period) && period.TryGetProperty("start", out var from) ? from.GetString() : "no date";
        return $"{start} ({(encounter.TryGetProperty("status", out var status) ? status.GetString() : "")})";
    }
}
