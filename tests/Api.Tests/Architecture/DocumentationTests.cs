using System.Text.RegularExpressions;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>Documentation that points nowhere is worse than none.</summary>
public sealed partial class DocumentationTests
{
    private const string DecisionFolder = "docs/adr";

    [Fact]
    public void Every_decision_is_in_the_index_and_numbered_without_gaps()
    {
        var index = RepositoryFiles.Read($"{DecisionFolder}/README.md");
        var decisions = Decisions();

        Assert.NotEmpty(decisions);
        Offences.None(decisions.Where(path => !index.Contains($"({Path.GetFileName(path)})", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(1, decisions.Count), decisions.Select(path => int.Parse(Path.GetFileName(path)[..4], null)));
    }

    [Fact]
    public void Every_decision_says_status_context_decision_and_consequences()
    {
        string[] sections = ["## Context", "## Decision", "## Consequences"];
        var incomplete = from path in Decisions()
                         let text = RepositoryFiles.Read(path)
                         from part in sections.Append("Status:")
                         where !text.Contains(part, StringComparison.Ordinal)
                         select $"{path} lacks {part}";

        Offences.None(incomplete);
    }

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_a_heading_in_it()
    {
        var links = (from path in RepositoryFiles.EndingIn(".md")
                     from Match link in Link().Matches(CodeBlock().Replace(RepositoryFiles.Read(path), ""))
                     let target = link.Groups[1].Value
                     where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
                     select (path, target)).ToList();

        Assert.NotEmpty(links);
        Offences.None(links.Where(link => !Resolves(link.path, link.target)).Select(link => $"{link.path}: {link.target}"));
    }

    [Theory]
    [InlineData("## Two words", "two-words")]
    [InlineData("### `$book` and 3.4, _Flows_", "book-and-34-_flows_")]
    [InlineData("# See [the index](adr/README.md)", "see-the-index")]
    public void Anchors_are_made_from_headings_as_the_forge_makes_them(string heading, string anchor)
    {
        Assert.Equal([anchor], AnchorsOf(heading));
    }

    private static List<string> Decisions() =>
        [.. RepositoryFiles.EndingIn(".md", DecisionFolder).Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0]))];

    private static bool Resolves(string from, string target)
    {
        var parts = Uri.UnescapeDataString(target).Split('#', 2);
        var path = parts[0].Length == 0 ? from
            : parts[0].StartsWith('/') ? parts[0].TrimStart('/')
            : Path.Combine(Path.GetDirectoryName(from)!, parts[0]);
        return RepositoryFiles.Exists(path)
            && (parts.Length == 1 || !path.EndsWith(".md", StringComparison.Ordinal) || AnchorsOf(RepositoryFiles.Read(path)).Contains(parts[1]));
    }

    private static List<string> AnchorsOf(string markdown)
    {
        var anchors = new List<string>();
        foreach (Match heading in Heading().Matches(CodeBlock().Replace(markdown, "")))
        {
            var text = LinkText().Replace(heading.Groups[1].Value, "$1");
            var anchor = NotInAnchor().Replace(text.ToLowerInvariant(), "").Replace(' ', '-');
            var earlier = anchors.Count(other => other == anchor || Regex.IsMatch(other, $"^{Regex.Escape(anchor)}-\\d+$"));
            anchors.Add(earlier == 0 ? anchor : $"{anchor}-{earlier}");
        }

        return anchors;
    }

    [GeneratedRegex(@"(?<!\\)\]\(<?([^)\s>]+)>?(?:\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex(@"^(```|~~~).*?^\1", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^#{1,6}\s+(.*?)\s*#*\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\-_ ]")]
    private static partial Regex NotInAnchor();
}
