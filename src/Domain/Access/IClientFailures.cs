using System.Net;

namespace TeleFhir.Domain.Access;

/// <summary>What is known of attempts at the secret of a client.</summary>
/// <param name="HasFailed">Whether any from this address failed of late.</param>
/// <param name="Wait">How long this address has to wait until it may try again; null where it may now.</param>
public readonly record struct ClientStanding(bool HasFailed, TimeSpan? Wait);

/// <summary>What a failure led to.</summary>
public enum ClientFailure
{
    /// <summary>It was counted.</summary>
    Counted,

    /// <summary>It was the last that the address had.</summary>
    AddressTurnedAway,

    /// <summary>The client fails from so many addresses together that each of them has one failure only from now on.</summary>
    ClientUnderAttack,
}

/// <summary>
/// Counts failures to prove a client by its secret, on all nodes together. They count by client and address: an address with ten of them
/// waits a quarter of an hour before it may try that client again. A lock-out of the client as a whole would let anybody who knows its
/// public id keep it out for ever; so a hundred failures in an hour, from wherever, only leave each address a single one. Many addresses
/// then guess at a crawl, and the client, which knows its secret, notices nothing. Who shares its address can keep it out for as long
/// as they go on; a success clears what the address has against it. Names of clients that there are not count like others, so that the
/// answers tell nobody which there are.
/// </summary>
public interface IClientFailures
{
    /// <summary>Whether an address may try; only reads, since every token request asks.</summary>
    Task<ClientStanding> FindAsync(string clientId, IPAddress? address, CancellationToken cancellationToken);

    /// <summary>Counts a failure.</summary>
    Task<ClientFailure> CountAsync(string clientId, IPAddress? address, CancellationToken cancellationToken);

    /// <summary>Forgets those of an address that turned out to know the secret.</summary>
    Task ForgiveAsync(string clientId, IPAddress? address, CancellationToken cancellationToken);
}
