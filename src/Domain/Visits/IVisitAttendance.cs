namespace TeleFhir.Domain.Visits;

/// <summary>Who came into the room of a visit at any time, if only into its lobby.</summary>
/// <param name="Patient">Whether somebody came who does not run the visit.</param>
/// <param name="Clinician">Whether somebody came who does.</param>
public sealed record Attendance(bool Patient, bool Clinician)
{
    /// <summary>Nobody came, as far as is known.</summary>
    public static Attendance Nobody { get; } = new(false, false);
}

/// <summary>Knows who came to a visit.</summary>
public interface IVisitAttendance
{
    /// <summary>Who came to one of these Encounters.</summary>
    Task<Attendance> OfAsync(IReadOnlyCollection<string> encounterIds, CancellationToken cancellationToken);
}
