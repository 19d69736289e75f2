using System.Collections.Immutable;

namespace TeleFhir.Domain.Storage;

/// <summary>What Observations of a patient are of.</summary>
public interface IObservationCodes
{
    /// <summary>
    /// Each once, whoever may see them, in no order and without looking at every Observation; null where they are many, or where codes of two
    /// systems are the same.
    /// </summary>
    /// <param name="patient">The Patient's id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ImmutableArray<ObservationCode>?> OfPatientAsync(string patient, CancellationToken cancellationToken);
}

/// <summary>A code, or the text in its place.</summary>
/// <param name="Value">The code without its system, or the text.</param>
/// <param name="IsText">Whether there is no code.</param>
public readonly record struct ObservationCode(string Value, bool IsText);
