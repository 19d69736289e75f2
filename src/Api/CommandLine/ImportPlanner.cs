using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Validation;

namespace TeleFhir.Api.CommandLine;

/// <summary>Plans writes as the server does for requests, and commits them as the import.</summary>
internal sealed class ImportPlanner(IResourceStore store, SearchQueryParser parser, ResourceValidator validator)
{
    public static readonly Caller Caller = Caller.System("import");

    public IResourceStore Store { get; } = store;

    /// <summary>What the entries will write; a FhirException says what is wrong with them.</summary>
    public Task<TransactionPlan> PlanAsync(ImmutableArray<Domain.Bundles.BundleEntry> entries, Func<string> newId, CancellationToken cancellationToken) =>
        TransactionPlan.PrepareAsync(
            entries,
            new Conditions((type, query) => parser.Parse([type], FhirRequest.Parse(query), strict: true), SearchGuard.Of, FindAsync),
            validator.Validate,
            newId,
            cancellationToken);

    /// <summary>False where a condition found something else than when the plan was made.</summary>
    public async Task<bool> TryCommitAsync(ChangeSet changes, CancellationToken cancellationToken) =>
        changes.Changes.IsEmpty || (await Store.CommitAsync(Caller, changes, cancellationToken)).Status == CommitStatus.Committed;

    /// <summary>
    /// The id of the n-th new resource of a file. It follows from the content, so an import that was cut off between a commit and the note
    /// of it finds its own resources instead of storing them twice.
    /// </summary>
    public static string IdOf(string fileHash, int number)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{fileHash}/{number}")));
        return new Guid(hash.AsSpan(0, 16)).ToString("D");
    }

    private async Task<IReadOnlyList<string>> FindAsync(SearchQuery query, CancellationToken cancellationToken)
    {
        var page = await Store.SearchAsync(Caller, query, cancellationToken);
        return [.. page.Matches.Select(match => match.Key.Id)];
    }
}
