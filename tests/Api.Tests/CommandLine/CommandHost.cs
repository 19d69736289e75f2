using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;
using TeleFhir.Api.CommandLine;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Tests.CommandLine;

/// <summary>Runs commands in this process as the binary does, on a database and a folder of their own.</summary>
public sealed class CommandHost : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telefhir-command-");
    private readonly string[] _settings;

    public CommandHost()
        : this("Sqlite", null)
    {
    }

    public CommandHost(string provider, string? connectionString)
    {
        _settings =
        [
            $"--Database:Provider={provider}",
            $"--ConnectionStrings:TeleFhir={connectionString ?? $"Data Source={PathOf("command.db")}"}",
            $"--Binary:Folder={PathOf("blobs")}",
            "--environment=Development",
        ];
    }

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file and gives its path.</summary>
    public string File(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        System.IO.File.WriteAllText(PathOf(name), content);
        return PathOf(name);
    }

    public async Task<(int Code, string Output)> RunAsync(params string[] args)
    {
        await using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(writer) });
        string[] all = [.. args, .. _settings];
        return (await Command.RunAsync(all, Builder(all), console), writer.ToString());
    }

    /// <summary>Works with the stores that the commands work with.</summary>
    public async Task<T> WithAsync<TService, T>(Func<TService, Task<T>> work)
        where TService : notnull
    {
        await using var app = Builder(_settings).Build();
        return await work(app.Services.GetRequiredService<TService>());
    }

    /// <summary>The current version of a resource as text, or null.</summary>
    public Task<string?> ReadAsync(string reference) => WithAsync<IResourceStore, string?>(async store =>
    {
        Assert.True(ResourceKey.TryParse(reference, out var key));
        var found = await store.ReadAsync(Caller.System("test"), key, TestContext.Current.CancellationToken);
        return found is null ? null : System.Text.Encoding.UTF8.GetString(found.Json.Span);
    });

    /// <summary>All current resources of a type.</summary>
    public Task<IReadOnlyList<StoredResource>> AllAsync(string type) => WithAsync<IResourceStore, IReadOnlyList<StoredResource>>(async store =>
    {
        var query = new SearchQuery { Types = [type], Count = 10_000 };
        return (await store.SearchAsync(Caller.System("test"), query, TestContext.Current.CancellationToken)).Matches;
    });

    /// <summary>The file of rejections that an import's output names; it is removed, since it lies where the tests were started.</summary>
    public static IReadOnlyList<string> TakeRejections(string output)
    {
        const string before = " issues are in ";
        var start = output.IndexOf(before, StringComparison.Ordinal) + before.Length;
        var path = output[start..output.IndexOf(".ndjson", start, StringComparison.Ordinal)] + ".ndjson";
        var lines = System.IO.File.ReadAllLines(path);
        System.IO.File.Delete(path);
        return lines;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Microsoft.AspNetCore.Builder.WebApplicationBuilder Builder(string[] args)
    {
        var builder = Microsoft.AspNetCore.Builder.WebApplication.CreateBuilder(new Microsoft.AspNetCore.Builder.WebApplicationOptions
        {
            Args = Command.SettingsIn(args),
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddTeleFhir();
        return builder;
    }
}
