using System.IO.Compression;
using TeleFhir.Definitions;

// dotnet run --project tools/Definitions -- <unpacked npm package hl7.fhir.r4.examples> <folder to write to>
if (args is not [var package, var folder])
{
    throw new ArgumentException("Give the folder of the unpacked package and the folder to write to.");
}

var resources = new PackageResources(package);
Write("rules.json.br", RuleList.Make(resources));
Write("terminology.ndjson.br", TerminologyList.Make(resources));

void Write(string name, byte[] content)
{
    using var file = File.Create(Path.Combine(folder, name));
    using var brotli = new BrotliStream(file, new BrotliCompressionOptions { Quality = 11 });
    brotli.Write(content);
}
