using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.OpenApi;

/// <summary>Writes the paths: six types spelled out with their search parameters, the rest as one generic type, and the system.</summary>
internal sealed class FhirDocumentFilter(SearchParameterCatalog catalog) : IDocumentFilter
{
    /// <summary>The types whose paths are spelled out.</summary>
    public static readonly IReadOnlyList<string> SpelledOut = ["Appointment", "Encounter", "Observation", "Patient", "Schedule", "Slot"];

    /// <inheritdoc />
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.Components = FhirComponents.All();
        swaggerDoc.Security = FhirSecurity.Either(swaggerDoc);
        swaggerDoc.Paths = [];
        swaggerDoc.Tags = new HashSet<OpenApiTag>();
        var operations = new FhirOperations(swaggerDoc, catalog);
        AddSystem(swaggerDoc.Paths, operations);
        foreach (var type in SpelledOut)
        {
            AddType(swaggerDoc, operations, type, type);
        }

        AddType(swaggerDoc, operations, "{type}", "Any other type");
        AddOperations(swaggerDoc.Paths, operations);
    }

    private static void AddSystem(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/metadata", Path((HttpMethod.Get, operations.Capabilities())));
        paths.Add("/fhir", Path(
            (HttpMethod.Get, operations.SearchSystem()),
            (HttpMethod.Post, operations.Bundle())));
        paths.Add("/fhir/$reindex", Path((HttpMethod.Get, operations.IndexState()), (HttpMethod.Post, operations.Reindex())));
        paths.Add("/fhir/{compartment}/{owner}/{type}", Path((HttpMethod.Get, operations.SearchCompartment())));
        paths.Add("/fhir/_history", Path((HttpMethod.Get, operations.History("System", "system", null))));
    }

    private static void AddType(OpenApiDocument document, FhirOperations operations, string type, string tag)
    {
        document.Tags!.Add(new OpenApiTag { Name = tag });
        var typed = $"/fhir/{type}";
        document.Paths.Add(typed, Path(
            (HttpMethod.Get, operations.Search(type, tag)),
            (HttpMethod.Post, operations.Create(type, tag)),
            (HttpMethod.Put, operations.ConditionalUpdate(type, tag)),
            (HttpMethod.Patch, operations.Patch(type, tag, byId: false)),
            (HttpMethod.Delete, operations.ConditionalDelete(type, tag))));
        document.Paths.Add($"{typed}/_search", Path((HttpMethod.Post, operations.SearchByPost(type, tag))));
        document.Paths.Add($"{typed}/_history", Path((HttpMethod.Get, operations.History(tag, $"{type} type", type))));
        document.Paths.Add($"{typed}/{{id}}", Path(
            (HttpMethod.Get, operations.Read(type, tag)),
            (HttpMethod.Put, operations.Update(type, tag)),
            (HttpMethod.Patch, operations.Patch(type, tag, byId: true)),
            (HttpMethod.Delete, operations.Delete(type, tag))));
        document.Paths.Add($"{typed}/{{id}}/_history", Path((HttpMethod.Get, operations.History(tag, $"one {type}", type, byId: true))));
        document.Paths.Add($"{typed}/{{id}}/_history/{{version}}", Path((HttpMethod.Get, operations.VersionRead(type, tag))));
    }

    private static void AddOperations(OpenApiPaths paths, FhirOperations operations)
    {
        paths.Add("/fhir/{type}/$validate", Path((HttpMethod.Post, operations.Standard(
            "Validation", "Validate", "Tells what is wrong with a resource, which is the content or in a Parameters resource. Nothing is written.",
            posted: true, "{type}", "mode", "profile"))));
        AddBoth("ValueSet/$expand", "Expand a value set", "Lists its codes.", "url", "filter", "offset", "count", "includeDesignations", "activeOnly");
        AddBoth("ValueSet/$validate-code", "Check a code against a value set", "Tells whether it is one of it.", "url", "system", "code", "display", "abstract");
        AddBoth("CodeSystem/$lookup", "Look up a code", "Tells its display, definition, place and properties.", "system", "code", "property");
        AddBoth("CodeSystem/$validate-code", "Check a code against a code system", "Tells whether it is one of it.", "url", "code", "display", "abstract");

        (string, string) count = ("_count", "Matches per page.");
        (string, string) type = ("_type", "Types, separated by commas.");
        (string, string) since = ("_since", "Only what changed at or after this.");
        paths.Add("/fhir/Patient/{id}/$everything", Path((HttpMethod.Get, operations.Named(
            "Patient", "everything", "The patient's record and what it refers to.", "Bundle", byId: true,
            ("start", "Care at or after this date."), ("end", "Care up to this date."), since, type, count))));
        paths.Add("/fhir/Encounter/{id}/$everything", Path((HttpMethod.Get, operations.Named(
            "Encounter", "everything", "The encounter, its patient and what was done in it.", "Bundle", byId: true, since, type, count))));
        paths.Add("/fhir/Observation/$lastn", Path((HttpMethod.Get, operations.Named(
            "Observation", "lastn", "The last observations of each code, newest first.", "Bundle", byId: false,
            ("patient", "Whose; this or subject."), ("code", "Codes, separated by commas; this or category."), ("category", "Categories."),
            ("max", "How many of each code: 1 unless given.")))));
        paths.Add("/fhir/Observation/$stats", Path((HttpMethod.Get, operations.Named(
            "Observation", "stats", "Statistics over the quantities observed of one subject.", "Parameters", byId: false,
            ("subject", "Whose, for example Patient/1."), ("code", "Codes, separated by commas."), ("system", "The system of the codes."),
            ("period", "start,end; or"), ("duration", "the last hours."), ("statistic", "average, maximum, minimum, count, median and so on."),
            ("include", "true to have the observations too."), ("limit", "The newest so many alone.")))));
        paths.Add("/fhir/Composition/{id}/$document", Path((HttpMethod.Get, operations.Named(
            "Composition", "document", "A document Bundle of the composition and what it refers to.", "Bundle", byId: true,
            ("persist", "true to create the Bundle as well.")))));
        paths.Add("/fhir/Appointment/$find", Path((HttpMethod.Get, operations.Named(
            "Appointment", "find", "Times that are free, as proposed Appointments; by POST with Parameters too.", "Bundle", byId: false,
            ("start", "The first day or moment."), ("end", "The last day, or the moment until which."), ("practitioner", "With whom."),
            ("specialty", "system|code."), ("visit-type", "system|code."), ("location-reference", "Where."), ("organization", "Of whom."),
            ("patient-reference", "For whom."), ("modality", "VR or AMB."), ("ignore-appointment", "An Appointment that is to be moved."),
            ("occurrence-count", "So many weeks in a row."), ("_count", "At most so many.")))));
        paths.Add("/fhir/Schedule/{id}/$generate-slots", Path((HttpMethod.Post, FhirOperations.Posted(operations.Named(
            "Schedule", "generate-slots", "Makes the Slots that the rules give in the period of its Parameters.", "Parameters", byId: true)))));
        foreach (var owner in (string[])["Patient", "Practitioner"])
        {
            paths.Add($"/fhir/{owner}/{{id}}/$calendar-feed", Path((HttpMethod.Post, FhirOperations.Posted(operations.Named(
                owner, "calendar-feed", "Makes the address of a calendar, in the place of the one before; parameter url.", "Parameters", byId: true)))));
            paths.Add($"/fhir/{owner}/{{id}}/$revoke-calendar-feed", Path((HttpMethod.Post, FhirOperations.Posted(operations.Named(
                owner, "revoke-calendar-feed", "Ends every address of a calendar; parameter revoked tells how many there were.", "Parameters", byId: true)))));
        }

        VisitOperations.AddTo(paths, operations);
        SubscriptionOperations.AddTo(paths, operations);
        FileOperations.AddTo(paths, operations);
        MonitoringOperations.AddTo(paths, operations);

        void AddBoth(string address, string summary, string description, params string[] parameters) => paths.Add($"/fhir/{address}", Path(
            (HttpMethod.Get, operations.Standard("Terminology", summary, description, posted: false, "", parameters)),
            (HttpMethod.Post, operations.Standard("Terminology", $"{summary} by POST", description, posted: true))));
    }

    internal static OpenApiPathItem Path(params (HttpMethod Method, OpenApiOperation Operation)[] operations) => new()
    {
        Operations = operations.ToDictionary(entry => entry.Method, entry => entry.Operation),
    };
}
