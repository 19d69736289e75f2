using System.Collections.Immutable;
using System.Net;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// The one way to write: requests become a plan, the plan one commit. What a search decided is searched for again inside the commit,
/// and where the answer has changed the plan is made anew.
/// </summary>
internal static class Write
{
    private const int Attempts = 10;

    /// <summary>A request of its own, or one entry of a batch.</summary>
    public static async Task<FhirResult> RunAsync(FhirRequest request, FhirServer server, BundleEntry entry, CancellationToken cancellationToken) =>
        (await RunAsync(request, server, [entry], cancellationToken))[0]!;

    /// <summary>All entries or none; an answer for each in its order, null for those that read.</summary>
    public static async Task<ImmutableArray<FhirResult?>> RunAsync(
        FhirRequest request, FhirServer server, ImmutableArray<BundleEntry> entries, CancellationToken cancellationToken)
    {
        for (var left = Attempts; left > 0; left--)
        {
            if (await TryAsync(request, server, entries, cancellationToken) is { } answers)
            {
                return answers;
            }
        }

        throw FhirException.Conflict("Others keep changing what the criteria match; try again.");
    }

    private static async Task<ImmutableArray<FhirResult?>?> TryAsync(
        FhirRequest request, FhirServer server, ImmutableArray<BundleEntry> entries, CancellationToken cancellationToken)
    {
        var plan = await TransactionPlan.PrepareAsync(
            entries, ConditionsOf(request, server), server.Validator.Validate, server.NewId, cancellationToken);
        var results = ImmutableArray<ChangeResult>.Empty;
        if (!plan.Changes.Changes.IsEmpty)
        {
            var changes = plan.Changes with { Audit = request.Audit?.Entry(entries) };
            var commit = await server.Store.CommitAsync(request.Caller, changes, cancellationToken);
            if (commit.Status == CommitStatus.ConditionChanged)
            {
                return null;
            }

            results = commit.Results;
        }

        var answers = ImmutableArray.CreateBuilder<FhirResult?>(entries.Length);
        foreach (var planned in plan.Entries)
        {
            var existing = planned.Answer == EntryAnswer.Existing
                ? await server.Store.ReadAsync(request.Caller, planned.Key!.Value, cancellationToken)
                : null;
            if (planned.Answer == EntryAnswer.Existing && results.IsEmpty && existing is null or { IsDeleted: true })
            {
                // Deleted since it was found, and nothing written yet: look again.
                return null;
            }

            answers.Add(planned.Answer switch
            {
                EntryAnswer.Read => null,
                // Deleted since it was found and after this commit: it was there, and is named without its content.
                EntryAnswer.Existing when existing is null or { IsDeleted: true } =>
                    new FhirResult(HttpStatusCode.OK) { Location = server.Address.Of(planned.Key!.Value) },
                EntryAnswer.Existing => OfStored(HttpStatusCode.OK, existing, request, server),
                _ when planned.Entry.Interaction == Interaction.Delete => OfDelete(planned, results, request),
                _ when planned.Entry.Interaction == Interaction.Patch =>
                    OfChange(results[planned.Changes[0]], await ShownAsync(planned.Key!.Value, request, server, cancellationToken), server),
                _ => OfChange(results[planned.Changes[0]], request, server),
            });
        }

        return answers.MoveToImmutable();
    }

    /// <summary>Who may change a part need not be one who may see the whole: then the request prefers not to.</summary>
    private static async ValueTask<FhirRequest> ShownAsync(ResourceKey key, FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var (caller, preferences) = (request.Caller, request.Preferences);
        var isShown = caller.IsUnrestricted || preferences.Return is ReturnPreference.Minimal or ReturnPreference.OperationOutcome
            || (caller.May(Interaction.Read, key.Type) && await server.Store.ReadAsync(caller, key, cancellationToken) is not null);
        return isShown ? request : request with { Preferences = preferences with { Return = ReturnPreference.Minimal } };
    }

    private static Conditions ConditionsOf(FhirRequest request, FhirServer server) => new(
        (type, query) => server.Parser.Parse([type], FhirRequest.Parse(query), strict: true),
        SearchGuard.Of,
        async (query, token) =>
        {
            var page = await server.Store.SearchAsync(request.Caller, query, token);
            return [.. page.Matches.Select(match => match.Key.Id)];
        });

    private static FhirResult OfChange(ChangeResult change, FhirRequest request, FhirServer server) => OfStored(
        change.Outcome == ChangeOutcome.Created ? HttpStatusCode.Created : HttpStatusCode.OK, change.Resource!, request, server) with
    {
        IsAudited = true,
    };

    private static FhirResult OfStored(HttpStatusCode status, StoredResource resource, FhirRequest request, FhirServer server)
    {
        var result = FhirResult.Headed(status, resource) with { Location = server.Address.Of(resource.Key) };
        return request.Preferences.Return switch
        {
            ReturnPreference.Minimal => result,
            ReturnPreference.OperationOutcome => result.Saying($"{resource.Key} is stored."),
            _ => result with { Content = server.Show(resource) },
        };
    }

    private static FhirResult OfDelete(PlannedEntry planned, ImmutableArray<ChangeResult> results, FhirRequest request)
    {
        var asked = request.Preferences.Return == ReturnPreference.OperationOutcome;
        var result = new FhirResult(asked ? HttpStatusCode.OK : HttpStatusCode.NoContent)
        {
            IsAudited = !planned.Changes.IsEmpty,
            ETag = planned.Changes is [var only] ? results[only].Resource?.ETag : null,
        };
        return asked ? result.Saying("What was to be deleted is not there any more.") : result;
    }
}
