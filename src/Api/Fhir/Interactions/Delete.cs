using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>Delete and conditional delete (https://hl7.org/fhir/R4/http.html#delete). Deleting what is not there is done already.</summary>
internal static class Delete
{
    private const int MostAtOnce = 1000;

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var change = new DeleteChange(request.Key) { IfMatch = request.Preconditions.IfMatch, Source = request.Source };
        var commit = await server.Store.CommitAsync(request.Caller, ChangeSet.Of(change), cancellationToken);
        return WriteResult.OfDelete(commit.Results[0].Resource, request);
    }

    /// <summary>DELETE of criteria: the one match, or with <c>_count=n</c> up to n of them.</summary>
    public static Task<FhirResult> HandleConditionalAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var limit = Limit(request);
        var criteria = request.Parameters.RemoveAll(parameter => parameter.Key == "_count");
        return ConditionalSearch.RetryAsync(async () =>
        {
            var search = await ConditionalSearch.RunAsync(server, request.Caller, request.Type!, criteria, limit ?? 2, cancellationToken);
            var matches = limit is null && search.Single() is { } match ? [match] : search.Matches;
            if (matches.IsEmpty && request.Preconditions.IfMatch.IsEmpty)
            {
                return WriteResult.OfDelete(null, request);
            }

            if (matches.IsEmpty || matches.Any(match => !request.Preconditions.Allows(match)))
            {
                throw FhirException.PreconditionFailed("If-Match names no version of what the criteria match.");
            }

            return limit is null
                ? await CommitAsync(request, server, ChangesOf(request, matches, isVersioned: false), [search.Expectation], cancellationToken)
                : await TryManyAsync(request, server, matches, cancellationToken);
        });
    }

    // Of many only some may be deleted, so what holds the deletion to the search is each match's version.
    private static async Task<FhirResult?> TryManyAsync(
        FhirRequest request, FhirServer server, ImmutableArray<StoredResource> matches, CancellationToken cancellationToken)
    {
        try
        {
            return await CommitAsync(request, server, ChangesOf(request, matches, isVersioned: true), [], cancellationToken);
        }
        catch (FhirException changed) when (changed.Status == HttpStatusCode.PreconditionFailed)
        {
            return null;
        }
    }

    private static ImmutableArray<Change> ChangesOf(FhirRequest request, ImmutableArray<StoredResource> matches, bool isVersioned) =>
    [
        .. matches.Select(match => new DeleteChange(new ResourceKey(match.Key.Type, match.Key.Id))
        {
            IfMatch = isVersioned ? [match.Key.Version!.Value] : request.Preconditions.IfMatch,
            Source = request.Source,
        }),
    ];

    private static async Task<FhirResult?> CommitAsync(
        FhirRequest request,
        FhirServer server,
        ImmutableArray<Change> changes,
        ImmutableArray<Expectation> expectations,
        CancellationToken cancellationToken)
    {
        var commit = await server.Store.CommitAsync(request.Caller, new ChangeSet(changes, expectations), cancellationToken);
        return commit.Status == CommitStatus.Committed
            ? WriteResult.OfDelete(commit.Results is [var only] ? only.Resource : null, request)
            : null;
    }

    private static int? Limit(FhirRequest request)
    {
        if (request.Parameters.Where(parameter => parameter.Key == "_count").Select(parameter => parameter.Value).ToList() is not [.. var given, var count])
        {
            return null;
        }

        return given.Count == 0 && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MostAtOnce
            ? limit
            : throw FhirException.Invalid("_count of a conditional delete must be from 1 to 1000 and be given once.");
    }
}
