using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace TeleFhir.Api.OpenApi;

/// <summary>What the operations share: schemas, error answers, headers and general parameters.</summary>
internal static class FhirComponents
{
    public const string Json = "application/fhir+json";

    /// <summary>Errors by status: name of the response component, and when it is given.</summary>
    public static readonly IReadOnlyDictionary<int, (string Name, string When, string Code)> Errors =
        new Dictionary<int, (string, string, string)>
        {
            [400] = ("Invalid", "The request or the structure of the resource is wrong; one issue for each fault.", "invalid"),
            [401] = ("Unauthorized", "No access token, or one that is not valid here; WWW-Authenticate says which.", "login"),
            [403] = ("Forbidden", "The access token does not allow this.", "forbidden"),
            [404] = ("NotFound", "There is no such resource or type.", "not-found"),
            [406] = ("NotAcceptable", "The format asked for is not served.", "not-supported"),
            [409] = ("Conflict", "Others keep changing the same resources; try again.", "conflict"),
            [410] = ("Gone", "The resource is deleted; the ETag names the version that says so.", "deleted"),
            [412] = ("PreconditionFailed", "If-Match does not hold, or criteria match several resources.", "conflict"),
            [413] = ("TooLarge", "The body is larger than the server takes.", "too-long"),
            [415] = ("UnsupportedMediaType", "The body is not FHIR JSON.", "not-supported"),
            [422] = ("BusinessRule", "Well formed, but a rule forbids it; the issue names the rule.", "business-rule"),
        };

