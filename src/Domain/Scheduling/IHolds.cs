namespace TeleFhir.Domain.Scheduling;

/// <summary>The Appointments that only hold a time.</summary>
public interface IHolds
{
    /// <summary>Ids of those whose hold has run out and that still have the time, some at a time.</summary>
    Task<IReadOnlyList<string>> RunOutAsync(CancellationToken cancellationToken);
}
