using System.Collections.Immutable;

namespace TeleFhir.Domain.Audit;

/// <summary>Looks whether the log is what was once written, and the AuditEvents are what the log says.</summary>
public interface IAuditVerifier
{
    /// <summary>Walks everything; what is written meanwhile is left to the next time.</summary>
    Task<AuditVerdict> VerifyAsync(CancellationToken cancellationToken);
}

/// <summary>What verifying found.</summary>
/// <param name="Chains">Chains walked.</param>
/// <param name="Entries">Entries in them.</param>
/// <param name="AuditEvents">AuditEvents compared with the log.</param>
/// <param name="Faults">What is wrong, a sentence each, the first ones; empty where nothing is.</param>
/// <param name="Heads">Where the chains end. Kept somewhere else, they tell later that nothing was cut off since.</param>
public sealed record AuditVerdict(int Chains, long Entries, long AuditEvents, ImmutableArray<string> Faults, ImmutableArray<AuditHead> Heads)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsSound => Faults.IsEmpty;
}
