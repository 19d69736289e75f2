using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>What a write answers, as much of it as the client prefers.</summary>
internal static class WriteResult
{
    public static FhirResult Of(ChangeResult change, FhirRequest request, FhirServer server) => Of(
        change.Outcome == ChangeOutcome.Created ? HttpStatusCode.Created : HttpStatusCode.OK, change.Resource!, request, server);

    public static FhirResult Of(HttpStatusCode status, StoredResource resource, FhirRequest request, FhirServer server) =>
        FhirResult.Headed(status, resource) with
        {
            Location = server.Address.Of(resource.Key),
            Content = request.Preferences.Return switch
            {
                ReturnPreference.Minimal => null,
                ReturnPreference.OperationOutcome => Said($"{resource.Key} is stored."),
                _ => FhirContent.Of(resource.Json),
            },
        };

    public static FhirResult OfDelete(StoredResource? deletion, FhirRequest request)
    {
        var asked = request.Preferences.Return == ReturnPreference.OperationOutcome;
        return new FhirResult(asked ? HttpStatusCode.OK : HttpStatusCode.NoContent)
        {
            ETag = deletion?.ETag,
            Content = asked ? Said("What was to be deleted is not there any more.") : null,
        };
    }

    private static FhirContent Said(string text) => FhirContent.Of(FhirJson.Serialize(new OperationOutcome
    {
        Issue =
        [
            new()
            {
                Severity = OperationOutcome.IssueSeverity.Information,
                Code = OperationOutcome.IssueType.Informational,
                Details = new CodeableConcept { Text = text },
            },
        ],
    }));
}
