using System.Net;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>Create under an id that the server gives, unconditional or with If-None-Exist (https://hl7.org/fhir/R4/http.html#create).</summary>
internal static class Create
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var content = await WriteContent.ReadAsync(request, server, cancellationToken);
        return await ConditionalSearch.RetryAsync(() => TryAsync(request, server, content, cancellationToken));
    }

    private static async Task<FhirResult?> TryAsync(
        FhirRequest request, FhirServer server, ResourceContent content, CancellationToken cancellationToken)
    {
        var prepared = await WriteContent.ResolveAsync(request, server, content, cancellationToken);
        var expectations = prepared.Expectations;
        if (request.Preconditions.IfNoneExist is { } criteria)
        {
            var search = await ConditionalSearch.RunAsync(
                server, request.Caller, request.Type!, FhirRequest.Parse(criteria), limit: 2, cancellationToken);
            if (search.Single() is { } existing)
            {
                return WriteResult.Of(HttpStatusCode.OK, existing, request, server);
            }

            expectations = expectations.Add(search.Expectation);
        }

        var change = new CreateChange(server.NewKey(request.Type!), prepared.Content) { Source = request.Source };
        var commit = await server.Store.CommitAsync(request.Caller, new ChangeSet([change], expectations), cancellationToken);
        return commit.Status == CommitStatus.Committed ? WriteResult.Of(commit.Results[0], request, server) : null;
    }
}
