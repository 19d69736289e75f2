using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// Which form the answer takes (https://hl7.org/fhir/R4/http.html#mime-type): JSON or XML, plain or indented. <c>_format</c> overrides Accept;
/// without a wish the answer is JSON, or XML to a request that came in XML.
/// </summary>
/// <param name="Xml">XML instead of JSON.</param>
/// <param name="Pretty">Indented for people.</param>
internal sealed record Negotiation(bool Xml, bool Pretty)
{
    private static readonly Negotiation _json = new(Xml: false, Pretty: false);
    private static readonly Negotiation _jsonPretty = new(Xml: false, Pretty: true);
    private static readonly Negotiation _xml = new(Xml: true, Pretty: false);
    private static readonly Negotiation _xmlPretty = new(Xml: true, Pretty: true);

    /// <summary>The media type of the answer.</summary>
    public string ContentType => Xml ? "application/fhir+xml; charset=utf-8" : "application/fhir+json; charset=utf-8";

    /// <summary>Decides the form and takes the parameters that ask for it out of the list.</summary>
    public static Negotiation Take(
        StringValues accept, string? contentType, ref ImmutableArray<KeyValuePair<string, string>> parameters)
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

        var isXml = (format is null ? FromAccept(accept, contentType) : FromFormat(format)) ?? throw FhirException.Of(
            HttpStatusCode.NotAcceptable,
            OperationOutcome.IssueType.NotSupported,
            "Only JSON and XML are served: application/fhir+json, application/fhir+xml.");
        return (isXml, pretty) switch
        {
            (false, false) => _json,
            (false, true) => _jsonPretty,
            (true, false) => _xml,
            (true, true) => _xmlPretty,
        };
    }

    /// <summary>The form of the answer to a request; that of one which failed before it was decided is what comes closest to its wish.</summary>
    public static Negotiation Of(HttpContext context)
    {
        if (context.Features.Get<Negotiation>() is { } decided)
        {
            return decided;
        }

        var parameters = FhirRequest.Parse(context.Request.QueryString.Value);
        try
        {
            return Take(context.Request.Headers.Accept, context.Request.ContentType, ref parameters);
        }
        catch (FhirException)
        {
            return _json;
        }
    }

    /// <summary>Whether a body of this media type is FHIR JSON in UTF-8.</summary>
    public static bool IsJsonContent(string? contentType) => IsContent(contentType, isXml: false);

    /// <summary>Whether a body of this media type is FHIR XML in UTF-8.</summary>
    public static bool IsXmlContent(string? contentType) => IsContent(contentType, isXml: true);

    private static bool IsContent(string? contentType, bool isXml) =>
        MediaTypeHeaderValue.TryParse(contentType, out var media)
        && FormOf(media) == isXml
        && (!media.Charset.HasValue || HeaderUtilities.RemoveQuotes(media.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        && IsR4(media);

    /// <summary>Whether XML is wished for; null where neither form will do.</summary>
    private static bool? FromAccept(StringValues accept, string? contentType)
    {
        if (accept is [null or "application/fhir+json" or "application/json"])
        {
            return false;
        }

        // A header that cannot be read is no wish at all.
        if (StringValues.IsNullOrEmpty(accept) || !MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var types) || types.Count == 0)
        {
            return IsXmlContent(contentType);
        }

        var wished = types.Where(type => type.Quality is not 0 && IsR4(type)).OrderByDescending(type => type.Quality ?? 1).ToList();
        var named = wished.Find(type => FormOf(type) is not null);
        var any = wished.Find(type => type.MediaType.Value?.ToLowerInvariant() is "*/*" or "application/*" or "text/*");
        if (any is null)
        {
            return named is null ? null : FormOf(named);
        }

        // Browsers name XML as one of many things that they can show.
        var isBrowser = types.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));
        return named is not null && !isBrowser ? FormOf(named) : IsXmlContent(contentType);
    }

    // The plus sign of a media type that was not encoded arrives as a space.
    private static bool? FromFormat(string format) => format switch
    {
        "json" or "*/*" => false,
        "xml" => true,
        _ when format.Replace("fhir ", "fhir+", StringComparison.Ordinal) is var type =>
            IsJsonContent(type) ? false : IsXmlContent(type) ? true : null,
        _ => null,
    };

    /// <summary>Whether a media type is XML; null where it is neither that nor JSON.</summary>
    private static bool? FormOf(MediaTypeHeaderValue media) => media.MediaType.Value?.ToLowerInvariant() switch
    {
        "application/fhir+json" or "application/json" or "text/json" => false,
        "application/fhir+xml" or "application/xml" or "text/xml" => true,
        _ => null,
    };

    private static bool IsR4(MediaTypeHeaderValue media)
    {
        var version = media.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase));
        return version is null || HeaderUtilities.RemoveQuotes(version.Value).Value is "4.0" or "4.0.1";
    }
}
