using System.Text.RegularExpressions;
using TeleFhir.Api.Tests.Architecture;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>The list of what is held by which test, beside these tests, names tests that there are.</summary>
public sealed partial class RequirementTests
{
    [Fact]
    public void Every_line_names_tests_that_there_are()
    {
        // Tests of other projects are named too, so this looks at sources.
        var tests = RepositoryFiles.EndingIn("Tests.cs", "tests")
            .SelectMany(file => Tests().Matches(RepositoryFiles.Read(file)).Select(test => $"{Path.GetFileNameWithoutExtension(file)}.{test.Groups[1].Value}"))
            .ToHashSet(StringComparer.Ordinal);
        var lines = RepositoryFiles.Read("tests/Api.Tests/Smart/README.md").Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && line is not ("| what | tests |" or "| --- | --- |")).ToList();

        Assert.True(lines.Count > 60, $"{lines.Count} lines");
        Assert.All(lines, line =>
        {
            var named = Named().Matches(line).Select(match => match.Groups[1].Value).ToList();
            Assert.NotEmpty(named);
            Assert.Empty(named.Except(tests));
        });
    }

    [GeneratedRegex(@"public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex Tests();

    [GeneratedRegex("`([A-Za-z]+\\.[A-Za-z0-9_]+)`")]
    private static partial Regex Named();
}
