using System.Text.Json;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>
/// The claims of a token whose signature holds. Issuers differ in names and shapes: a list is an array here and a text with spaces there;
/// a name that begins with a slash leads into an object (<c>/realm_access/roles</c>).
/// </summary>
internal sealed class TokenClaims(JsonElement payload)
{
    /// <summary>The first of the claims that is a text, or null.</summary>
    public string? Text(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Find(name) is { ValueKind: JsonValueKind.String } found && found.GetString() is { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }

    public DateTimeOffset? Time(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetDouble(out var seconds) && seconds is >= 0 and < 253402300800
            ? DateTimeOffset.UnixEpoch.AddSeconds(seconds)
            : null;

    public bool Has(string name) => Find(name) is not null;

    /// <summary>All words of all these claims.</summary>
    public IEnumerable<string> Words(IEnumerable<string> names) => names.SelectMany(name => Find(name) switch
    {
        { ValueKind: JsonValueKind.String } text => Split(text),
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).SelectMany(Split),
        _ => [],
    });

    private static string[] Split(JsonElement text) => text.GetString()!.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private JsonElement? Find(string name)
    {
        var found = payload;
        foreach (var step in name.StartsWith('/') ? name[1..].Split('/') : [name])
        {
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(step, out found))
            {
                return null;
            }
        }

        return found;
    }
}
