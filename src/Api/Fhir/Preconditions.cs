using System.Collections.Immutable;
using Microsoft.Net.Http.Headers;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>The conditions of a request, from its headers or from the entry of a Bundle.</summary>
internal sealed record Preconditions
{
    /// <summary>If-Match: versions, <see cref="EntityTags.Any"/> for <c>*</c>; empty where there is no condition.</summary>
    public ImmutableArray<int> IfMatch { get; private init; } = [];

    /// <summary>If-None-Match: versions as above.</summary>
    public ImmutableArray<int> IfNoneMatch { get; private init; } = [];

    public DateTimeOffset? IfModifiedSince { get; private init; }

    /// <summary>The conditions of a read.</summary>
    public static Preconditions Of(IHeaderDictionary headers) => new()
    {
        IfMatch = EntityTags.Parse(headers.IfMatch),
        IfNoneMatch = EntityTags.Parse(headers.IfNoneMatch),
        IfModifiedSince = Moment(headers.IfModifiedSince),
    };

    /// <summary>The conditions of an entry, read already.</summary>
    public static Preconditions Of(BundleEntry entry) => new()
    {
        IfMatch = entry.IfMatch,
        IfNoneMatch = entry.IfNoneMatch,
        IfModifiedSince = entry.IfModifiedSince,
    };

    /// <summary>Whether If-Match, if given, names the version.</summary>
    public bool Allows(StoredResource resource) => IfMatch.IsEmpty || Names(IfMatch, resource);

    /// <summary>Whether the client has this version already (RFC 9110 13.1): If-None-Match decides, If-Modified-Since only without it.</summary>
    public bool HasAlready(StoredResource resource)
    {
        if (!IfNoneMatch.IsEmpty)
        {
            return Names(IfNoneMatch, resource);
        }

        // A header tells whole seconds.
        return IfModifiedSince is { } since && resource.LastUpdated.ToUnixTimeSeconds() <= since.ToUnixTimeSeconds();
    }

    private static bool Names(ImmutableArray<int> versions, StoredResource resource) =>
        versions.Contains(EntityTags.Any) || versions.Contains(resource.Key.Version ?? EntityTags.Foreign);

    // A recipient must ignore a date that is none.
    private static DateTimeOffset? Moment(string? text) => HeaderUtilities.TryParseDate(text, out var date) ? date : null;
}
