namespace TeleFhir.Api.Tests.Smart;

/// <summary>The time of day, moved ahead; timers keep their own pace, of which months would be millions of ticks.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private TimeSpan _ahead;

    public void Advance(TimeSpan by) => _ahead += by;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _ahead;
}
