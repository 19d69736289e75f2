using System.Collections.Immutable;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Bundles;

/// <summary>
/// A transaction or batch as it came in (https://hl7.org/fhir/R4/http.html#transaction). The Bundle around the resources is parsed
/// and validated; each resource stays a slice of the body until its turn, so a large Bundle never becomes one tree of objects.
/// </summary>
public sealed class BundleReader
{
    // A resource in a Bundle starts three levels down: root, entry array, entry.
    private const int _maxDepth = FhirJson.MaxDepth + 3;

    private readonly Bundle _shell;
    private readonly ImmutableArray<ReadOnlyMemory<byte>> _resources;
    private readonly string? _baseUrl;

    private BundleReader(Bundle shell, ImmutableArray<ReadOnlyMemory<byte>> resources, string? baseUrl)
    {
        _shell = shell;
        _resources = resources;
        _baseUrl = baseUrl;
    }

    /// <summary>Whether it is all or nothing, or each entry on its own.</summary>
    public bool IsTransaction => _shell.Type == Bundle.BundleType.Transaction;

    /// <summary>How many entries there are.</summary>
    public int Count => _shell.Entry.Count;

    /// <summary>
    /// Reads a body; what is no transaction or batch is a 400. Entries may address the server by <paramref name="baseUrl"/>.
    /// The body's memory must stay as it is for as long as entries are used.
    /// </summary>
    public static BundleReader Read(ReadOnlyMemory<byte> body, string? baseUrl = null) => Read(
        body,
        baseUrl,
        type => type is Bundle.BundleType.Transaction or Bundle.BundleType.Batch,
        "Only a Bundle of type transaction or batch can be processed.");

    /// <summary>Reads a Bundle of type collection, whose entries are resources and nothing else.</summary>
    public static BundleReader ReadCollection(ReadOnlyMemory<byte> body) => Read(
        body, baseUrl: null, type => type == Bundle.BundleType.Collection, "Only a Bundle of type collection is taken.");

    private static BundleReader Read(ReadOnlyMemory<byte> body, string? baseUrl, Predicate<Bundle.BundleType?> isWanted, string otherwise)
    {
        JsonScan.EnsureText(body.Span, null);
        try
        {
            var (shell, resources) = Split(body);
            var bundle = (Bundle)FhirJson.Parse(shell, "Bundle");
            if (!isWanted(bundle.Type))
            {
                throw FhirException.Invalid(otherwise, "Bundle.type");
            }

            // They differ where somebody wrote the name "entry" with escapes, which nobody needs to.
            return bundle.Entry.Count == resources.Length
                ? new(bundle, resources, baseUrl)
                : throw FhirException.Invalid("The entries cannot be told apart.", "Bundle.entry");
        }
        catch (JsonException exception)
        {
            throw JsonScan.Malformed(exception, null);
        }
    }

    /// <summary>One entry. What is wrong with its request is thrown here, so that in a batch it is that entry's error alone.</summary>
    public BundleEntry Entry(int index) => BundleEntry.From(index, _shell.Entry[index], _resources[index], _baseUrl);

    /// <summary>The resource of an entry, unread; empty where it has none.</summary>
    public ReadOnlyMemory<byte> Resource(int index) => _resources[index];

    /// <summary>All entries in their order.</summary>
    public ImmutableArray<BundleEntry> Entries() => [.. Enumerable.Range(0, Count).Select(Entry)];

    /// <summary>The Bundle without its resources, and the resources.</summary>
    private static (byte[] Shell, ImmutableArray<ReadOnlyMemory<byte>> Resources) Split(ReadOnlyMemory<byte> body)
    {
        var resources = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = _maxDepth });
        using var shell = new JsonTokenWriter(Math.Min(body.Length, 64 * 1024));
        if (reader.Read() && reader.TokenType != JsonTokenType.StartObject)
        {
            throw FhirException.Invalid("A Bundle is a JSON object.");
        }

        shell.Write(ref reader);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!IsNamed(ref reader, "entry"u8))
            {
                shell.WriteValue(ref reader);
                continue;
            }

            shell.Write(ref reader);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                shell.WriteValue(ref reader);
                continue;
            }

            shell.Write(ref reader);
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                resources.Add(CopyEntry(ref reader, shell, body, resources.Count));
            }

            shell.Write(ref reader);
        }

        shell.Write(ref reader);
        // Reads on, so that anything behind the Bundle is found.
        reader.Read();
        return (shell.ToArray(), resources.ToImmutable());
    }

    private static ReadOnlyMemory<byte> CopyEntry(
        ref Utf8JsonReader reader, JsonTokenWriter shell, ReadOnlyMemory<byte> body, int index)
    {
        var resource = ReadOnlyMemory<byte>.Empty;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            shell.WriteValue(ref reader);
            return resource;
        }

        shell.Write(ref reader);
        var start = shell.Mark();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!IsNamed(ref reader, "resource"u8))
            {
                shell.WriteValue(ref reader);
                continue;
            }

            if (!resource.IsEmpty)
            {
                throw FhirException.Invalid("An entry has one resource.", $"Bundle.entry[{index}].resource");
            }

            reader.Read();
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            resource = body[from..(int)reader.BytesConsumed];
        }

        if (!resource.IsEmpty && shell.Mark() == start)
        {
            // Without its resource this entry would be an empty object and the error about that, not about the missing request.
            shell.Name("id"u8);
            shell.String("resource"u8);
        }

        shell.Write(ref reader);
        return resource;
    }

    // A name with half a surrogate in it cannot be compared; the parse of the shell reports it.
    private static bool IsNamed(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) =>
        !reader.ValueIsEscaped && reader.ValueTextEquals(name);
}
