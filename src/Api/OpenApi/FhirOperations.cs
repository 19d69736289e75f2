using System.Globalization;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Microsoft.OpenApi;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.OpenApi;

/// <summary>One OpenAPI operation for each interaction (https://hl7.org/fhir/R4/http.html).</summary>
internal sealed class FhirOperations(OpenApiDocument document, SearchParameterCatalog catalog)
{
    private static readonly string[] _resultParameters =
        ["_count", "_sort", "_total", "_include", "_revinclude", "_has", "_filter", "_text", "_list", "_summary", "_elements", "_pretty"];

    public OpenApiOperation Capabilities()
    {
        var operation = Operation(
            "System", "Capability statement", "What this server does, from the tables that it routes and parses by.", [], ["_pretty"],
            (200, Resource(null, "The CapabilityStatement.")));

        // The one operation for everyone.
        operation.Security = [];
        operation.Responses!.Remove("401");
        operation.Responses.Remove("403");
        return operation;
    }

    public OpenApiOperation SearchSystem() => Operation(
        "System", "Search across types", "By the parameters that all types have; `_type` names types.", [],
        ["_count", "_sort", "_total", "_summary", "_elements", "_pretty"],
        (200, Bundle("Matches, last changed first.")), (400, null));

    public OpenApiOperation IndexState() => Operation(
        "System", "Tell how far the search indexes are", "Of everything, and of each SearchParameter that is stored and active.", [], ["_pretty"],
        (200, Resource(null, "Parameters with the state of each.")));

    public OpenApiOperation Reindex() => Operation(
        "System", "Write all search indexes anew", "In the background; searches go on meanwhile.", [], ["_pretty"],
        (202, Resource(null, "Parameters with the state of each.")));

    public OpenApiOperation SearchCompartment() => Operation(
        "System",
        "Search a compartment",
        "One type, or `*` for all, of what is in the compartment of a Patient, Encounter, Practitioner, Device or RelatedPerson.",
        [
            PathParameter("compartment", "The type of the owner."),
            PathParameter("owner", "The id of the owner."),
            PathParameter("type", "A type, or `*`."),
        ],
        _resultParameters,
        (200, Bundle("One page of matches; `next` leads to the following one.")), (400, null), (404, null));

    public OpenApiOperation Bundle()
    {
        var operation = Operation(
            "System",
            "Transaction or batch",
            "A transaction is written whole or not at all: DELETE, POST, PUT, GET in this order, `urn:uuid` and conditional references "
                + "resolved. A batch runs each entry by itself.",
            [],
            ["Prefer"],
            (200, Bundle("One entry for each of the request, in its order.")), (400, null), (409, null), (412, null), (413, null), (422, null));
        operation.RequestBody = Body("Bundle", ResourceExamples.Transaction);
        return operation;
    }

    public OpenApiOperation Search(string type, string tag) => Operation(
        tag,
        $"Search {type}",
        "All parameters must hold; values separated by commas are alternatives. Newest first unless sorted.",
        [.. TypeParameter(type), .. SearchParameters(type)],
        [.. _resultParameters, "Prefer"],
        (200, Bundle("One page of matches; `next` leads to the following one.")), (400, null), (404, null));

