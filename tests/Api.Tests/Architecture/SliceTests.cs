using System.Text.RegularExpressions;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>
/// Which folder may use which. What two features need moves down into a folder that both may use, or does not exist:
/// so a feature can be read, changed and removed alone.
/// </summary>
public sealed class SliceTests
{
    private static readonly string[] _domainGround = ["Fhir", "Access", "Search", "Storage", "Changes"];
    private static readonly string[] _apiGround = ["Fhir", "Smart", "Hosting"];

    [Fact]
    public void Domain_slices_use_only_what_lies_below_them()
    {
        Offences.None(EdgesOf("Domain").Where(edge => !MayUseInDomain(edge.From, edge.To)).Select(edge => edge.ToString()));
    }

    [Fact]
    public void Api_slices_use_the_ground_and_never_a_sibling()
    {
        Offences.None(EdgesOf("Api").Where(edge => !_apiGround.Contains(edge.To)).Select(edge => edge.ToString()));
    }

    [Fact]
    public void Domain_has_no_file_outside_a_slice()
    {
        Offences.None(RepositoryFiles.EndingIn(".cs", "src/Domain").Where(path => path.Count(character => character == '/') < 3));
    }

    [Fact]
    public void Uses_are_written_in_the_files_where_a_reader_and_these_tests_see_them()
    {
        var hidden = RepositoryFiles.EndingIn(".cs", "src").Concat(RepositoryFiles.EndingIn(".csproj", "src"))
            .Where(path => Regex.IsMatch(RepositoryFiles.Read(path), @"global using .*TeleFhir|<Using Include=""TeleFhir"));

        Offences.None(hidden);
    }

    /// <summary>Fhir &lt;- Access &lt;- Search &lt;- Storage &lt;- Changes &lt;- every feature.</summary>
    private static bool MayUseInDomain(string from, string to)
    {
        var place = Array.IndexOf(_domainGround, from);
        var height = place < 0 ? _domainGround.Length : place;
        return _domainGround.Take(height).Contains(to);
    }

    private static IEnumerable<Edge> EdgesOf(string project)
    {
        var used = new Regex($@"\bTeleFhir\.{project}\.(\w+)");
        return from path in RepositoryFiles.EndingIn(".cs", $"src/{project}")
               let parts = path.Split('/')
               where parts.Length > 3
               from line in RepositoryFiles.CodeLines(path)
               where !line.StartsWith("namespace ", StringComparison.Ordinal)
               from Match match in used.Matches(line)
               let to = match.Groups[1].Value
               where to != parts[2] && RepositoryFiles.Exists($"src/{project}/{to}")
               select new Edge(parts[2], to, path);
    }

    private sealed record Edge(string From, string To, string Path);
}
