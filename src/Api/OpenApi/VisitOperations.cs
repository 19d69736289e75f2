using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>The operations of visits.</summary>
internal static class VisitOperations
{
    private const string Tag = "Encounter";

    public static void AddTo(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/Encounter/$waiting-room", FhirDocumentFilter.Path((HttpMethod.Get, operations.Named(
            Tag, "waiting-room", "The patients who wait, oldest first; for staff.", "Bundle", byId: false,
            ("practitioner", "Only who waits for this practitioner."), ("location", "Only who waits here.")))));
        Add("join", "What opens the room of a visit once, within five minutes.", "Parameters.");
        Add("leave", "The caller goes out of the room; the visit goes on.", "The Encounter.");
        Add("admit", "Lets the patient in.", "The Encounter, in progress.");
        Add("end", "Ends the visit for everybody.", "The Encounter, finished.");
        Add("start-recording", "Records the visit, by consent.", "Parameters.");
        Add("stop-recording", "Ends the recording; with the parameter file it is filed.", "Parameters, or the DocumentReference of the file.");
        Add("invite", "Makes a link for somebody who has no account; answers 201.", "Parameters.");
        Add("revoke-invite", "Takes an invitation back.", "The Encounter.");

        void Add(string name, string summary, string answer) => paths.Add(
            $"/fhir/Encounter/{{id}}/${name}", FhirDocumentFilter.Path((HttpMethod.Post, operations.Step(Tag, name, summary, answer))));
    }
}
