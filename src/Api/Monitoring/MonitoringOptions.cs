using TeleFhir.Domain.Monitoring;

namespace TeleFhir.Api.Monitoring;

/// <summary>Settings of remote patient monitoring.</summary>
internal sealed class MonitoringOptions
{
    /// <summary>Whether <c>$ingest</c> takes readings only of patients with an active Consent of category rpm; plain writes are not asked.</summary>
    public bool RequireConsent { get; set; } = true;

    /// <summary>How many readings may wait for their turn; whoever brings more is told to come again.</summary>
    public int MostWaiting { get; set; } = 100_000;

    /// <summary>How many requests are worked on at a time.</summary>
    public int MostRunning { get; set; } = 8;

    /// <summary>Limits by LOINC code that take the place of those built in; one without numbers is no limit.</summary>
    public Dictionary<string, LimitOptions> Defaults { get; set; } = [];

    /// <summary>For how long a device may send nothing before somebody is told.</summary>
    public TimeSpan MissingAfter { get; set; } = TimeSpan.FromDays(3);

    /// <summary>How often that is looked for.</summary>
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromHours(1);

    /// <summary>A folder with descriptions of payloads (docs/wearables.md); null for those built in alone.</summary>
    public string? MapFolder { get; set; }

    /// <summary>The limits of the organization.</summary>
    public IReadOnlyDictionary<string, MeasureLimits> Limits()
    {
        var limits = MeasureLimits.Defaults.ToDictionary();
        foreach (var (code, own) in Defaults)
        {
            limits[code] = new MeasureLimits(own.Unit ?? "", own.Low, own.High, own.CriticalLow, own.CriticalHigh);
        }

        return limits;
    }

    /// <summary>One sentence for each setting that cannot be.</summary>
    public IEnumerable<string> Faults()
    {
        if (MostWaiting < 1 || MostRunning < 1)
        {
            yield return "Monitoring:MostWaiting and Monitoring:MostRunning must be above zero.";
        }

        if (MissingAfter < TimeSpan.FromMinutes(1) || LookEvery < TimeSpan.FromSeconds(1) || LookEvery > TimeSpan.FromDays(1))
        {
            yield return "Monitoring:MissingAfter must be at least a minute, Monitoring:LookEvery from a second to a day.";
        }

        if (FaultOf(MapFolder) is { } fault)
        {
            yield return $"Monitoring:MapFolder: {fault}";
        }

        foreach (var (code, own) in Defaults)
        {
            var measure = Measure.All.FirstOrDefault(one => one.Code == code);
            if (measure is null || !measure.Units.Contains(own.Unit ?? ""))
            {
                yield return measure is null
                    ? $"Monitoring:Defaults:{code} must be one of {string.Join(", ", Measure.All.Select(one => one.Code))}."
                    : $"Monitoring:Defaults:{code}:Unit must be one of {string.Join(", ", measure.Units)}.";
            }
        }
    }

    private static string? FaultOf(string? folder)
    {
        try
        {
            PayloadMaps.Load(folder);
            return null;
        }
        catch (Exception wrong) when (wrong is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return wrong.Message;
        }
    }

    internal sealed class LimitOptions
    {
        /// <summary>The UCUM unit of the numbers.</summary>
        public string? Unit { get; set; }

        public decimal? Low { get; set; }

        public decimal? High { get; set; }

        public decimal? CriticalLow { get; set; }

        public decimal? CriticalHigh { get; set; }
    }
}
