using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>The operations of remote patient monitoring.</summary>
internal static class MonitoringOperations
{
    public static void AddTo(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/Observation/$ingest", FhirDocumentFilter.Path((HttpMethod.Post, FhirOperations.Posted(operations.Named(
            "Observation", "ingest", "Takes readings of devices, each once: a collection, or lines; 503 where too many wait.", "Bundle", byId: false)))));
        paths.Add("/fhir/Observation/$ingest-payload", FhirDocumentFilter.Path((HttpMethod.Post, FhirOperations.Posted(operations.Named(
            "Observation", "ingest-payload", "Takes what a wearable's service sends in its own form.", "Bundle", byId: false,
            ("source", "Which service."), ("patient", "Whose readings."), ("device", "What made them."))))));
        paths.Add("/fhir/Patient/{id}/$rpm-report", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            "Patient", "rpm-report", "Days with readings, minutes of review and candidate codes for windows of 30 days.", "Parameters", byId: true,
            ("start", "The first day."), ("end", "The last day.")))));
    }
}
