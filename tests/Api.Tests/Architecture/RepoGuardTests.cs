using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>Rules of the repository itself, each of which has been broken unnoticed somewhere before it was tested.</summary>
public sealed partial class RepoGuardTests
{
    /// <summary>Mediators, mappers, mocking libraries and second containers: see docs/adr/0003 and 0010.</summary>
    private static readonly string[] _forbiddenPackages =
    [
        "MediatR", "Mediator", "Medino", "AutoMapper", "Mapster", "Riok.Mapperly", "Moq", "NSubstitute", "FakeItEasy", "Autofac", "Lamar",
        "Scrutor", "SimpleInjector",
    ];

    private static readonly string[] _forbiddenFolders =
        ["Helpers", "Utils", "Utilities", "Common", "Shared", "Core", "Managers", "Services", "Extensions", "Misc"];

    /// <summary>Endings that say nothing of what a thing is.</summary>
    private static readonly string[] _forbiddenSuffixes =
        ["Service", "Manager", "Helper", "Helpers", "Util", "Utils", "Processor", "Impl", "Base", "Dto", "Wrapper", "Info", "Data"];

    public static TheoryData<string> Projects => [.. RepositoryFiles.EndingIn(".csproj")];

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = RepositoryFiles.Read("TeleFhir.sln").Replace('\\', '/');

        Offences.None(RepositoryFiles.EndingIn(".csproj").Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void Versions_are_written_once_and_centrally()
    {
        var own = from path in RepositoryFiles.EndingIn(".csproj").Concat(RepositoryFiles.EndingIn(".props")).Concat(RepositoryFiles.EndingIn(".targets"))
                  from reference in XDocument.Parse(RepositoryFiles.Read(path)).Descendants("PackageReference")
                  where Has(reference, "Version") || Has(reference, "VersionOverride")
                  select $"{path}: {reference}";

        Offences.None(own);

        static bool Has(XElement reference, string name) => reference.Attribute(name) is not null || reference.Element(name) is not null;
    }

    [Fact]
    public void Forbidden_packages_are_not_even_brought_in_by_others()
    {
        var locked = from path in RepositoryFiles.EndingIn("packages.lock.json")
                     from framework in JsonDocument.Parse(RepositoryFiles.Read(path)).RootElement.GetProperty("dependencies").EnumerateObject()
                     from package in framework.Value.EnumerateObject()
                     select (path, package.Name);

        Assert.NotEmpty(locked);
        Offences.None(locked.Where(entry => _forbiddenPackages.Any(name => IsOrIsUnder(entry.Name, name))).Select(entry => entry.ToString()));

        static bool IsOrIsUnder(string name, string root) =>
            name.Equals(root, StringComparison.OrdinalIgnoreCase) || name.StartsWith(root + ".", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void No_folder_is_an_attic()
    {
        var folders = RepositoryFiles.EndingIn(".cs").SelectMany(path => path.Split('/')[..^1]).Distinct();

        Offences.None(folders.Intersect(_forbiddenFolders, StringComparer.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("TeleFhir.Domain")]
    [InlineData("TeleFhir.Infrastructure")]
    [InlineData("TeleFhir.Api")]
    public void Types_are_named_for_what_they_are(string assembly)
    {
        var vague = Assembly.Load(assembly).GetTypes()
            .Where(type => type.Namespace?.StartsWith("TeleFhir", StringComparison.Ordinal) == true
                && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.Name.Contains('<', StringComparison.Ordinal))
            .Where(type => _forbiddenSuffixes.Any(suffix => type.Name.EndsWith(suffix, StringComparison.Ordinal)))
            .Select(type => type.FullName);

        Offences.None(vague);
    }

    /// <summary>Asks MSBuild what it understood: one wrong letter in the property's name is ignored in silence.</summary>
    [Theory]
    [MemberData(nameof(Projects))]
    public async Task Warnings_are_errors_in_effect(string project)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            ["msbuild", project, "-getProperty:TreatWarningsAsErrors", "-getProperty:WarningsNotAsErrors", "-getProperty:Nullable"])
        {
            WorkingDirectory = RepositoryFiles.Root,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var properties = JsonDocument.Parse(output).RootElement.GetProperty("Properties");

        Assert.Equal("true", properties.GetProperty("TreatWarningsAsErrors").GetString());
        Assert.Equal("enable", properties.GetProperty("Nullable").GetString());
        Assert.DoesNotMatch(@"(CS|CA|IDE|RS)\d", properties.GetProperty("WarningsNotAsErrors").GetString());
    }

    [Fact]
    public void Suppressions_give_their_reason_on_the_line()
    {
        Offences.None(Lines(".cs", SuppressionWithoutReason()));
    }

    [Fact]
    public void Nothing_is_left_to_do_without_saying_where_it_is_tracked()
    {
        Offences.None(Lines(".cs", UntrackedReminder()).Concat(Lines(".csproj", UntrackedReminder())).Concat(Lines(".props", UntrackedReminder())));
    }

    [Fact]
    public void Code_is_not_folded_away_in_regions()
    {
        Offences.None(Lines(".cs", Region()));
    }

    [Fact]
    public void Text_files_end_their_lines_with_LF()
    {
        string[] kinds = [".cs", ".csproj", ".props", ".md", ".json", ".yaml", ".yml", ".editorconfig"];

        Offences.None(kinds.SelectMany(kind => RepositoryFiles.EndingIn(kind))
            .Where(path => RepositoryFiles.Read(path).Contains('\r', StringComparison.Ordinal)));
    }

    private static IEnumerable<string> Lines(string kind, Regex pattern) =>
        from path in RepositoryFiles.EndingIn(kind)
        from line in RepositoryFiles.ReadLines(path).Index()
        where pattern.IsMatch(line.Item)
        select $"{path}:{line.Index + 1}: {line.Item.Trim()}";

    [GeneratedRegex(@"^\s*#(pragma warning|nullable) disable(?!.*//\s*\S)")]
    private static partial Regex SuppressionWithoutReason();

    [GeneratedRegex(@"(//|<!--|\*).*\b(TOD[O]|FIXM[E]|HAC[K])\b(?!\s*\(?(#\d+|https://))")]
    private static partial Regex UntrackedReminder();

    [GeneratedRegex(@"^\s*#region\b")]
    private static partial Regex Region();
}
