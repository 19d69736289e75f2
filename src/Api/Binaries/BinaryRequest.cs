using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Binaries;

/// <summary>A request for or with a file: one of FHIR, and what HTTP says about files besides.</summary>
/// <param name="Fhir">The request as others see it.</param>
/// <param name="Http">The request as it came.</param>
/// <param name="Accept">The header as sent.</param>
internal sealed record BinaryRequest(FhirRequest Fhir, HttpRequest Http, StringValues Accept)
{
    /// <summary>Whether the content comes as a resource and not as a file.</summary>
    public bool IsFhirContent => Negotiation.IsJsonContent(Http.ContentType) || Negotiation.IsXmlContent(Http.ContentType);

    public static async ValueTask<BinaryRequest> BindAsync(HttpContext context)
    {
        var accept = context.Request.Headers.Accept;
        if (!NamesFhir(accept))
        {
            // It says how the file is wished for, and nothing of the form of an error.
            context.Request.Headers.Accept = StringValues.Empty;
        }

        return new BinaryRequest(await FhirRequest.BindAsync(context), context.Request, accept);
    }

    /// <summary>
    /// Whether the resource is wished for and not the file: where the header or <c>_format</c> names FHIR, or JSON or XML of a file that is
    /// neither. Null where neither will do.
    /// </summary>
    public bool? WantsResource(string fileType)
    {
        if (Http.Query.ContainsKey("_format") || Http.Query.ContainsKey("_summary") || Http.Query.ContainsKey("_elements"))
        {
            return true;
        }

        if (StringValues.IsNullOrEmpty(Accept) || !MediaTypeHeaderValue.TryParseList([.. Accept.OfType<string>()], out var types) || types.Count == 0)
        {
            return false;
        }

        foreach (var type in types.Where(type => type.Quality is not 0).OrderByDescending(type => type.Quality ?? 1))
        {
            var name = type.MediaType.Value?.ToLowerInvariant() ?? "";
            if (name == "*/*" || name == fileType || (name.EndsWith("/*", StringComparison.Ordinal) && fileType.StartsWith(name[..^1], StringComparison.Ordinal)))
            {
                return false;
            }

            if (IsFhir(name) && !IsBrowser(types))
            {
                return true;
            }
        }

        return null;
    }

    private static bool NamesFhir(StringValues accept) =>
        MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var types) && !IsBrowser(types)
        && types.Any(type => IsFhir(type.MediaType.Value?.ToLowerInvariant() ?? ""));

    private static bool IsFhir(string type) => type is "application/fhir+json" or "application/fhir+xml" or "application/json" or "text/json" or "application/xml" or "text/xml";

    private static bool IsBrowser(IEnumerable<MediaTypeHeaderValue> types) => types.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));
}
