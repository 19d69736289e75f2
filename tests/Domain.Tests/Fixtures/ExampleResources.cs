using Hl7.Fhir.Model;
using Hl7.Fhir.Serialization;

namespace TeleFhir.Domain.Tests.Fixtures;

/// <summary>
/// Resources that nobody here wrote: the examples of the R4 specification, and synthetic patients. What is not on a developer's
/// machine skips the test with a reason; on a build server (CI=true) it fails it.
/// </summary>
internal static class ExampleResources
{
    private const string Package = "hl7.fhir.r4.examples";
    private const string Version = "4.0.1";

    private static readonly FhirJsonDeserializer _parser = new(new DeserializerSettings { Validator = null });

    /// <summary>The examples of the specification by file name.</summary>
    public static IEnumerable<(string Name, Resource Resource)> OfSpecification() =>
        FilesOfSpecification().Select(file => (file.Name, Parse(file.Json)));

    /// <summary>The same as text; fetched with npm once per machine.</summary>
    public static IEnumerable<(string Name, string Json)> FilesOfSpecification()
    {
        var package = NpmPackage.Folder(Package, Version);
        return Directory.EnumerateFiles(package, "*.json")
            .Order(StringComparer.Ordinal)
            .Select(path => (Name: Path.GetFileName(path), Json: File.ReadAllText(path)))
            .Where(file => file.Json.Contains("\"resourceType\"", StringComparison.Ordinal));
    }

    /// <summary>Every resource of the Synthea bundles in <c>shared/data/synthea</c> beside the repository or in TELEFHIR_SYNTHEA.</summary>
    public static IEnumerable<(string Name, Resource Resource)> OfSynthea()
    {
        var folder = Setting("TELEFHIR_SYNTHEA") ?? Above("shared", "data", "synthea");
        if (folder is null || !Directory.Exists(folder))
        {
            Assert.Skip("No Synthea bundles: set TELEFHIR_SYNTHEA to a folder of them.");
        }

        return from path in Directory.EnumerateFiles(folder!, "*.json").Order(StringComparer.Ordinal)
               from entry in ((Bundle)Parse(File.ReadAllText(path))).Entry
               where entry.Resource?.Id is not null
               select ($"{Path.GetFileName(path)} {entry.Resource!.TypeName}/{entry.Resource.Id}", entry.Resource);
    }

    /// <summary>Parses without validating, as some examples break rules.</summary>
    public static Resource Parse(string json) => _parser.DeserializeResource(json);

    /// <summary>Parses a resource that is broken; what does not fit is kept out of place.</summary>
    public static Resource ParseWhatCanBe(string json)
    {
        _ = _parser.TryDeserializeResource(json, out var resource, out _);
        return Assert.IsAssignableFrom<Resource>(resource);
    }

    private static string? Above(params string[] path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine([folder.FullName, .. path]);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

#pragma warning disable RS0030 // A test run has no configuration but its environment.
    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
}
