namespace TeleFhir.Domain.Fhir;

/// <summary>
/// The canonical URLs of what this server defines itself: extensions and code systems under one root, which is a setting.
/// The root has no slash at its end.
/// </summary>
/// <param name="root">The root, for example <c>https://telefhir.dev/fhir</c>.</param>
public sealed class Canonicals(string root)
{
    /// <summary>The root where nothing else is set.</summary>
    public const string Default = "https://telefhir.dev/fhir";

    /// <summary>The root, without a slash at its end.</summary>
    public string Root { get; } = root.TrimEnd('/');

    /// <summary>The business codes that errors carry in <c>issue.details.coding</c>.</summary>
    public string Errors => CodeSystem("error");

    /// <summary>URL of an extension, for example that of <c>hold-expires</c>.</summary>
    public string Extension(string name) => $"{Root}/StructureDefinition/{name}";

    /// <summary>URL of a code system, for example that of <c>virtual-channel</c>.</summary>
    public string CodeSystem(string name) => $"{Root}/CodeSystem/{name}";

    /// <summary>URL of a system of identifiers, for example that of <c>series</c>.</summary>
    public string Identifiers(string name) => $"{Root}/{name}";
}
