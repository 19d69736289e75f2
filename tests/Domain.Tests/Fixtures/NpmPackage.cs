using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace TeleFhir.Domain.Tests.Fixtures;

/// <summary>
/// Packages of the npm registry, fetched once per machine. What cannot be fetched skips the test with a reason; on a build server
/// (CI=true) it fails it.
/// </summary>
internal static class NpmPackage
{
    /// <summary>The folder that the package was unpacked to.</summary>
    public static string Folder(string name, string version)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"telefhir-{name}-{version}");
        Directory.CreateDirectory(folder);
        var package = Path.Combine(folder, "package");
        using (Lock(Path.Combine(folder, ".lock")))
        {
            if (!Directory.Exists(package))
            {
                Fetch(name, version, folder);
            }
        }

        return package;
    }

    /// <summary>Skips the test, or fails it on a build server.</summary>
    public static void Missing(string reason)
    {
#pragma warning disable RS0030 // A test run has no configuration but its environment.
        if (Environment.GetEnvironmentVariable("CI") == "true")
#pragma warning restore RS0030
        {
            Assert.Fail(reason);
        }

        Assert.Skip(reason);
    }

    private static void Fetch(string name, string version, string folder)
    {
        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(npm, ["pack", $"{name}@{version}"])
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
                Missing($"npm could not fetch {name}@{version}.");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Missing("npm is not installed.");
        }

        // Unpacked beside and renamed, so that a half unpacked folder is never taken for the whole.
        var unpacked = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("N")));
        using var file = File.OpenRead(Path.Combine(folder, $"{name}-{version}.tgz"));
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
}
