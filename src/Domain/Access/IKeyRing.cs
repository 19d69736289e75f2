namespace TeleFhir.Domain.Access;

/// <summary>
/// The key ring that seals codes, refresh tokens, cookies and stored keys, the same for all nodes. Its elements are XML documents that
/// only their writer understands. Reading blocks: whoever needs the ring cannot go on without it.
/// </summary>
public interface IKeyRing
{
    /// <summary>All elements.</summary>
    IReadOnlyList<string> List();

    /// <summary>Adds one under a name of its own.</summary>
    void Add(string name, string xml);
}
