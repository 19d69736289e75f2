using System.Collections.Immutable;
using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Search;

/// <summary>
/// What value sets hold and how codes lie under each other, from the R4 definitions and from the ValueSets and CodeSystems that are
/// stored here (https://hl7.org/fhir/R4/terminology-module.html). What is stored is seen with the caller's eyes: a value set that the
/// caller may not read does not exist. For the search modifiers <c>:in</c>, <c>:not-in</c>, <c>:below</c> and <c>:above</c>.
/// </summary>
public interface ITerminology
{
    /// <summary>
    /// The codes of a value set, by system, each system once. <paramref name="valueSet"/> is a canonical URL, with or without a version
    /// after <c>|</c>, or <c>ValueSet/id</c>. Throws 404 where there is no such value set and 422 where its codes cannot be told, because
    /// it filters a code system whose content is not here or is too large.
    /// </summary>
    Task<ImmutableArray<SystemCodes>> ExpandAsync(Caller caller, string valueSet, CancellationToken cancellationToken);

    /// <summary>
    /// The code itself and every code that it subsumes. Throws 404 where the code system or the code is not known.
    /// </summary>
    Task<ImmutableArray<string>> DescendantsAsync(Caller caller, string system, string code, CancellationToken cancellationToken);

    /// <summary>
    /// The code itself and every code that subsumes it. Throws 404 where the code system or the code is not known.
    /// </summary>
    Task<ImmutableArray<string>> AncestorsAsync(Caller caller, string system, string code, CancellationToken cancellationToken);
}

/// <summary>Codes of one code system.</summary>
/// <param name="System">The URL of the code system.</param>
/// <param name="Codes">
/// The codes; the default array (<see cref="ImmutableArray{T}.IsDefault"/>) for all of them, where the content of the system is not here
/// and the value set takes the whole of it, such as all of LOINC.
/// </param>
public sealed record SystemCodes(string System, ImmutableArray<string> Codes)
{
    /// <summary>Whether every code of the system is meant, listed or not.</summary>
    public bool IsWhole => Codes.IsDefault;
}
