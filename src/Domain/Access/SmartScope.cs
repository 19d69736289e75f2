using System.Collections.Immutable;
using System.Text.RegularExpressions;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>Whose data a scope reaches.</summary>
public enum ScopeContext
{
    /// <summary>The one patient in context.</summary>
    Patient,

    /// <summary>What the user may see.</summary>
    User,

    /// <summary>What the client may see, without a user.</summary>
    System,
}

/// <summary>What a scope allows; the letters of SMART v2 in their order.</summary>
[Flags]
public enum ScopePermissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary><c>c</c>: create.</summary>
    Create = 1,

    /// <summary><c>r</c>: read, vread and the history of one resource.</summary>
    Read = 2,

    /// <summary><c>u</c>: update, patch and update as create.</summary>
    Update = 4,

    /// <summary><c>d</c>: delete.</summary>
    Delete = 8,

    /// <summary><c>s</c>: search and the histories of a type or of everything.</summary>
    Search = 16,
}

/// <summary>
/// One resource scope, for example <c>patient/Observation.rs?category=laboratory</c>; v1 forms (<c>.read</c>, <c>.write</c>, <c>.*</c>) mean the
/// same as their v2 letters (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html). Immutable.
/// </summary>
public sealed partial record SmartScope
{
    private const string All = "*";
    private static readonly (char Letter, ScopePermissions Permission)[] _letters =
    [
        ('c', ScopePermissions.Create), ('r', ScopePermissions.Read), ('u', ScopePermissions.Update),
        ('d', ScopePermissions.Delete), ('s', ScopePermissions.Search),
    ];

    private SmartScope(string text, ScopeContext context, string type, ScopePermissions permissions, string? filter)
    {
        Text = text;
        Context = context;
        Type = type;
        Permissions = permissions;
        Filter = filter;
    }

    /// <summary>The scope as it was written, which is how tokens and answers repeat it.</summary>
    public string Text { get; }

    /// <summary>Whose data.</summary>
    public ScopeContext Context { get; }

    /// <summary>A resource type, or <c>*</c> for every one.</summary>
    public string Type { get; }

    /// <summary>What may be done.</summary>
    public ScopePermissions Permissions { get; }

    /// <summary>The search that narrows it, as written after the question mark; null where the whole type is meant.</summary>
    public string? Filter { get; }

    /// <summary>Whether it speaks of this type.</summary>
    public bool Names(string type) => Type == All || Type == type;

    /// <summary>Whether it allows the interaction on the type, leaving aside <see cref="Filter"/> and whose data it is.</summary>
    public bool Permits(Interaction interaction, string type) =>
        Names(type) && Needed(interaction) is var needed && needed != ScopePermissions.None && (Permissions & needed) == needed;

    /// <summary>
    /// Whether everything the other scope allows is allowed by this one: what a client is registered for is a bound on what it may ask.
    /// </summary>
    public bool Covers(SmartScope other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Context == other.Context
            && (Type == All || Type == other.Type)
            && (Permissions & other.Permissions) == other.Permissions
            && (Filter is null || (Type == other.Type && Filter == other.Filter));
    }

    /// <summary>The letter an interaction needs; none for those that are not about resources of one type.</summary>
    public static ScopePermissions Needed(Interaction interaction) => interaction switch
    {
        Interaction.Read or Interaction.VersionRead or Interaction.HistoryInstance => ScopePermissions.Read,
        Interaction.SearchType or Interaction.SearchSystem or Interaction.HistoryType or Interaction.HistorySystem => ScopePermissions.Search,
        Interaction.Create => ScopePermissions.Create,
        Interaction.Update or Interaction.Patch => ScopePermissions.Update,
        Interaction.Delete => ScopePermissions.Delete,
        _ => ScopePermissions.None,
    };

    /// <summary>Reads one resource scope; null for anything else, launch and identity scopes among it.</summary>
    public static SmartScope? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Grammar().Match(text);
        if (!match.Success || (match.Groups["type"].Value is var type && type != All && !ResourceCatalog.IsKnown(type)))
        {
            return null;
        }

        var context = match.Groups["context"].Value switch
        {
            "patient" => ScopeContext.Patient,
            "user" => ScopeContext.User,
            _ => ScopeContext.System,
        };
        var filter = match.Groups["filter"] is { Success: true, Value: var written } ? written : null;
        return new SmartScope(text, context, type, PermissionsOf(match.Groups["permissions"].Value), filter);
    }

    /// <summary>All resource scopes among the words of a scope string, in order.</summary>
    public static ImmutableArray<SmartScope> ParseAll(string? scopes) =>
        [.. (scopes ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse).OfType<SmartScope>()];

    /// <inheritdoc />
    public override string ToString() => Text;

    private static ScopePermissions PermissionsOf(string written) => written switch
    {
        "read" => ScopePermissions.Read | ScopePermissions.Search,
        "write" => ScopePermissions.Create | ScopePermissions.Update | ScopePermissions.Delete,
        All => ScopePermissions.Create | ScopePermissions.Read | ScopePermissions.Update | ScopePermissions.Delete | ScopePermissions.Search,
        _ => _letters.Where(letter => written.Contains(letter.Letter, StringComparison.Ordinal))
            .Aggregate(ScopePermissions.None, (sum, letter) => sum | letter.Permission),
    };

    // v1 words take no filter; the letters of v2 come in one order, at least one of them.
    [GeneratedRegex(@"\A(?<context>patient|user|system)/(?<type>\*|[A-Za-z]+)\.(?:(?<permissions>read|write|\*)|(?<permissions>(?=[cruds])c?r?u?d?s?)(?:\?(?<filter>[^?\s]+))?)\z")]
    private static partial Regex Grammar();
}
