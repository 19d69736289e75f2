using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>export</c>: the current version of every resource, one file per type, one resource per line, in the bytes that are stored. Page by
/// page, so memory stays flat; what is written meanwhile may or may not be in it.
/// </summary>
internal static class Export
{
    private const int PageSize = 500;

    private static readonly Caller _caller = Caller.System("export");

    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (arguments.Operands is not [var folder])
        {
            throw new UsageException("Say which folder to write to.");
        }

        if (arguments.All("type").FirstOrDefault(type => !ResourceCatalog.IsKnown(type)) is { } unknown)
        {
            throw new UsageException($"{unknown} is no R4 resource type.");
        }

        // Files of an earlier export would stay where a type has nothing any more, and look like part of this one.
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new UsageException($"{folder} is not an empty folder.");
        }

        await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        Directory.CreateDirectory(folder);
        var store = services.GetRequiredService<IResourceStore>();
        var contents = services.GetRequiredService<IBinaryContents>();
        var total = 0L;
        var types = arguments.All("type").Distinct(StringComparer.Ordinal).ToList();
        foreach (var type in types.Count > 0 ? types : ResourceCatalog.Types.AsEnumerable())
        {
            if (await WriteAsync(store, contents, type, folder, cancellationToken) is > 0 and var count)
            {
                console.Say(string.Create(CultureInfo.InvariantCulture, $"{count,12:N0}  {type}"));
                total += count;
            }
        }

        console.Say(string.Create(CultureInfo.InvariantCulture, $"{total,12:N0}  resources in {Path.GetFullPath(folder)}"));
        return 0;
    }

    private static async Task<long> WriteAsync(
        IResourceStore store, IBinaryContents contents, string type, string folder, CancellationToken cancellationToken)
    {
        var query = new SearchQuery { Types = [type], Count = PageSize, Total = TotalMode.None };
        var page = await store.SearchAsync(_caller, query, cancellationToken);
        if (page.Matches.IsEmpty)
        {
            return 0;
        }

        // It gets its name when it is whole.
        var path = Path.Combine(folder, $"{type}.ndjson");
        var count = 0L;
        await using (var file = new FileStream(path + ".part", FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous))
        {
            while (true)
            {
                foreach (var resource in page.Matches)
                {
                    await WriteAsync(resource, contents, file, cancellationToken);
                    file.WriteByte((byte)'\n');
                }

                count += page.Matches.Length;
                if (page.Next is null)
                {
                    break;
                }

                page = await store.SearchAsync(_caller, query with { After = page.Next }, cancellationToken);
            }
        }

        File.Move(path + ".part", path);
        return count;
    }

    /// <summary>A file with its content, which the line is not held in memory for.</summary>
    private static async Task WriteAsync(StoredResource resource, IBinaryContents contents, Stream file, CancellationToken cancellationToken)
    {
        if (resource.Key.Type != "Binary" || BinaryContent.Of(resource.Json) is not { } content)
        {
            await file.WriteAsync(resource.Json, cancellationToken);
            return;
        }

        await using var json = new Utf8JsonWriter(file, JsonForm.Written);
        await new WholeBinary(resource, content, contents).WriteAsync(json, async () => await json.FlushAsync(cancellationToken));
    }
}
