using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// One request: an entry of a transaction or batch, or a single create, update, patch or delete, which is the same with nothing around it.
/// Its resource is still bytes, unread.
/// </summary>
public sealed record BundleEntry
{
    private BundleEntry()
    {
    }

    /// <summary>The place in the Bundle; null for a single request.</summary>
    public int? Index { get; private init; }

    /// <summary>What other entries call this one.</summary>
    public string? FullUrl { get; private init; }

    /// <summary>The method.</summary>
    public required Bundle.HTTPVerb Method { get; init; }

    /// <summary>The address.</summary>
    public required BundleUrl Url { get; init; }

    /// <summary>What it does, for the decision whether the caller may.</summary>
    public required Interaction Interaction { get; init; }

    /// <summary>If-Match, as in <see cref="Storage.Change.IfMatch"/>.</summary>
    public ImmutableArray<int> IfMatch { get; private init; } = [];

    /// <summary>If-None-Match: versions, or <see cref="EntityTags.Any"/>.</summary>
    public ImmutableArray<int> IfNoneMatch { get; private init; } = [];

    /// <summary>If-None-Exist of a create: a query, without a leading question mark; empty where given but without criteria.</summary>
    public string? IfNoneExist { get; private init; }

    /// <summary>If-Modified-Since of a read.</summary>
    public DateTimeOffset? IfModifiedSince { get; private init; }

    /// <summary>The resource as sent; empty where there is none. Of a patch it is the patch.</summary>
    public ReadOnlyMemory<byte> Resource { get; private init; }

    /// <summary>What kind of patch it is; null where it is none.</summary>
    public PatchFormat? PatchFormat { get; private init; }

    /// <summary>The entry in error messages: <c>Bundle.entry[3]</c>; null for a single request.</summary>
    public string? Source => Index is { } index ? $"Bundle.entry[{index}]" : null;

    /// <summary>The resource in error messages.</summary>
    public string? ResourceSource => Source is { } source ? $"{source}.resource" : null;

    /// <summary>A single create.</summary>
    public static BundleEntry Create(string type, ReadOnlyMemory<byte> resource, string? ifNoneExist = null) => new()
    {
        Method = Bundle.HTTPVerb.POST,
        Url = BundleUrl.Parse(type, null),
        Interaction = Interaction.Create,
        Resource = resource,
        IfNoneExist = ifNoneExist?.Trim().TrimStart('?'),
    };

    /// <summary>A single update of <c>Type/id</c> or <c>Type?query</c>; the last two are the headers as sent.</summary>
    public static BundleEntry Update(string url, ReadOnlyMemory<byte> resource, string? ifMatch = null, string? ifNoneMatch = null) => new()
    {
        Method = Bundle.HTTPVerb.PUT,
        Url = Target(url),
        Interaction = Interaction.Update,
        Resource = resource,
        IfMatch = EntityTags.Parse(ifMatch),
        IfNoneMatch = EntityTags.Parse(ifNoneMatch),
    };

    /// <summary>A single patch of <c>Type/id</c> or <c>Type?query</c>; the last is the header as sent.</summary>
    public static BundleEntry Patch(string url, PatchFormat format, ReadOnlyMemory<byte> patch, string? ifMatch = null) => new()
    {
        Method = Bundle.HTTPVerb.PATCH,
        Url = Target(url),
        Interaction = Interaction.Patch,
        Resource = patch,
        PatchFormat = format,
        IfMatch = EntityTags.Parse(ifMatch),
    };

    /// <summary>A single deletion of <c>Type/id</c> or <c>Type?query</c>; the last is the header as sent.</summary>
    public static BundleEntry Delete(string url, string? ifMatch = null) => new()
    {
        Method = Bundle.HTTPVerb.DELETE,
        Url = Target(url),
        Interaction = Interaction.Delete,
        IfMatch = EntityTags.Parse(ifMatch),
    };

