using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// Where the proposals of <c>$find</c> are kept until they run out. They are no stored resources: no search and no history has them, and
/// only who asked for them reads them, that is the same user through the same client for the same patient.
/// </summary>
public interface IProposals
{
    /// <summary>Keeps the proposals of one answer, at once.</summary>
    /// <param name="caller">Who asked.</param>
    /// <param name="answer">The name of the answer (<see cref="ProposalId.NewAnswer"/>).</param>
    /// <param name="proposals">The Appointments as JSON, by their number.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task AddAsync(Caller caller, string answer, IReadOnlyList<ReadOnlyMemory<byte>> proposals, CancellationToken cancellationToken);

    /// <summary>
    /// The Appointment that was proposed under the id, as JSON. 410 <c>proposal-expired</c> where it has run out; 404 where there is none or
    /// it is another's.
    /// </summary>
    Task<Decision<Proposal>> FindAsync(Caller caller, ProposalId id, CancellationToken cancellationToken);
}

/// <summary>What <c>$find</c> proposed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Json">The Appointment in status proposed, with that id.</param>
public sealed record Proposal(ProposalId Id, ReadOnlyMemory<byte> Json)
{
    /// <summary>The answer where there is none for this caller.</summary>
    public static Refusal Unknown(ProposalId id) =>
        new(HttpStatusCode.NotFound, OperationOutcome.IssueType.NotFound, "proposal-unknown", $"Appointment/{id} does not exist.");
}
