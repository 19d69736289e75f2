using System.Collections.Immutable;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Update, also as create under the caller's id, and conditional update (https://hl7.org/fhir/R4/http.html#update,
/// https://hl7.org/fhir/R4/http.html#cond-update).
/// </summary>
internal static class Update
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var content = await WriteContent.ReadAsync(request, server, cancellationToken);
        if (content.Resource.Id != request.Key.Id)
        {
            throw FhirException.Invalid(
                content.Resource.Id is null ? "The content must have the id of the address." : "The content has another id than the address.",
                $"{request.Type}.id");
        }

        return await ConditionalSearch.RetryAsync(async () =>
        {
            var prepared = await WriteContent.ResolveAsync(request, server, content, cancellationToken);
            return await CommitAsync(request, server, Put(request, request.Key, prepared.Content), prepared.Expectations, cancellationToken);
        });
    }

    /// <summary>PUT to criteria: updates the one match, or creates where there is none.</summary>
    public static async Task<FhirResult> HandleConditionalAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var content = await WriteContent.ReadAsync(request, server, cancellationToken);
        return await ConditionalSearch.RetryAsync(async () =>
        {
            var prepared = await WriteContent.ResolveAsync(request, server, content, cancellationToken);
            var search = await ConditionalSearch.RunAsync(
                server, request.Caller, request.Type!, request.Parameters, limit: 2, cancellationToken);
            var change = await ChangeAsync(request, server, prepared.Content, search.Single(), cancellationToken);
            return await CommitAsync(request, server, change, prepared.Expectations.Add(search.Expectation), cancellationToken);
        });
    }

    private static async Task<Change> ChangeAsync(
        FhirRequest request, FhirServer server, ResourceContent content, StoredResource? match, CancellationToken cancellationToken)
    {
        var id = content.Resource.Id;
        if (match is not null)
        {
            return id is null || id == match.Key.Id
                ? Put(request, new ResourceKey(match.Key.Type, match.Key.Id), content)
                : throw FhirException.Invalid("The content has another id than the resource that the criteria match.", $"{request.Type}.id");
        }

        if (id is null)
        {
            return new CreateChange(server.NewKey(request.Type!), content) { IfMatch = request.Preconditions.IfMatch, Source = request.Source };
        }

        var key = new ResourceKey(request.Type!, id);
        return await server.Store.ReadAsync(request.Caller, key, cancellationToken) is null or { IsDeleted: true }
            ? Put(request, key, content) with { MustNotExist = true }
            : throw FhirException.Conflict($"{key} exists and does not match the criteria.");
    }

    private static PutChange Put(FhirRequest request, ResourceKey key, ResourceContent content)
    {
        var mustNotExist = request.Preconditions.IfNoneMatch;
        if (!mustNotExist.IsEmpty && mustNotExist is not [0])
        {
            throw FhirException.NotSupported("If-None-Match of an update must be *.");
        }

        return new PutChange(key, content)
        {
            IfMatch = request.Preconditions.IfMatch,
            MustNotExist = !mustNotExist.IsEmpty,
            Source = request.Source,
        };
    }

    private static async Task<FhirResult?> CommitAsync(
        FhirRequest request, FhirServer server, Change change, ImmutableArray<Expectation> expectations, CancellationToken cancellationToken)
    {
        var commit = await server.Store.CommitAsync(request.Caller, new ChangeSet([change], expectations), cancellationToken);
        return commit.Status == CommitStatus.Committed ? WriteResult.Of(commit.Results[0], request, server) : null;
    }
}
