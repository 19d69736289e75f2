using System.Collections.Immutable;
using System.Text.Json;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Smart.Pages;

/// <summary>A patient or encounter to pick.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">What people know it by.</param>
/// <param name="Detail">What tells it from others of the same title.</param>
internal sealed record Choice(string Id, string Title, string Detail);

/// <summary>Finds what a person may pick. The store shows them what they may see, so that is all there is to choose from.</summary>
internal sealed class PatientChoices(IResourceStore store, SearchQueryParser parser)
{
    /// <summary>So many are shown; a name narrows them.</summary>
    public const int Most = 50;

    private const int LongestName = 100;

    public async Task<ImmutableArray<Choice>> PatientsAsync(Person person, string? name, CancellationToken cancellationToken)
    {
        var words = (name ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(5)
            .Select(word => KeyValuePair.Create("name", Escape(word.Length > LongestName ? word[..LongestName] : word)));
        return await FindAsync(person, "Patient", [.. words, new("_sort", "family,given")], PatientOf, cancellationToken);
    }

    /// <summary>The patient, where this person may see them; null otherwise.</summary>
    public async Task<Choice?> PatientAsync(Person person, string? id, CancellationToken cancellationToken) =>
        await ReadAsync(person, "Patient", id, cancellationToken) is { } found ? PatientOf(found) : null;

    public Task<ImmutableArray<Choice>> EncountersAsync(Person person, string patient, CancellationToken cancellationToken) =>
        FindAsync(person, "Encounter", [new("patient", $"Patient/{patient}"), new("_sort", "-date")], EncounterOf, cancellationToken);

    /// <summary>The encounter, where this person may see it and it is this patient's; null otherwise.</summary>
    public async Task<Choice?> EncounterAsync(Person person, string patient, string? id, CancellationToken cancellationToken) =>
        await ReadAsync(person, "Encounter", id, cancellationToken) is { } found && SubjectOf(found) == $"Patient/{patient}" ? EncounterOf(found) : null;

    private async Task<ImmutableArray<Choice>> FindAsync(
        Person person, string type, IEnumerable<KeyValuePair<string, string>> criteria, Func<StoredResource, Choice> choice, CancellationToken cancellationToken)
    {
        if (person.Caller.FhirUser is null)
        {
            return [];
        }

        var query = parser.Parse([type], [.. criteria, new("_count", $"{Most}"), new("_total", "none")], strict: true);
        var page = await store.SearchAsync(person.Caller, query, cancellationToken);
        return [.. page.Matches.Select(choice)];
    }

    private async Task<StoredResource?> ReadAsync(Person person, string type, string? id, CancellationToken cancellationToken) =>
        ResourceKey.IsId(id) && person.Caller.FhirUser is not null
            && await store.ReadAsync(person.Caller, new ResourceKey(type, id!), cancellationToken) is { IsDeleted: false } found
            ? found
            : null;

    private static string Escape(string word) =>
        word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)
            .Replace("$", "\\$", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal);

    private static Choice PatientOf(StoredResource resource)
    {
        using var json = JsonDocument.Parse(resource.Json);
        var name = json.RootElement.TryGetProperty("name", out var names) && names.GetArrayLength() > 0 ? names[0] : default;
        var given = Items(name, "given").Select(part => part.GetString());
        var title = Text(name, "text") ?? string.Join(' ', given.Append(Text(name, "family")).Where(part => part is not null));
        string?[] details = [Text(json.RootElement, "birthDate") is { } born ? $"born {born}" : null, Text(json.RootElement, "gender"), resource.Key.Id];
        return new Choice(resource.Key.Id, title.Length == 0 ? "No name" : title, string.Join(", ", details.Where(detail => detail is not null)));
    }

    private static Choice EncounterOf(StoredResource resource)
    {
        using var json = JsonDocument.Parse(resource.Json);
        var root = json.RootElement;
        var start = root.TryGetProperty("period", out var period) ? Text(period, "start") : null;
        var kind = root.TryGetProperty("class", out var code) ? Text(code, "display") ?? Text(code, "code") : null;
        return new Choice(
            resource.Key.Id,
            start is { Length: >= 16 } ? $"{start[..10]} {start[11..16]}" : start ?? "No date",
            string.Join(", ", new[] { kind, Text(root, "status"), resource.Key.Id }.Where(detail => detail is not null)));
    }

    private static string? SubjectOf(StoredResource resource)
    {
        using var json = JsonDocument.Parse(resource.Json);
        return json.RootElement.TryGetProperty("subject", out var subject) ? Text(subject, "reference") : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String)
            : [];
}
