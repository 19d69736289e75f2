using System.Text.RegularExpressions;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>The lists of what is held by which test name tests that there are.</summary>
public sealed partial class RequirementTests
{
    // Tests of other projects are named too, so this looks at sources. Several projects may have a class of a name.
    private static readonly ILookup<string, string> _tests = RepositoryFiles.EndingIn("Tests.cs", "tests")
        .SelectMany(file => Tests().Matches(RepositoryFiles.Read(file)).Select(test => (Name: $"{Path.GetFileNameWithoutExtension(file)}.{test.Groups[1].Value}", file)))
        .ToLookup(test => test.Name, test => test.file, StringComparer.Ordinal);

    [Theory]
    [InlineData("tests/Api.Tests/Smart/README.md", 60)]
    [InlineData("docs/conformance.md", 95)]
    public void Every_line_names_tests_that_there_are(string path, int atLeast)
    {
        var lines = Lines(path);

        Assert.True(lines.Count > atLeast, $"{lines.Count} lines");
        Assert.All(lines, line =>
        {
            var named = NamesIn(line);
            Assert.NotEmpty(named);
            Assert.All(named, name => Assert.True(_tests.Contains(name), name));
        });
    }

    /// <summary>Tests that run on both databases name PostgreSQL, or take the list of both.</summary>
    [Fact]
    public void What_is_said_to_hold_on_both_databases_is_tested_on_both()
    {
        var lines = Lines("docs/conformance.md");

        Assert.All(lines, line => Assert.Contains(line.Split(" | ")[1], (string[])["both", "SQLite", "none"]));
        Assert.All(
            lines.Where(line => line.Split(" | ")[1] == "both"),
            line => Assert.Contains(NamesIn(line).SelectMany(name => _tests[name]), file => OnBoth().IsMatch(RepositoryFiles.Read(file))));
    }

    private static List<string> Lines(string path) =>
        [.. RepositoryFiles.ReadLines(path).Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| what |", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal))];

    private static List<string> NamesIn(string line) => [.. Named().Matches(line).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex Tests();

    [GeneratedRegex(@"\bTestStore\.Providers\b|PostgreSql\b")]
    private static partial Regex OnBoth();

    [GeneratedRegex("`([A-Za-z]+Tests\\.[A-Za-z0-9_]+)`")]
    private static partial Regex Named();
}
