using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// Who asks. Every call to the store takes one; there is no ambient caller. A caller may do only what it was made with:
/// the two kinds below have every right, and no other kind can be made yet.
/// </summary>
public sealed class Caller
{
    private readonly bool _unrestricted;

    private Caller(string name, bool unrestricted)
    {
        Name = name;
        _unrestricted = unrestricted;
    }

    /// <summary>Who it is, for logs and audit: a client, a user or a worker. No patient data.</summary>
    public string Name { get; }

    /// <summary>Nobody: may do nothing but read the capability statement.</summary>
    public static Caller Anonymous { get; } = new("anonymous", unrestricted: false);

    /// <summary>A worker of the server itself, for example <c>import</c>.</summary>
    public static Caller System(string worker) => new($"system/{worker}", unrestricted: true);

    /// <summary>Everyone, where access control is switched off (<c>Auth:Mode=None</c>, Development only).</summary>
    public static Caller Development { get; } = new("development", unrestricted: true);

    /// <summary>Whether this caller may do this at all; the store narrows further what it may see.</summary>
    public bool May(Interaction interaction) => _unrestricted || interaction == Interaction.Capabilities;

    /// <summary>Throws 403 unless <see cref="May"/>.</summary>
    public void Demand(Interaction interaction)
    {
        if (!May(interaction))
        {
            throw FhirException.Forbidden($"This caller may not do {interaction}.");
        }
    }
}
