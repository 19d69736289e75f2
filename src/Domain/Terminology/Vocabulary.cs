using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Domain.Terminology;

/// <summary>
/// Value sets and code systems: those of R4, and those stored here as the caller may see them. What R4 defines is what it defines,
/// whatever is stored under the same URL: nobody changes with a write what a status means to others.
/// </summary>
public sealed class Vocabulary(IResourceStore store, SearchParameterCatalog catalog) : ITerminology
{
    /// <inheritdoc />
    public async Task<ImmutableArray<SystemCodes>> ExpandAsync(Caller caller, string valueSet, CancellationToken cancellationToken)
    {
        var found = await FindValueSetAsync(caller, valueSet, cancellationToken)
            ?? throw FhirException.NotFound("There is no such value set.");
        return (await ExpandAsync(caller, found.Resource, cancellationToken)).BySystem();
    }

    /// <inheritdoc />
    public Task<ImmutableArray<string>> DescendantsAsync(Caller caller, string system, string code, CancellationToken cancellationToken) =>
        ReachAsync(caller, system, code, CodeSystemIndex.Descendants, cancellationToken);

    /// <inheritdoc />
    public Task<ImmutableArray<string>> AncestorsAsync(Caller caller, string system, string code, CancellationToken cancellationToken) =>
        ReachAsync(caller, system, code, CodeSystemIndex.Ancestors, cancellationToken);

    /// <summary>The value set of this canonical URL or <c>ValueSet/id</c>, or null.</summary>
    internal async Task<Found<ValueSet>?> FindValueSetAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        if (ResourceKey.TryParse(name, out var key))
        {
            return key.Type == "ValueSet" ? await ReadAsync<ValueSet>(caller, key, cancellationToken) : null;
        }

        var (url, version) = Canonical(name);
        return BuiltInTerminology.FindValueSet(url) is { } builtIn
            ? IsVersion(builtIn.Version, version) ? new(builtIn, null) : null
            : await SearchAsync<ValueSet>(caller, url, version, one => one.Version, cancellationToken);
    }

    /// <summary>The code system of this canonical URL or <c>CodeSystem/id</c>, or null.</summary>
    internal async Task<Found<CodeSystemIndex>?> FindCodeSystemAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        Found<CodeSystem>? stored;
        if (ResourceKey.TryParse(name, out var key))
        {
            stored = key.Type == "CodeSystem" ? await ReadAsync<CodeSystem>(caller, key, cancellationToken) : null;
        }
        else
        {
            var (url, version) = Canonical(name);
            if (BuiltInTerminology.FindCodeSystem(url) is { } builtIn)
            {
                return IsVersion(builtIn.CodeSystem.Version, version) ? new(builtIn, null) : null;
            }

            stored = await SearchAsync<CodeSystem>(caller, url, version, one => one.Version, cancellationToken);
        }

        return stored is null ? null : new(new CodeSystemIndex(stored.Resource), stored.Stored);
    }

    /// <summary>What a value set holds. 422 where it cannot be told.</summary>
    internal Task<Expansion> ExpandAsync(Caller caller, ValueSet valueSet, CancellationToken cancellationToken) => new Expander(
        async (url, token) => (await FindValueSetAsync(caller, url, token))?.Resource,
        async (url, token) => (await FindCodeSystemAsync(caller, url, token))?.Resource)
        .ExpandAsync(valueSet, cancellationToken);

    private async Task<ImmutableArray<string>> ReachAsync(
        Caller caller, string system, string code, Func<Concept, IEnumerable<Concept>> reach, CancellationToken cancellationToken)
    {
        var found = await FindCodeSystemAsync(caller, system, cancellationToken) ?? throw FhirException.NotFound("There is no such code system.");
        var concept = found.Resource.Find(code) ?? throw FhirException.NotFound("The code system has no such code.");
        return [.. reach(concept).Select(one => one.Code)];
    }

    private static (string Url, string? Version) Canonical(string name) =>
        name.IndexOf('|', StringComparison.Ordinal) is >= 0 and var bar ? (name[..bar], name[(bar + 1)..]) : (name, null);

    // What R4 binds to is named with the version of FHIR, whatever version the value set has of its own.
    private static bool IsVersion(string? version, string? asked) => asked is null || asked == version || asked == ModelInfo.Version;

    private async Task<Found<T>?> ReadAsync<T>(Caller caller, ResourceKey key, CancellationToken cancellationToken)
        where T : Resource =>
        caller.May(Interaction.Read, key.Type) && await store.ReadAsync(caller, key, cancellationToken) is { IsDeleted: false } stored
            ? new((T)BuiltInTerminology.Read(stored.Json.Span), stored)
            : null;

    // The newest of several versions, unless one is asked for.
    private async Task<Found<T>?> SearchAsync<T>(
        Caller caller, string url, string? version, Func<T, string?> versionOf, CancellationToken cancellationToken)
        where T : Resource
    {
        var type = typeof(T).Name;
        if (url.Length == 0 || !caller.May(Interaction.SearchType, type))
        {
            return null;
        }

        var query = new SearchQuery
        {
            Types = [type],
            Criteria = [new ValueCriterion(catalog.Find(type, "url")!, SearchModifier.None, [new StringSearchValue(url)])],
            Count = 50,
            Total = TotalMode.None,
        };
        var page = await store.SearchAsync(caller, query, cancellationToken);
        return page.Matches.Select(stored => new Found<T>((T)BuiltInTerminology.Read(stored.Json.Span), stored))
            .FirstOrDefault(found => version is null || versionOf(found.Resource) == version);
    }
}

/// <summary>A definition and the stored resource it is from; null where it is one of R4.</summary>
internal sealed record Found<T>(T Resource, StoredResource? Stored);
