using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace TeleFhir.Api.Fhir;

/// <summary>
/// A Bundle written around stored bytes, entry by entry and never as an object: copying is several times faster than parsing and
/// serialising again, and a long page needs no more memory than a short one (https://hl7.org/fhir/R4/bundle.html).
/// </summary>
/// <param name="type">searchset, history, transaction-response or batch-response.</param>
/// <param name="entries">The entries in order; made while they are written.</param>
internal sealed class BundleContent(string type, IEnumerable<ResponseEntry> entries) : FhirContent
{
    public long? Total { get; init; }

    public ImmutableArray<BundleLink> Links { get; init; } = [];

    /// <summary>The profile that it keeps, or null.</summary>
    public string? Profile { get; init; }

    /// <summary>When it was made, or null where that does not matter.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    public override async ValueTask WriteAsync(Utf8JsonWriter json, Func<ValueTask> written)
    {
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "Bundle"u8);
        if (Profile is not null)
        {
            json.WriteStartObject("meta"u8);
            json.WriteStartArray("profile"u8);
            json.WriteStringValue(Profile);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteString("type"u8, type);
        if (Timestamp is { } timestamp)
        {
            json.WriteString("timestamp"u8, timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        }

        if (Total is { } total)
        {
            json.WriteNumber("total"u8, total);
        }

        WriteLinks(json);
        var isOpen = false;
        foreach (var entry in entries)
        {
            if (!isOpen)
            {
                // FHIR knows no empty arrays.
                json.WriteStartArray("entry"u8);
                isOpen = true;
            }

            await WriteEntryAsync(json, entry, written);
            await written();
        }

        if (isOpen)
        {
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteLinks(Utf8JsonWriter json)
    {
        if (Links.IsEmpty)
        {
            return;
        }

        json.WriteStartArray("link"u8);
        foreach (var link in Links)
        {
            json.WriteStartObject();
            json.WriteString("relation"u8, link.Relation);
            json.WriteString("url"u8, link.Url);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static async ValueTask WriteEntryAsync(Utf8JsonWriter json, ResponseEntry entry, Func<ValueTask> written)
    {
        json.WriteStartObject();
        if (entry.FullUrl is not null)
        {
            json.WriteString("fullUrl"u8, entry.FullUrl);
        }

        if (entry.Resource is not null)
        {
            json.WritePropertyName("resource"u8);
            await entry.Resource.WriteAsync(json, written);
        }

        if (entry.SearchMode is not null)
        {
            json.WriteStartObject("search"u8);
            json.WriteString("mode"u8, entry.SearchMode);
            json.WriteEndObject();
        }

        if (entry.Request is { } request)
        {
            json.WriteStartObject("request"u8);
            json.WriteString("method"u8, request.Method);
            json.WriteString("url"u8, request.Url);
            json.WriteEndObject();
        }

        if (entry.Response is { } response)
        {
            await WriteResponseAsync(json, response, written);
        }

        json.WriteEndObject();
    }

    private static async ValueTask WriteResponseAsync(Utf8JsonWriter json, EntryResponse response, Func<ValueTask> written)
    {
        json.WriteStartObject("response"u8);
        json.WriteString("status"u8, StatusLine(response.Status));
        if (response.Location is not null)
        {
            json.WriteString("location"u8, response.Location);
        }

        if (response.ETag is not null)
        {
            json.WriteString("etag"u8, response.ETag);
        }

        if (response.LastModified is { } lastModified)
        {
            json.WriteString("lastModified"u8, lastModified.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        }

        if (response.Outcome is not null)
        {
            json.WritePropertyName("outcome"u8);
            await response.Outcome.WriteAsync(json, written);
        }

        json.WriteEndObject();
    }

    private static string StatusLine(HttpStatusCode status) => string.Create(
        CultureInfo.InvariantCulture, $"{(int)status} {Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase((int)status)}");
}

/// <summary>A link of a Bundle.</summary>
internal readonly record struct BundleLink(string Relation, string Url);

/// <summary>One entry of a Bundle; what is null is left out.</summary>
internal readonly record struct ResponseEntry
{
    public string? FullUrl { get; init; }

    public FhirContent? Resource { get; init; }

    /// <summary>match, include or outcome.</summary>
    public string? SearchMode { get; init; }

    public (string Method, string Url)? Request { get; init; }

    public EntryResponse? Response { get; init; }
}

/// <summary>What an entry of a transaction, batch or history was answered with.</summary>
internal sealed record EntryResponse(HttpStatusCode Status)
{
    public string? Location { get; init; }

    public string? ETag { get; init; }

    public DateTimeOffset? LastModified { get; init; }

    public FhirContent? Outcome { get; init; }
}
