using System.Collections.Frozen;
using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Api.Monitoring;

/// <summary>The descriptions of payloads: those built in, and those in the folder that is set, which take the place of built-in ones of the same name.</summary>
internal sealed class PayloadMaps
{
    private const string Resources = "TeleFhir.Api.Monitoring.Maps.";

    private readonly FrozenDictionary<string, PayloadMap> _maps;

    private PayloadMaps(IEnumerable<PayloadMap> maps) => _maps = maps.GroupBy(map => map.Source).ToFrozenDictionary(same => same.Key, same => same.Last());

    /// <summary>The names of all sources.</summary>
    public IEnumerable<string> Sources => _maps.Keys.Order(StringComparer.Ordinal);

    public PayloadMap? Find(string source) => _maps.GetValueOrDefault(source);

    /// <summary>Reads them; throws <see cref="InvalidDataException"/> where a file of the folder is none.</summary>
    public static PayloadMaps Load(string? folder)
    {
        var assembly = typeof(PayloadMaps).Assembly;
        var maps = new List<PayloadMap>();
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            maps.Add(PayloadMap.Read(bytes));
        }

        foreach (var file in (folder is null ? [] : Directory.GetFiles(folder, "*.json")).Order(StringComparer.Ordinal))
        {
            try
            {
                maps.Add(PayloadMap.Read(File.ReadAllBytes(file)));
            }
            catch (InvalidDataException wrong)
            {
                throw new InvalidDataException($"{Path.GetFileName(file)}: {wrong.Message}", wrong);
            }
        }

        return new PayloadMaps(maps);
    }
}
