using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Fhir;

/// <summary>How much of a resource is shown: all of it, <c>_elements</c> or <c>_summary</c>.</summary>
/// <param name="Projection">What is kept; null for everything.</param>
internal readonly record struct ResourceView(Projection? Projection)
{
    /// <summary>The view that the parameters of a read ask for; everything else a read knows no parameters.</summary>
    public static ResourceView Of(FhirRequest request, FhirServer server)
    {
        if (request.Parameters.IsEmpty)
        {
            return default;
        }

        var query = server.Parser.Parse(
            [request.Key.Type],
            request.Parameters.Where(parameter => request.Preferences.Strict || parameter.Key is "_summary" or "_elements"),
            request.Preferences.Strict);
        return query.Summary == SummaryMode.Count
            ? throw FhirException.Invalid("_summary=count is for searches.")
            : Of(query);
    }

    public static ResourceView Of(SearchQuery query) => new(query.Summary switch
    {
        _ when !query.Elements.IsEmpty => Projection.Elements(query.Elements),
        SummaryMode.True => Projection.Summary,
        SummaryMode.Text => Projection.Text,
        SummaryMode.Data => Projection.Data,
        _ => null,
    });

    /// <summary>The resource so far as it is shown; the stored bytes themselves where all of it is.</summary>
    public FhirContent Show(StoredResource resource) =>
        FhirContent.Of(Projection is null ? resource.Json : Projection.Apply(resource.Json.Span));
}
