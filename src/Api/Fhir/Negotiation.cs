using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// Which form the answer takes (https://hl7.org/fhir/R4/http.html#mime-type): JSON, plain or indented. <c>_format</c> overrides Accept.
/// </summary>
/// <param name="Pretty">Indented for people.</param>
internal sealed record Negotiation(bool Pretty)
{
    public const string ContentType = "application/fhir+json; charset=utf-8";

    private static readonly Negotiation _plain = new(Pretty: false);
    private static readonly Negotiation _pretty = new(Pretty: true);

    /// <summary>Decides the form and takes the parameters that ask for it out of the list.</summary>
    public static Negotiation Take(StringValues accept, ref ImmutableArray<KeyValuePair<string, string>> parameters)
    {
        string? format = null;
        var pretty = false;
        foreach (var (name, value) in parameters)
        {
            if (name == "_format")
            {
                format = value;
            }
            else if (name == "_pretty")
            {
                pretty = value switch
                {
                    "true" => true,
                    "false" => false,
                    _ => throw FhirException.Invalid("_pretty must be true or false."),
                };
            }
        }

        if (format is not null || parameters.Any(parameter => parameter.Key == "_pretty"))
        {
            parameters = parameters.RemoveAll(parameter => parameter.Key is "_format" or "_pretty");
        }

        var acceptable = format is null ? AcceptsJson(accept) : IsJsonFormat(format);
        if (!acceptable)
        {
            throw FhirException.Of(
                HttpStatusCode.NotAcceptable,
                OperationOutcome.IssueType.NotSupported,
                "Only JSON is served: application/fhir+json.");
        }

        return pretty ? _pretty : _plain;
    }

    /// <summary>Whether a body of this media type is FHIR JSON in UTF-8.</summary>
    public static bool IsJsonContent(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var media)
        && media.MediaType.Value?.ToLowerInvariant() is "application/fhir+json" or "application/json" or "text/json"
        && (!media.Charset.HasValue || HeaderUtilities.RemoveQuotes(media.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        && IsR4(media);

    private static bool AcceptsJson(StringValues accept)
    {
        if (StringValues.IsNullOrEmpty(accept))
        {
            return true;
        }

        // A header that cannot be read is no wish at all.
        return !MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var types)
            || types.Count == 0
            || types.Any(type => type.Quality is not 0 && IsR4(type) && type.MediaType.Value?.ToLowerInvariant()
                is "*/*" or "application/*" or "application/fhir+json" or "application/json" or "text/json" or "text/*");
    }

    // The plus sign of a media type that was not encoded arrives as a space.
    private static bool IsJsonFormat(string format) =>
        format is "json" or "*/*"
        || IsJsonContent(format.Replace("fhir json", "fhir+json", StringComparison.Ordinal));

    private static bool IsR4(MediaTypeHeaderValue media)
    {
        var version = media.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase));
        return version is null || HeaderUtilities.RemoveQuotes(version.Value).Value is "4.0" or "4.0.1";
    }
}
