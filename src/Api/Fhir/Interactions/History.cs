using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>History of one resource, of one type or of everything (https://hl7.org/fhir/R4/http.html#history).</summary>
internal static class History
{
    private const string Page = "_page";
    private const string Updated = "_lastUpdated";

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var id = request.Key.Id;
        var applied = new List<KeyValuePair<string, string?>>();
        var query = Parse(request, server, applied);
        var page = await server.Store.HistoryAsync(request.Caller, query, cancellationToken);
        if (id is not null && page.Entries.IsEmpty && await server.Store.ReadAsync(request.Caller, request.Key, cancellationToken) is null)
        {
            throw FhirException.NotFound($"{request.Key} does not exist.");
        }

        var address = string.Join('/', new[] { server.Address.Base, request.Type, id, "_history" }.OfType<string>());
        var self = query.After is null ? QueryString.Create(applied).Value : $"?{Page}={request.Parameters[0].Value}";
        var links = ImmutableArray.Create(new BundleLink("self", address + self));
        return FhirResult.Ok(new BundleContent("history", page.Entries.Select(version => Entry(version, server.Address)))
        {
            Total = page.Total,
            Links = page.Next is { } next ? links.Add(new("next", $"{address}?{Page}={server.HistoryTokens.Encode(query, next)}")) : links,
        }) with
        {
            Touched = page.Entries,
        };
    }

    private static HistoryQuery Parse(FhirRequest request, FhirServer server, List<KeyValuePair<string, string?>> applied)
    {
        var query = new HistoryQuery { Type = request.Type, Id = request.Key.Id, Count = server.Options.Search.DefaultCount };
        if (request.Parameters.Any(parameter => parameter.Key == Page))
        {
            return FromToken(request, server, query);
        }

        foreach (var (name, value) in request.Parameters)
        {
            if (With(query, name, value, server) is { } changed)
            {
                query = changed;
                applied.Add(new(name, value));
            }
            else if (request.Preferences.Strict)
            {
                throw FhirException.NotSupported($"A history has no parameter {name}.");
            }
        }

        return query;
    }

    private static HistoryQuery FromToken(FhirRequest request, FhirServer server, HistoryQuery here)
    {
        if (request.Parameters is not [{ Value: var token }])
        {
            throw FhirException.Invalid("A page link takes no other parameters.");
        }

        var query = server.HistoryTokens.Decode(token);
        return query.Type == here.Type && query.Id == here.Id ? query : throw FhirException.Invalid("This page link is of another address.");
    }

    private static HistoryQuery? With(HistoryQuery query, string name, string value, FhirServer server) => name switch
    {
        "_since" => query with { Since = Moment(name, value) },
        "_before" => query with { Before = Past(Moment(name, value), server.Clock) },
        "_at" => query with { At = Range(name, value) },
        "_count" => query with { Count = Math.Min(query.Count == 0 ? 0 : int.MaxValue, Count(value, server.Options.Search.MaxCount)) },
        "_sort" => query with { OldestFirst = IsOldestFirst(value) },
        "_summary" => value switch
        {
            "count" => query with { Count = 0 },
            "false" => query,
            _ => throw FhirException.Invalid("_summary of a history must be count or false."),
        },
        _ => null,
    };

    private static DateRange Range(string name, string value) =>
        DateRange.TryParse(value, out var range) ? range : throw FhirException.Invalid($"{name} must be a date, a dateTime or an instant.");

    private static DateTimeOffset Moment(string name, string value) => new(Range(name, value).Low, TimeSpan.Zero);

    private static DateTimeOffset Past(DateTimeOffset moment, TimeProvider clock) =>
        moment <= clock.GetUtcNow() ? moment : throw FhirException.Invalid("_before must not lie in the future.");

    private static int Count(string value, int most) => value.Length > 0 && value.All(char.IsAsciiDigit)
        ? int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? Math.Min(count, most) : most
        : throw FhirException.Invalid("_count takes a whole number from 0.");

    private static bool IsOldestFirst(string value) => value switch
    {
        Updated => true,
        "-" + Updated => false,
        _ => throw FhirException.Invalid("A history is sorted by _lastUpdated or -_lastUpdated."),
    };

    private static ResponseEntry Entry(StoredResource version, FhirAddress address)
    {
        var (type, id) = (version.Key.Type, version.Key.Id);
        return new ResponseEntry
        {
            FullUrl = $"{address.Base}/{type}/{id}",
            Resource = version.IsDeleted ? null : FhirContent.Of(version.Json),
            Request = version.Method switch
            {
                VersionMethod.Post => ("POST", type),
                VersionMethod.Put => ("PUT", $"{type}/{id}"),
                _ => ("DELETE", $"{type}/{id}"),
            },
            Response = new EntryResponse(StatusOf(version)) { ETag = version.ETag, LastModified = version.LastUpdated },
        };
    }

    private static HttpStatusCode StatusOf(StoredResource version) => version switch
    {
        { IsDeleted: true } => HttpStatusCode.NoContent,
        { Method: VersionMethod.Post } or { Key.Version: 1 } => HttpStatusCode.Created,
        _ => HttpStatusCode.OK,
    };
}
