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

    /// <summary>One sentence for each setting that cannot be.</summary>
    public IEnumerable<string> Faults()
    {
        if (MostWaiting < 1 || MostRunning < 1)
        {
            yield return "Monitoring:MostWaiting and Monitoring:MostRunning must be above zero.";
        }
    }
}
