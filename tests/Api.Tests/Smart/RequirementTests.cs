using System.Text.RegularExpressions;
using TeleFhir.Api.Tests.Architecture;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Smart;

/// <summary>The list of what is held by which test, beside these tests, names tests that there are.</summary>
public sealed partial class RequirementTests
{
    [Fact]
    public void Every_line_names_tests_that_there_are()
    {
        var tests = new[] { typeof(RequirementTests).Assembly, typeof(AccessTests).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0)
                .Select(method => $"{type.Name}.{method.Name}"))
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

    [GeneratedRegex("`([A-Za-z]+\\.[A-Za-z0-9_]+)`")]
    private static partial Regex Named();
}
