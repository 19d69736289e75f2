using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// What an interaction needs to know of a request, and nothing of HTTP: the entry of a Bundle makes one just as a request does,
/// so that both run through the same functions.
/// </summary>
internal sealed record FhirRequest
{
    public required Caller Caller { get; init; }

    /// <summary>The type of the address, known to exist; null at system level.</summary>
    public string? Type { get; init; }

    /// <summary>Type, id and version of the address.</summary>
    public ResourceKey Key { get; init; }

    /// <summary>The parameters of the address, decoded and in order, without those that choose the form of the answer.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Parameters { get; init; } = [];

    /// <summary>The address below the base, as written: <c>Type/id</c> or <c>Type?criteria</c>, which is what a write is about.</summary>
    public string Url { get; init; } = string.Empty;

    /// <summary>The conditions of a read; null where there are none.</summary>
    public Preconditions? Preconditions { get; init; }

    /// <summary>The header of a write as sent.</summary>
    public string? IfMatch { get; init; }

    /// <summary>The header of a write as sent.</summary>
    public string? IfNoneMatch { get; init; }

    /// <summary>The header of a create as sent; null where there is none.</summary>
    public string? IfNoneExist { get; init; }

    public Preferences Preferences { get; init; }

    /// <summary>What the request leaves in the audit trail; null where none is kept.</summary>
    public RequestAudit? Audit { get; init; }

    public required RequestBody Body { get; init; }

    /// <summary>The id under which the request is logged.</summary>
    public required string Id { get; init; }

    /// <summary>Reads the request line and the headers; the body stays where it is.</summary>
    public static ValueTask<FhirRequest> BindAsync(HttpContext context)
    {
        var parameters = Parse(context.Request.QueryString.Value);
        context.Features.Set(Negotiation.Take(context.Request.Headers.Accept, context.Request.ContentType, ref parameters));
        var routeValues = context.Request.RouteValues;
        var type = (string?)routeValues["type"];
        if (type is not null && !ResourceCatalog.IsKnown(type))
        {
            throw FhirException.NotFound("There is no such resource type.");
        }

        return ValueTask.FromResult(new FhirRequest
        {
            Caller = context.RequestServices.GetRequiredService<Callers>().Of(context),
            Type = type,
            Key = type is not null && routeValues["id"] is string id ? new ResourceKey(type, id, Version(routeValues["vid"])) : default,
            Parameters = parameters,
            Url = UrlOf(type, routeValues["id"] as string, context.Request.QueryString),
            Preconditions = PreconditionsOf(context.Request),
            IfMatch = context.Request.Headers.IfMatch,
            IfNoneMatch = context.Request.Headers.IfNoneMatch,
            IfNoneExist = context.Request.Headers["If-None-Exist"],
            Preferences = Preferences.Of(context.Request.Headers["Prefer"]),
            Audit = context.Features.Get<RequestAudit>(),
            Body = new RequestBody(context.Request),
            Id = context.TraceIdentifier,
        });
    }

    /// <summary>The request that a Bundle's writes make: what they answer is asked for in the Bundle's header, and little by default.</summary>
    public FhirRequest InBundle() => this with { Preferences = Preferences with { Return = Preferences.Return ?? ReturnPreference.Minimal } };

    /// <summary>The request that an entry of a Bundle makes.</summary>
    public FhirRequest Of(BundleEntry entry)
    {
        if (entry is { Interaction: Interaction.SearchType, Url.Id: not null })
        {
            throw FhirException.NotSupported("Searches of a compartment are not supported.");
        }

        var parameters = Parse(entry.Url.Query);
        Negotiation.Take(StringValues.Empty, null, ref parameters);
        return InBundle() with
        {
            Type = entry.Url.Type,
            Key = entry.Url is { Type: { } type, Id: { } id } ? new ResourceKey(type, id, entry.Url.Version) : default,
            Parameters = parameters,
            Preconditions = Preconditions.Of(entry),
        };
    }

    /// <summary>The same request with the parameters of a search form after those of the address.</summary>
    public FhirRequest WithForm(string form)
    {
        var parameters = Parse(form);
        var all = parameters;
        var answer = Negotiation.Take(StringValues.Empty, null, ref parameters);
        if (parameters.Length < all.Length)
        {
            Body.Answer(answer);
        }

        if (parameters.Any(parameter => parameter.Key == "access_token"))
        {
            throw FhirException.Invalid("The access token belongs in the Authorization header, not in the form.");
        }

        return this with { Parameters = Parameters.AddRange(parameters) };
    }

    /// <summary>Name and value pairs of a query string or a form, in order; empty names are dropped.</summary>
    public static ImmutableArray<KeyValuePair<string, string>> Parse(string? query)
    {
        if (string.IsNullOrEmpty(query))
        {
            return [];
        }

        var pairs = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (var pair in new QueryStringEnumerable(query))
        {
            if (pair.EncodedName.Length > 0)
            {
                pairs.Add(new(pair.DecodeName().ToString(), pair.DecodeValue().ToString()));
            }
        }

        return pairs.ToImmutable();
    }

    private static Preconditions? PreconditionsOf(HttpRequest request)
    {
        var headers = request.Headers;
        return headers.IfMatch.Count + headers.IfNoneMatch.Count + headers.IfModifiedSince.Count > 0
            && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) ? Preconditions.Of(headers) : null;
    }

    private static string UrlOf(string? type, string? id, QueryString query) => id is null ? $"{type}{query.Value}" : $"{type}/{id}";

    // A version that is no number never existed.
    private static int? Version(object? routeValue) => routeValue is not string text
        ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
            ? version
            : throw FhirException.NotFound("There is no such version.");
}