    public static OpenApiComponents All() => new()
    {
        Schemas = new Dictionary<string, IOpenApiSchema>
        {
            ["Resource"] = Object("A FHIR R4 resource.", "resourceType", new()
            {
                ["resourceType"] = Text("The type of the resource."),
                ["id"] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = "^[A-Za-z0-9\\-\\.]{1,64}$", Description = "The logical id." },
                ["meta"] = Object("Version, time, profiles, tags and labels.", null, new()
                {
                    ["versionId"] = Text("The version, from 1."),
                    ["lastUpdated"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
                }),
            }),
            ["Bundle"] = Object("A FHIR R4 Bundle (https://hl7.org/fhir/R4/bundle.html).", "resourceType", new()
            {
                ["resourceType"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["Bundle"] },
                ["type"] = Text("searchset, history, transaction, transaction-response, batch, batch-response."),
                ["total"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "All matches, where counted." },
                ["link"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Description = "`self` as understood; `next` where there is more.",
                    Items = Object("A link.", null, new() { ["relation"] = Text("self or next"), ["url"] = Text("The address.") }),
                },
                ["entry"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = Object("An entry.", null, new()
                    {
                        ["fullUrl"] = Text("The address of the resource, or urn:uuid in a request."),
                        ["resource"] = new OpenApiSchemaReference("Resource"),
                    }),
                },
            }),
            ["OperationOutcome"] = Object("What went wrong (https://hl7.org/fhir/R4/operationoutcome.html).", "resourceType", new()
            {
                ["resourceType"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["OperationOutcome"] },
                ["issue"] = new OpenApiSchema
                {
                    Type = JsonSchemaType.Array,
                    Items = Object("One fault.", "severity", new()
                    {
                        ["severity"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["fatal", "error", "warning", "information"] },
                        ["code"] = Text("Machine-readable, from http://hl7.org/fhir/ValueSet/issue-type."),
                        ["details"] = Object("For people.", null, new() { ["text"] = Text("A sentence to act on.") }),
                        ["expression"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Text("FHIRPath of the element to blame.") },
                    }),
                },
            }),
        },
        SecuritySchemes = FhirSecurity.Schemes(),
        Responses = Errors.Values.ToDictionary(error => error.Name, IOpenApiResponse (error) => new OpenApiResponse
        {
            Description = error.When,
            Content = Content("OperationOutcome", JsonNode.Parse($$$"""
                {"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"{{{error.Code}}}","details":{"text":"{{{error.When}}}"}}]}
                """)),
        }),
        Headers = new Dictionary<string, IOpenApiHeader>
        {
            ["ETag"] = Header("Weak entity tag of the version, for example `W/\"3\"`."),
            ["Last-Modified"] = Header("When the version was committed."),
            ["Location"] = Header("The address of the version that was written."),
        },
        Parameters = new Dictionary<string, IOpenApiParameter>
        {
            ["id"] = Parameter("id", ParameterLocation.Path, "The logical id.", required: true),
            ["version"] = Parameter("version", ParameterLocation.Path, "The version, from 1.", required: true),
            ["type"] = Parameter("type", ParameterLocation.Path, "Any R4 resource type.", required: true),
            ["_count"] = Parameter("_count", ParameterLocation.Query, "Entries per page: 50 unless given, 1,000 at most; 0 for the total alone."),
            ["_sort"] = Parameter("_sort", ParameterLocation.Query, "Search parameters in order, `-` for descending, for example `-date,_id`."),
            ["_total"] = Parameter("_total", ParameterLocation.Query, "`none`, `estimate` or `accurate`; otherwise given up to 1,000."),
            ["_include"] = Parameter("_include", ParameterLocation.Query, "Resources that matches refer to: `Source:parameter[:Target]`, `Source:*` or `*`."),
            ["_revinclude"] = Parameter("_revinclude", ParameterLocation.Query, "Resources that refer to matches: `Source:parameter`, `Source:*` or `*`."),
            ["_summary"] = Parameter("_summary", ParameterLocation.Query, "`true`, `text`, `data`, `count` or `false`."),
            ["_elements"] = Parameter("_elements", ParameterLocation.Query, "Top-level elements to keep, comma-separated."),
            ["_has"] = Parameter("_has", ParameterLocation.Query, "Reverse chain. The name carries the path, for example `_has:Observation:patient:code=8867-4`."),
            ["_filter"] = Parameter("_filter", ParameterLocation.Query, "A condition as text, for example `status eq final and date ge 2024`."),
            ["_text"] = Parameter("_text", ParameterLocation.Query, "Words of the narrative."),
            ["_list"] = Parameter("_list", ParameterLocation.Query, "Id of a List whose entries are searched."),
            ["_pretty"] = Parameter("_pretty", ParameterLocation.Query, "`true` for indented JSON."),
            ["_since"] = Parameter("_since", ParameterLocation.Query, "Only versions made at or after this instant."),
            ["_before"] = Parameter("_before", ParameterLocation.Query, "Only versions made before this instant."),
            ["_at"] = Parameter("_at", ParameterLocation.Query, "Only versions that were current at some time in this date."),
            ["If-Match"] = Parameter("If-Match", ParameterLocation.Header, "Only if this version is current, for example `W/\"3\"`; else 412."),
            ["If-None-Match"] = Parameter("If-None-Match", ParameterLocation.Header, "On GET: 304 if this version is current. On PUT `*`: only if there is none."),
            ["If-Modified-Since"] = Parameter("If-Modified-Since", ParameterLocation.Header, "304 if unchanged since."),
            ["If-None-Exist"] = Parameter("If-None-Exist", ParameterLocation.Header, "Create only if this search finds nothing, for example `identifier=system|value`."),
            ["Prefer"] = Parameter("Prefer", ParameterLocation.Header, "`return=minimal|representation|OperationOutcome`, `handling=strict|lenient`."),
        },
    };

    public static Dictionary<string, IOpenApiMediaType> Content(string schema, JsonNode? example = null) => new()
    {
        [Json] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(schema), Example = example },
    };

    /// <summary>What a patch may be.</summary>
    public static Dictionary<string, IOpenApiMediaType> Patches() => new()
    {
        ["application/json-patch+json"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object } },
            Example = JsonNode.Parse("""[{"op":"replace","path":"/status","value":"cancelled"}]"""),
        },
        [Json] = new OpenApiMediaType { Schema = new OpenApiSchemaReference("Resource") },
    };

    public static OpenApiParameter Parameter(string name, ParameterLocation location, string description, bool required = false) => new()
    {
        Name = name,
        In = location,
        Description = description,
        Required = required,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiHeader Header(string description) => new()
    {
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };

    private static OpenApiSchema Object(string description, string? required, Dictionary<string, IOpenApiSchema> properties) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Required = required is null ? null : new HashSet<string> { required },
        Properties = properties,
        AdditionalPropertiesAllowed = true,
    };
}