    /// <summary>An entry of a Bundle whose shape is sound already. What it asks for may still be a 4xx, which names the entry.</summary>
    internal static BundleEntry From(int index, Bundle.EntryComponent entry, ReadOnlyMemory<byte> resource, string? baseUrl)
    {
        var source = $"Bundle.entry[{index}]";
        if (entry.Request is not { Method: { } method } request)
        {
            throw FhirException.Invalid("Each entry of a transaction or batch has a request.", $"{source}.request");
        }

        try
        {
            var url = BundleUrl.Parse(request.Url, baseUrl);
            var result = new BundleEntry
            {
                Index = index,
                FullUrl = entry.FullUrl,
                Method = method,
                Url = url,
                Interaction = InteractionOf(method, url),
                IfMatch = EntityTags.Parse(request.IfMatch, $"{source}.request.ifMatch"),
                IfNoneMatch = EntityTags.Parse(request.IfNoneMatch, $"{source}.request.ifNoneMatch"),
                IfNoneExist = request.IfNoneExist?.Trim().TrimStart('?'),
                IfModifiedSince = request.IfModifiedSince,
                Resource = resource,
            };
            if (result.Interaction is Interaction.Create or Interaction.Update or Interaction.Patch && resource.IsEmpty)
            {
                throw FhirException.Invalid($"A {method} needs a resource.", $"{source}.resource");
            }

            return result.Interaction == Interaction.Patch ? result.Unpack() : result;
        }
        catch (FhirException fault)
        {
            throw fault.At($"{source}.request.url");
        }
    }

    /// <summary>A patch comes as Parameters or, where it is JSON, in a Binary.</summary>
    private BundleEntry Unpack()
    {
        if (JsonScan.Run(Resource.Span, ResourceSource).Type == "Parameters")
        {
            return this with { PatchFormat = Bundles.PatchFormat.FhirPath };
        }

        var binary = (Binary)FhirJson.Parse(Resource, "Binary", ResourceSource);
        return binary.ContentType?.Split(';')[0].Trim().ToLowerInvariant() == "application/json-patch+json"
            ? this with { PatchFormat = Bundles.PatchFormat.Json, Resource = binary.Data ?? [] }
            : throw FhirException.Invalid("A patch is Parameters, or a Binary of application/json-patch+json.", $"{ResourceSource}.contentType");
    }

    /// <summary>What a request of its own names by id or by criteria: never a whole type.</summary>
    private static BundleUrl Target(string url) => BundleUrl.Parse(url, null) is var parsed && (parsed.Id ?? parsed.Query) is not null
        ? parsed
        : throw FhirException.Invalid("The condition has no criteria.");

    private static Interaction InteractionOf(Bundle.HTTPVerb method, BundleUrl url)
    {
        var named = url is { Type: not null, Id: not null, Rest: "", Query: null };
        var searched = url is { Type: not null, Id: null, Rest: "", Query: not null };
        Interaction? interaction = method switch
        {
            Bundle.HTTPVerb.POST when url is { Type: not null, Id: null, Rest: "", Query: null } => Interaction.Create,
            Bundle.HTTPVerb.POST when url is { Type: not null, Id: null, Rest: "_search" } => Interaction.SearchType,
            Bundle.HTTPVerb.PUT when named || searched => Interaction.Update,
            Bundle.HTTPVerb.DELETE when named || searched => Interaction.Delete,
            Bundle.HTTPVerb.GET or Bundle.HTTPVerb.HEAD => url.ReadInteraction,
            Bundle.HTTPVerb.PATCH when named || searched => Interaction.Patch,
            _ => null,
        };
        return interaction ?? throw FhirException.NotSupported($"This server does not do {method} at this address in a Bundle.");
    }
}

/// <summary>The kinds of patches.</summary>
public enum PatchFormat
{
    /// <summary>JSON Patch (RFC 6902).</summary>
    Json,

    /// <summary>FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html).</summary>
    FhirPath,
}
