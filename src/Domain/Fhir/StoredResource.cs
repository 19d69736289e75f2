using System.Globalization;

namespace TeleFhir.Domain.Fhir;

/// <summary>
/// One version of a resource as it is stored. <see cref="Json"/> is exactly what a read answers: UTF-8, with
/// <c>id</c>, <c>meta.versionId</c> and <c>meta.lastUpdated</c> written in; it is empty for a deletion.
/// </summary>
/// <param name="Key">Type, id and this version.</param>
/// <param name="LastUpdated">When this version was committed, UTC, to the millisecond.</param>
/// <param name="Method">What made this version.</param>
/// <param name="Json">The stored bytes.</param>
public sealed record StoredResource(ResourceKey Key, DateTimeOffset LastUpdated, VersionMethod Method, ReadOnlyMemory<byte> Json)
{
    /// <summary>Whether this version is a deletion.</summary>
    public bool IsDeleted => Method == VersionMethod.Delete;

    /// <summary>The weak entity tag: <c>W/"version"</c> (https://hl7.org/fhir/R4/http.html#versioning).</summary>
    public string ETag => string.Create(CultureInfo.InvariantCulture, $"W/\"{Key.Version}\"");
}

/// <summary>What made a version; the numbers are stored.</summary>
public enum VersionMethod : short
{
    /// <summary>POST: created under a server-assigned id.</summary>
    Post = 1,

    /// <summary>PUT: updated, or created under the caller's id.</summary>
    Put = 2,

    /// <summary>DELETE.</summary>
    Delete = 3,
}
