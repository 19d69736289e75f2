using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
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
        var folder = Path.Combine(Path.GetTempPath(), $"telefhir-{Package}-{Version}");
        Directory.CreateDirectory(folder);
        var package = Path.Combine(folder, "package");
        using (Lock(Path.Combine(folder, ".lock")))
        {
            if (!Directory.Exists(package))
            {
                Fetch(folder);
            }
        }

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

    private static void Fetch(string folder)
    {
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(npm, ["pack", $"{Package}@{Version}"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(TimeSpan.FromMinutes(5)) || process.ExitCode != 0)
            {
                Missing($"npm could not fetch {Package}@{Version}.");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Missing("npm is not installed.");
        }

        // Unpacked beside and renamed, so that a half unpacked folder is never taken for the whole.
        var unpacked = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N")));
        using var file = File.OpenRead(Path.Combine(folder, $"{Package}-{Version}.tgz"));
        using var tar = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(tar, unpacked.FullName, overwriteFiles: true);
        Directory.Move(Path.Combine(unpacked.FullName, "package"), Path.Combine(folder, "package"));
        unpacked.Delete(recursive: true);
    }

    // Other test processes may be fetching too.
    private static FileStream Lock(string path)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (patience.Elapsed < TimeSpan.FromMinutes(6))
            {
#pragma warning disable RS0030 // Test data is loaded synchronously; the lock is held by another process.
                Thread.Sleep(200);
#pragma warning restore RS0030 // As above.
            }
        }
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

    private static void Missing(string reason)
    {
        if (Setting("CI") == "true")
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

#pragma warning disable RS0030 // A test run has no configuration but its environment.
    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030
}
