namespace TeleFhir.Domain.Async;

/// <summary>How far an accepted request is.</summary>
public enum AsyncState
{
    /// <summary>Nobody works on it yet.</summary>
    Waiting,

    /// <summary>A server works on it.</summary>
    Running,

    /// <summary>Its answer is there.</summary>
    Done,
}

/// <summary>A request that was accepted to be answered later (https://hl7.org/fhir/R4/async.html).</summary>
/// <param name="Id">The name of its status address; not to be guessed.</param>
/// <param name="Owner">Whose it is; nobody else learns that it exists.</param>
/// <param name="Head">Who asked for what, without the content.</param>
/// <param name="Body">The content; empty where there is none.</param>
/// <param name="IsRepeatable">Whether it changes nothing, so that it can be run again after a server went down in the middle of it.</param>
/// <param name="Accepted">When.</param>
public sealed record AsyncRequest(
    string Id, string Owner, string Head, ReadOnlyMemory<byte> Body, bool IsRepeatable, DateTimeOffset Accepted);

/// <summary>A request that this server is to run now.</summary>
/// <param name="Request">The request.</param>
/// <param name="Attempt">Which run of it this is, from 1; whoever holds an older one has lost it.</param>
public sealed record AsyncRun(AsyncRequest Request, int Attempt)
{
    private const int MostAttempts = 3;

    /// <summary>A run before this one ended with its server, and running it again could do things twice or end the same way.</summary>
    public bool IsLost => Attempt > (Request.IsRepeatable ? MostAttempts : 1);
}

/// <summary>What a request was answered.</summary>
/// <param name="Head">Status and headers.</param>
/// <param name="Body">The content; empty where there is none.</param>
public sealed record AsyncAnswer(string Head, ReadOnlyMemory<byte> Body);

/// <summary>How far a request is, and its answer once it is done.</summary>
/// <param name="State">How far.</param>
/// <param name="Answer">The answer; null until it is done.</param>
/// <param name="Expires">When an answer is thrown away; null until it is done.</param>
public sealed record AsyncStatus(AsyncState State, AsyncAnswer? Answer, DateTimeOffset? Expires);

/// <summary>
/// Requests that are answered later, durable and shared by all servers: what was accepted is run, by whichever server comes first, also
/// after all of them went down. A run holds a request for a short time that it has to prolong, so a dead server holds none for long.
/// </summary>
public interface IAsyncRequests
{
    /// <summary>Accepts a request; false where its owner has <paramref name="most"/> or more that are not done.</summary>
    Task<bool> TryAcceptAsync(AsyncRequest request, int most, CancellationToken cancellationToken);

    /// <summary>How far a request of this owner is; null where there is none.</summary>
    Task<AsyncStatus?> FindAsync(string id, string owner, CancellationToken cancellationToken);

    /// <summary>Forgets a request of this owner, and its answer; whoever runs it is told to stop. False where there is none.</summary>
    Task<bool> RemoveAsync(string id, string owner, CancellationToken cancellationToken);

    /// <summary>Takes the oldest request that nobody works on, for the time of <paramref name="hold"/>; null where there is none.</summary>
    Task<AsyncRun?> TakeAsync(TimeSpan hold, CancellationToken cancellationToken);

    /// <summary>Prolongs a run; false where it was cancelled or lost to another server.</summary>
    Task<bool> HoldAsync(AsyncRun run, TimeSpan hold, CancellationToken cancellationToken);

    /// <summary>Keeps the answer of a run for a time; false where it was cancelled or lost to another server.</summary>
    Task<bool> FinishAsync(AsyncRun run, AsyncAnswer answer, TimeSpan kept, CancellationToken cancellationToken);

    /// <summary>Throws answers away whose time is over.</summary>
    Task PruneAsync(CancellationToken cancellationToken);
}
