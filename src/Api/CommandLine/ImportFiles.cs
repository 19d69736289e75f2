using System.Buffers;
using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.CommandLine;

/// <summary>A resource of a file that is imported piece by piece.</summary>
/// <param name="Index">Its number in the file, from 0.</param>
/// <param name="Place">Where it is, for people.</param>
/// <param name="Json">Its bytes.</param>
/// <param name="FullUrl">What other entries of its Bundle may call it.</param>
internal sealed record ImportPart(int Index, string Place, ReadOnlyMemory<byte> Json, string? FullUrl = null);

/// <summary>Finds the files of an import and takes them apart.</summary>
internal static class ImportFiles
{
    private const int ChunkParts = 500;
    private const int ChunkBytes = 8 << 20;

    /// <summary>The files that the operands name, folders searched to the bottom, each once and in the order of their paths.</summary>
    public static ImmutableArray<string> Find(IEnumerable<string> operands)
    {
        var files = new List<string>();
        foreach (var operand in operands)
        {
            if (File.Exists(operand))
            {
                files.Add(operand);
            }
            else if (Directory.Exists(operand))
            {
                files.AddRange(Directory.EnumerateFiles(operand, "*", SearchOption.AllDirectories)
                    .Where(file => IsLines(file) || file.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
                    .Order(StringComparer.Ordinal));
            }
            else
            {
                throw new UsageException($"There is no {operand}.");
            }
        }

        return files.Count > 0 ? [.. files.DistinctBy(Path.GetFullPath)] : throw new UsageException("There is no .json or .ndjson file to import.");
    }

    public static bool IsLines(string file) => file.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the import log knows a file by.</summary>
    public static async Task<string> HashAsync(string file, CancellationToken cancellationToken)
    {
        await using var stream = Open(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }

    /// <summary>The content without a byte order mark.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string file, CancellationToken cancellationToken)
    {
        var bytes = await File.ReadAllBytesAsync(file, cancellationToken);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
    }

    /// <summary>The lines from one on that are not blank, in chunks that are read as they are asked for.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<ImportPart>> LinesAsync(
        string file, int from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = Open(file);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 1 << 16));
        var chunk = new List<ImportPart>();
        var size = 0;
        for (int number = 0, ended = 0; ended == 0;)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            while (TryTakeLine(ref buffer, result.IsCompleted, out var line))
            {
                var bytes = Trimmed(line, isFirst: number == 0);
                if (number >= from && bytes.Length > 0)
                {
                    chunk.Add(new ImportPart(number, $"line {number + 1}", bytes));
                    size += bytes.Length;
                }

                number++;
                if (chunk.Count >= ChunkParts || size >= ChunkBytes)
                {
                    yield return chunk;
                    (chunk, size) = ([], 0);
                }
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            ended = result.IsCompleted ? 1 : 0;
        }

        if (chunk.Count > 0)
        {
            yield return chunk;
        }
    }

    /// <summary>The resources of a Bundle, or the one resource that the file is. What the server said about a search is not among them.</summary>
    public static IReadOnlyList<ImportPart> PartsOf(JsonDocument document)
    {
        var root = document.RootElement;
        if (TypeOf(root) != "Bundle")
        {
            return [new ImportPart(0, "the resource", Bytes(root))];
        }

        if (!root.TryGetProperty("entry", out var entries) || entries.ValueKind != JsonValueKind.Array)
        {
            return [];
        }

        return
        [
            .. entries.EnumerateArray().Select((entry, index) => (entry, index)).Where(item => !IsOutcome(item.entry)).Select(item => new ImportPart(
                item.index,
                $"Bundle.entry[{item.index}]",
                item.entry.ValueKind == JsonValueKind.Object && item.entry.TryGetProperty("resource", out var resource) ? Bytes(resource) : default,
                TextOf(item.entry, "fullUrl"))),
        ];
    }

    /// <summary>The text of a property of an object; null for anything else.</summary>
    public static string? TextOf(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: no text.
            return null;
        }
    }

    /// <summary>The file as JSON; a FhirException where it is none.</summary>
    public static JsonDocument ParseJson(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = FhirJson.MaxDepth + 3 });
        }
        catch (JsonException fault)
        {
            throw FhirException.Invalid($"This is not JSON: {fault.Message}");
        }
    }

    public static string? TypeOf(JsonElement element) => TextOf(element, "resourceType");

    private static bool IsOutcome(JsonElement entry) =>
        entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("search", out var search) && TextOf(search, "mode") == "outcome";

    private static ReadOnlyMemory<byte> Bytes(JsonElement element) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(element).ToArray();

    private static FileStream Open(string file) =>
        new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        if (!isLast || buffer.IsEmpty)
        {
            return false;
        }

        buffer = buffer.Slice(buffer.End);
        return true;
    }

    private static byte[] Trimmed(ReadOnlySequence<byte> line, bool isFirst)
    {
        var bytes = line.ToArray().AsSpan();
        if (isFirst && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        return bytes.Trim(" \t\r"u8).ToArray();
    }
}