    public OpenApiOperation SearchByPost(string type, string tag)
    {
        var operation = Operation(
            tag, $"Search {type} by POST", "The same search with the parameters in the body, so that they stay out of logs.",
            [.. TypeParameter(type)], ["Prefer"], (200, Bundle("One page of matches.")), (400, null), (404, null), (415, null));
        operation.RequestBody = new OpenApiRequestBody
        {
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/x-www-form-urlencoded"] = new OpenApiMediaType
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                },
            },
        };
        return operation;
    }

    public OpenApiOperation Create(string type, string tag)
    {
        var operation = Operation(
            tag, $"Create {type}", "The server assigns the id. With If-None-Exist an existing match is answered instead.",
            [.. TypeParameter(type)], ["If-None-Exist", "Prefer"],
            (201, Resource(type, "Created.", written: true)), (200, Resource(type, "If-None-Exist found one.")),
            (400, null), (404, null), (412, null), (413, null), (415, null), (422, null));
        operation.RequestBody = Body("Resource", ResourceExamples.For(type));
        return operation;
    }

    public OpenApiOperation Read(string type, string tag) => Operation(
        tag, $"Read {type}", "The current version.", [.. TypeParameter(type)],
        ["id", "If-None-Match", "If-Modified-Since", "_summary", "_elements", "_pretty"],
        (200, Resource(type, "The resource.")), (304, Plain("The client's version is current.")), (404, null), (406, null), (410, null));

    public OpenApiOperation VersionRead(string type, string tag) => Operation(
        tag, $"Read a version of {type}", "That version, current or not.", [.. TypeParameter(type)],
        ["id", "version", "If-None-Match", "_pretty"],
        (200, Resource(type, "The version.")), (304, Plain("The client has it.")), (404, null), (410, null));

    public OpenApiOperation Update(string type, string tag)
    {
        var operation = Operation(
            tag, $"Update {type}", "Replaces it, or creates it under this id. Content equal to what is stored makes no new version.",
            [.. TypeParameter(type)], ["id", "If-Match", "If-None-Match", "Prefer"],
            (200, Resource(type, "Updated, or unchanged.", written: true)), (201, Resource(type, "Created.", written: true)),
            (400, null), (404, null), (409, null), (412, null), (413, null), (415, null), (422, null));
        operation.RequestBody = Body("Resource", ResourceExamples.For(type, "example"));
        return operation;
    }

    public OpenApiOperation Patch(string type, string tag, bool byId)
    {
        var operation = Operation(
            tag,
            byId ? $"Change parts of {type}" : $"Change parts of {type} by search",
            "JSON Patch (RFC 6902), or FHIRPath Patch as Parameters. A patch that the resource does not fit, a failed test among them, is 422."
                + (byId ? "" : " None found: 404. Several: 412."),
            [.. TypeParameter(type)],
            byId ? ["id", "If-Match", "Prefer"] : ["If-Match", "Prefer"],
            [
                (200, Resource(type, "Changed, or unchanged.", written: true)),
                (400, null), (404, null), .. byId ? [(410, null)] : ((int, OpenApiResponse?)[])[], (412, null), (413, null), (415, null), (422, null),
            ]);
        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = FhirComponents.Patches() };
        return operation;
    }

    /// <summary>An operation on one resource or on a type; what it takes may come as Parameters too.</summary>
    public OpenApiOperation Named(
        string tag, string name, string summary, string answer, bool byId, params (string Name, string Description)[] parameters) => Operation(
        tag,
        $"${name}",
        summary,
        parameters.Select(parameter => FhirComponents.Parameter(parameter.Name, ParameterLocation.Query, parameter.Description)),
        byId ? ["id"] : [],
        [(200, answer == "Bundle" ? Bundle("What was asked for.") : Resource(null, $"{answer}.")), (400, null), (404, null)]);

    /// <summary>The same operation, whose parameters come in a Parameters resource.</summary>
    public static OpenApiOperation Posted(OpenApiOperation operation)
    {
        operation.RequestBody = Body("Resource", null);
        return operation;
    }

    public OpenApiOperation Delete(string type, string tag) => Operation(
        tag, $"Delete {type}", "Reads answer 410 from then on; versions stay readable.", [.. TypeParameter(type)], ["id", "If-Match"],
        (204, Plain("Deleted, or there was nothing to delete.")), (404, null), (412, null));

    public OpenApiOperation ConditionalUpdate(string type, string tag)
    {
        var operation = Operation(
            tag, $"Update {type} by search", "None found: created. One: updated. Several: 412.",
            [.. TypeParameter(type)], ["If-Match", "Prefer"],
            (200, Resource(type, "Updated.", written: true)), (201, Resource(type, "Created.", written: true)),
            (400, null), (404, null), (412, null), (422, null));
        operation.RequestBody = Body("Resource", ResourceExamples.For(type));
        return operation;
    }

    public OpenApiOperation ConditionalDelete(string type, string tag) => Operation(
        tag, $"Delete {type} by search", "Several matches are 412 unless `_count` says how many may go.",
        [.. TypeParameter(type)], ["_count"], (204, Plain("Deleted, or nothing found.")), (400, null), (404, null), (412, null));

    public OpenApiOperation History(string tag, string what, string? type, bool byId = false) => Operation(
        tag,
        $"History of {what}",
        "Newest first; `_sort=_lastUpdated` for oldest first.",
        type is null ? [] : [.. TypeParameter(type)],
        [.. byId ? (string[])["id"] : [], "_since", "_before", "_at", "_count", "_pretty"],
        (200, Bundle("One page of versions, deletions among them.")), (400, null), (404, null));

    /// <summary>An operation that R4 defines, asked in the address or, where it is posted, in a Parameters resource.</summary>
    public OpenApiOperation Standard(string tag, string summary, string description, bool posted, string type = "", params string[] parameters)
    {
        var operation = Operation(
            tag,
            summary,
            description,
            [.. TypeParameter(type), .. parameters.Select(name => FhirComponents.Parameter(name, ParameterLocation.Query, "As R4 defines it."))],
            ["_pretty"],
            (200, Resource(null, "The answer.")),
            (400, null), (404, null), (422, null));
        if (posted)
        {
            operation.RequestBody = Body("Resource", null);
        }

        return operation;
    }

    private static OpenApiResponse Plain(string description) => new() { Description = description };

    private static OpenApiResponse Bundle(string description) => new()
    {
        Description = description,
        Content = FhirComponents.Content("Bundle"),
    };

    private static OpenApiRequestBody Body(string schema, JsonNode? example) => new()
    {
        Required = true,
        Content = FhirComponents.Content(schema, example),
    };

    private static OpenApiParameter PathParameter(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static IEnumerable<IOpenApiParameter> TypeParameter(string type) =>
        type == "{type}" ? [new OpenApiParameterReference("type")] : [];

    private OpenApiResponse Resource(string? type, string description, bool written = false)
    {
        var headers = new Dictionary<string, IOpenApiHeader>();
        if (type is not null)
        {
            headers["ETag"] = new OpenApiHeaderReference("ETag", document);
            headers["Last-Modified"] = new OpenApiHeaderReference("Last-Modified", document);
        }

        if (written)
        {
            headers["Location"] = new OpenApiHeaderReference("Location", document);
        }

        return new OpenApiResponse
        {
            Description = description,
            Headers = headers.Count == 0 ? null : headers,
            Content = FhirComponents.Content("Resource", type is null ? null : ResourceExamples.For(type, "example")),
        };
    }

    private IEnumerable<IOpenApiParameter> SearchParameters(string type) => catalog.For(type).Select(parameter =>
        FhirComponents.Parameter(
            parameter.Code,
            ParameterLocation.Query,
            $"{Name(parameter.Type)}. {parameter.Description}" + (parameter.Targets.IsEmpty || parameter.Targets.Length > 8
                ? ""
                : $" Refers to {string.Join(", ", parameter.Targets)}.")));

    private static string Name(SearchParamType type) => type.ToString().ToLowerInvariant();

    private OpenApiOperation Operation(
        string tag,
        string summary,
        string description,
        IEnumerable<IOpenApiParameter> own,
        IEnumerable<string> shared,
        params (int Status, OpenApiResponse? Response)[] responses)
    {
        document.Tags!.Add(new OpenApiTag { Name = tag });
        var operation = new OpenApiOperation
        {
            Summary = summary,
            Description = description,
            Tags = new HashSet<OpenApiTagReference> { new(tag, document) },
            Parameters = [.. shared.Where(name => name is "id" or "version").Select(Shared), .. own, .. shared.Where(name => name is not ("id" or "version")).Select(Shared)],
            Responses = [],
        };
        (int Status, OpenApiResponse? Response)[] all = [.. responses, (401, null), (403, null)];
        foreach (var (status, response) in all.OrderBy(entry => entry.Status))
        {
            operation.Responses.Add(
                status.ToString(CultureInfo.InvariantCulture),
                response is null ? new OpenApiResponseReference(FhirComponents.Errors[status].Name, document) : response);
        }

        return operation;
    }

    private OpenApiParameterReference Shared(string name) => new(name, document);
}
