using System.Reflection;
using System.Runtime.CompilerServices;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>Api -> Domain &lt;- Infrastructure (docs/architecture.md).</summary>
public sealed class LayerTests
{
    private static readonly Assembly _domain = Assembly.Load("TeleFhir.Domain");
    private static readonly Assembly _infrastructure = Assembly.Load("TeleFhir.Infrastructure");

    [Fact]
    public void Domain_knows_only_its_vocabulary()
    {
        string[] allowed = ["System", "Microsoft.CSharp", "Hl7.Fhir", "Hl7.FhirPath", "Fhir.Metrics", "FluentValidation", "NodaTime"];

        Offences.None(ReferencesOf(_domain).Where(name => !allowed.Any(root => IsOrIsUnder(name, root))));
    }

    [Fact]
    public void Infrastructure_knows_no_web_server()
    {
        Offences.None(ReferencesOf(_infrastructure).Where(name => IsOrIsUnder(name, "Microsoft.AspNetCore") || name == "TeleFhir.Api"));
    }

    [Fact]
    public void Infrastructure_shows_one_type()
    {
        var shown = _infrastructure.GetExportedTypes().Where(type => !IsGenerated(type)).Select(type => type.FullName).ToList();

        Assert.True(shown.Count <= 1, $"Only the setup class may be public, everything else is reached through Domain: {string.Join(", ", shown)}");
    }

    [Fact]
    public void Api_names_Infrastructure_only_where_it_is_put_together()
    {
        var elsewhere = RepositoryFiles.EndingIn(".cs", "src/Api")
            .Where(path => path["src/Api/".Length..].Contains('/', StringComparison.Ordinal))
            .Where(path => RepositoryFiles.CodeLines(path).Any(line => line.Contains("TeleFhir.Infrastructure", StringComparison.Ordinal)));

        Offences.None(elsewhere);
    }

    private static IEnumerable<string> ReferencesOf(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static bool IsOrIsUnder(string name, string root) => name == root || name.StartsWith(root + ".", StringComparison.Ordinal);

    /// <summary>EF Core generates migrations and the model snapshot as public classes.</summary>
    private static bool IsGenerated(Type type) =>
        type.IsDefined(typeof(CompilerGeneratedAttribute)) || type.Namespace?.Contains(".Migrations", StringComparison.Ordinal) == true;
}
