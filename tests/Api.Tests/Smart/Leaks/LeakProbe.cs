using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>
/// One way to ask for what is another's. In its texts <c>{x}</c> stands for what exists (<c>hid</c>) or never did (<c>nil</c>), <c>{me}</c> for
/// the caller's own patient and <c>{n}</c> for the form in which it is sent, so that each form has resources of its own to change.
/// </summary>
/// <param name="Name">What is asked.</param>
/// <param name="Route">Method and pattern of the route that answers.</param>
/// <param name="Path">The address below the base.</param>
public sealed record LeakProbe(string Name, string Route, string Path)
{
    public string Method => Route[..Route.IndexOf(' ', StringComparison.Ordinal)];

    public string? Body { get; init; }

    /// <summary>Conditional headers, as <c>Name: value</c>.</summary>
    public string[] Headers { get; init; } = [];

    /// <summary>The status that it has for whoever may.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Whether whoever may is shown the content.</summary>
    public bool Shows { get; init; } = true;

    /// <summary>Whether they are shown it in a Bundle too, where writes answer less.</summary>
    public bool ShowsInBundles { get; init; } = true;

    /// <summary>What it would change, read to see that it did not.</summary>
    public string? Target { get; init; }

    /// <summary>Whether a Bundle may ask it.</summary>
    public bool InBundles { get; init; } = true;

    /// <summary>Whether a server may say that it does not do this; one that does it is held to the same.</summary>
    public bool IsOptional { get; init; }

    /// <summary>Who may, for the proof that the probe finds what is there.</summary>
    public string Control { get; init; } = LeakHost.Owner;

    /// <summary>What they ask before.</summary>
    public string? First { get; init; }

    /// <summary>Who is told by design whether the record is there.</summary>
    public string? Except { get; init; }

    /// <summary>Whether the body is a form and no resource.</summary>
    public bool IsForm => Route.EndsWith("_search", StringComparison.Ordinal);

    /// <summary>Whether it names something of the record, so that the same can be asked of what never existed.</summary>
    public bool Names =>
        Path.Contains("{x}", StringComparison.Ordinal) || (IsForm && Body!.Contains("{x}", StringComparison.Ordinal)) || Headers.Any(header => header.Contains("{x}", StringComparison.Ordinal));

    /// <summary>Whether the address is of one type, so that a scope for another type is refused at once.</summary>
    public bool IsOfOneType => Route.Contains("{type", StringComparison.Ordinal);

    public override string ToString() => Name;

    public static string Fill(string text, string what, string patient, string form) => text
        .Replace("{x}", what, StringComparison.Ordinal)
        .Replace("{me}", patient, StringComparison.Ordinal)
        .Replace("{n}", form, StringComparison.Ordinal);

    /// <summary>The Bundle of this one request.</summary>
    public string Bundle(string type)
    {
        var request = new JsonObject { ["method"] = Method, ["url"] = Path.TrimStart('/') };
        foreach (var header in Headers)
        {
            var colon = header.IndexOf(':', StringComparison.Ordinal);
            var name = header[..colon].Replace("-", "", StringComparison.Ordinal);
            request[char.ToLowerInvariant(name[0]) + name[1..]] = header[(colon + 1)..].Trim();
        }

        var entry = new JsonObject { ["request"] = request };
        if (Body is not null)
        {
            entry["resource"] = JsonNode.Parse(Body);
        }

        return new JsonObject { ["resourceType"] = "Bundle", ["type"] = type, ["entry"] = new JsonArray(entry) }.ToJsonString();
    }
}
