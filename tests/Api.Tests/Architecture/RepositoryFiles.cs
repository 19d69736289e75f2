using System.Text.RegularExpressions;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>The repository as files: what people wrote, without what builds and runs leave behind.</summary>
internal static partial class RepositoryFiles
{
    private static readonly string[] _leftBehind =
        ["bin", "obj", ".git", "node_modules", "data", "TestResults", "BenchmarkDotNet.Artifacts", ".cache", ".vs", ".idea"];

    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with slashes, of all files whose name ends so.</summary>
    public static IReadOnlyList<string> EndingIn(string suffix, string folder = "") =>
        [.. Walk(new DirectoryInfo(Path.Combine(Root, folder))).Where(path => path.EndsWith(suffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    public static bool Exists(string path) => Path.Exists(Path.Combine(Root, path));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] ReadLines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    /// <summary>
    /// C# without comments and with string literals emptied, line by line, so that a rule about code is not broken by a text about it.
    /// Good enough for rules, not a parser: raw string literals keep their lines.
    /// </summary>
    public static IEnumerable<string> CodeLines(string path) =>
        ReadLines(path).Select(line => Comment().Replace(Literal().Replace(line, "\"\""), "")).Where(line => line.Trim().Length > 0);

    private static IEnumerable<string> Walk(DirectoryInfo folder) => !folder.Exists ? [] :
        folder.EnumerateFiles().Select(file => Path.GetRelativePath(Root, file.FullName).Replace('\\', '/'))
            .Concat(folder.EnumerateDirectories().Where(child => !_leftBehind.Contains(child.Name)).SelectMany(Walk));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "TeleFhir.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not inside the repository.");
    }

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"")]
    private static partial Regex Literal();

    [GeneratedRegex("//.*$")]
    private static partial Regex Comment();
}
