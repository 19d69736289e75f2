using System.Diagnostics.Metrics;

namespace TeleFhir.Api.Smart;

/// <summary>
/// Counts what somebody has to look at (<c>telefhir.auth.alerts</c> of <c>/metrics</c>, by kind), so that a monitor can raise an alarm without
/// reading logs. Whoever counts also logs who and what.
/// </summary>
internal sealed class SecurityAlerts(IMeterFactory meters)
{
    public const string Meter = "TeleFhir.Auth";

    /// <summary>A code or refresh token came twice.</summary>
    public const string Reuse = "reuse";

    /// <summary>An address has tried too many secrets of a client.</summary>
    public const string SecretGuessing = "secret-guessing";

    /// <summary>Many addresses try secrets of one client.</summary>
    public const string SecretGuessingFromManyAddresses = "secret-guessing-from-many-addresses";

    private readonly Counter<long> _alerts = meters.Create(Meter).CreateCounter<long>("telefhir.auth.alerts");

    public void Count(string kind) => _alerts.Add(1, new KeyValuePair<string, object?>("kind", kind));
}
