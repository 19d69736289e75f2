using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Api.Hosting;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>The REST surface of <c>/fhir</c>, one line for each route (https://hl7.org/fhir/R4/http.html#summary).</summary>
internal static class FhirRoutes
{
    private const string Base = "/fhir";

    private static readonly string[] _read = ["GET", "HEAD"];

    /// <summary>Whether the request is for this surface, where every error has an OperationOutcome.</summary>
    public static bool Covers(HttpContext context) => context.Request.Path.StartsWithSegments(Base);

    public static void MapFhir(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup(Base);
        fhir.MapMethods("/metadata", _read, Capabilities.HandleAsync).Declares(Interaction.Capabilities, "Tell what the server can do").AllowAnonymous();

        fhir.MapMethods("/{type}/{id}", _read, Read.HandleAsync).Declares(Interaction.Read, "Read the current version");
        fhir.MapPut("/{type}/{id}", Update.HandleAsync).Declares(Interaction.Update, "Update, or create under the given id");
        fhir.MapPatch("/{type}/{id}", Patch.HandleAsync).Declares(Interaction.Patch, "Change parts");
        fhir.MapDelete("/{type}/{id}", Delete.HandleAsync).Declares(Interaction.Delete, "Delete");
        fhir.MapMethods("/{type}/{id}/_history", _read, History.HandleAsync).Declares(Interaction.HistoryInstance, "List the versions of a resource");
        fhir.MapMethods("/{type}/{id}/_history/{vid}", _read, Read.HandleAsync).Declares(Interaction.VersionRead, "Read one version");

        fhir.MapMethods("/{compartment}/{owner}/{type:alpha}", _read, Search.HandleAsync).Declares(Interaction.SearchType, "Search one type in a compartment").MayRespondAsync();
        fhir.MapPost("/{compartment}/{owner}/{type:alpha}/_search", Search.HandleFormAsync)
            .Declares(Interaction.SearchType, "Search one type in a compartment with a form").MayRespondAsync();
        fhir.MapMethods("/{compartment}/{owner}/*", _read, Search.HandleAsync).Declares(Interaction.SearchSystem, "Search a compartment").MayRespondAsync();
        fhir.MapPost("/{compartment}/{owner}/_search", Search.HandleFormAsync).Declares(Interaction.SearchSystem, "Search a compartment with a form").MayRespondAsync();

        fhir.MapMethods("/{type}", _read, Search.HandleAsync).Declares(Interaction.SearchType, "Search one type").MayRespondAsync();
        fhir.MapPost("/{type}/_search", Search.HandleFormAsync).Declares(Interaction.SearchType, "Search one type with a form").MayRespondAsync();
        fhir.MapPost("/{type}", Create.HandleAsync).Declares(Interaction.Create, "Create with a server-assigned id");
        fhir.MapPut("/{type}", Update.HandleAsync).Declares(Interaction.Update, "Update what the criteria match, or create");
        fhir.MapPatch("/{type}", Patch.HandleAsync).Declares(Interaction.Patch, "Change parts of what the criteria match");
        fhir.MapDelete("/{type}", Delete.HandleAsync).Declares(Interaction.Delete, "Delete what the criteria match");
        fhir.MapMethods("/{type}/_history", _read, History.HandleAsync).Declares(Interaction.HistoryType, "List the versions of one type");

        fhir.MapMethods("/", _read, Search.HandleAsync).Declares(Interaction.SearchSystem, "Search several types").MayRespondAsync();
        fhir.MapPost("/_search", Search.HandleFormAsync).Declares(Interaction.SearchSystem, "Search several types with a form").MayRespondAsync();
        fhir.MapOperation("reindex", "Tell how far the search indexes are", _read, Reindex.StateAsync);
        fhir.MapOperation("reindex", "Write all search indexes anew in the background", ["POST"], Reindex.StartAsync);
        fhir.MapMethods("/_history", _read, History.HandleAsync).Declares(Interaction.HistorySystem, "List the versions of everything");
        fhir.MapPost("/", Transaction.HandleAsync)
            .Declares(Interaction.Batch, "Run a transaction or a batch", or: Interaction.Transaction)
            .MayRespondAsync(writes: true)
            .LongRunning();
    }
}
