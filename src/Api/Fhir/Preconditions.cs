using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>The conditions of a request, from its headers or from the entry of a Bundle.</summary>
internal sealed record Preconditions
{
    private const int NoSuchVersion = -1;

    public static Preconditions None { get; } = new();

    /// <summary>If-Match: versions, 0 for <c>*</c>, -1 for a tag that this server never gives; empty where there is no condition.</summary>
    public ImmutableArray<int> IfMatch { get; private init; } = [];

    /// <summary>If-None-Match: versions as above.</summary>
    public ImmutableArray<int> IfNoneMatch { get; private init; } = [];

    public DateTimeOffset? IfModifiedSince { get; private init; }

    /// <summary>If-None-Exist: search criteria; null where there is no condition.</summary>
    public string? IfNoneExist { get; private init; }

    public static Preconditions Of(IHeaderDictionary headers) =>
        headers.IfMatch.Count + headers.IfNoneMatch.Count + headers.IfModifiedSince.Count + headers["If-None-Exist"].Count == 0
            ? None
            : Of(headers.IfMatch, headers.IfNoneMatch, headers.IfModifiedSince, headers["If-None-Exist"]);

    public static Preconditions Of(StringValues ifMatch, StringValues ifNoneMatch, string? ifModifiedSince, StringValues ifNoneExist) => new()
    {
        IfMatch = Versions("If-Match", ifMatch),
        IfNoneMatch = Versions("If-None-Match", ifNoneMatch),
        IfModifiedSince = Moment(ifModifiedSince),
        IfNoneExist = ifNoneExist.Count switch
        {
            0 => null,
            1 => ifNoneExist[0] ?? string.Empty,
            _ => throw FhirException.Invalid("If-None-Exist may be given once."),
        },
    };

    /// <summary>Whether If-Match, if given, names the version.</summary>
    public bool Allows(StoredResource resource) =>
        IfMatch.IsEmpty || IfMatch.Contains(0) || IfMatch.Contains(resource.Key.Version ?? NoSuchVersion);

    /// <summary>Whether the client has this version already (RFC 9110 13.1): If-None-Match decides, If-Modified-Since only without it.</summary>
    public bool HasAlready(StoredResource resource)
    {
        if (!IfNoneMatch.IsEmpty)
        {
            return IfNoneMatch.Contains(0) || IfNoneMatch.Contains(resource.Key.Version ?? NoSuchVersion);
        }

        // A header tells whole seconds.
        return IfModifiedSince is { } since
            && resource.LastUpdated.ToUnixTimeSeconds() <= since.ToUnixTimeSeconds();
    }

    private static ImmutableArray<int> Versions(string header, StringValues values)
    {
        if (StringValues.IsNullOrEmpty(values))
        {
            return [];
        }

        if (!EntityTagHeaderValue.TryParseStrictList([.. values.OfType<string>()], out var tags) || tags.Count == 0)
        {
            throw FhirException.Invalid($"{header} must be * or entity tags such as W/\"1\", separated by commas.");
        }

        return [.. tags.Select(Version)];
    }

    private static int Version(EntityTagHeaderValue tag)
    {
        if (tag.Equals(EntityTagHeaderValue.Any))
        {
            return 0;
        }

        var text = tag.Tag.AsSpan().Trim('"');
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0 ? version : NoSuchVersion;
    }

    // A recipient must ignore a date that is none. A Bundle writes an instant where a header writes an HTTP date.
    private static DateTimeOffset? Moment(string? text) =>
        HeaderUtilities.TryParseDate(text, out var date)
        || DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out date)
            ? date
            : null;
}
