using Microsoft.AspNetCore.SignalR;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>A connection that this node holds.</summary>
internal sealed class Seat(HubCallerContext connection, RoomMember member, VisitRole role)
{
    private int _role = (int)role;

    public string Id => connection.ConnectionId;

    public string Encounter => Member.Encounter;

    public RoomMember Member => member;

    public VisitRole Role => (VisitRole)_role;

    /// <summary>Done when it was told who is there: what others say to it waits for that.</summary>
    public TaskCompletionSource Greeted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RateLimit Signals { get; } = new(most: 200, perSecond: 50);

    public RateLimit Chats { get; } = new(most: 20, perSecond: 2);

    /// <summary>Whether it is being closed: nothing more is sent to it.</summary>
    public bool IsClosing { get; set; }

    /// <summary>Lets it in from the lobby; false where it has been let in: of two who do so at once one tells it.</summary>
    public bool Admit() => Interlocked.CompareExchange(ref _role, (int)VisitRole.Guest, (int)VisitRole.Lobby) == (int)VisitRole.Lobby;

    public void Abort() => connection.Abort();
}

/// <summary>How often something may be done: so many times at once, and so many a second. For one caller at a time.</summary>
internal sealed class RateLimit(int most, int perSecond)
{
    private double _left = most;
    private long _at;

    public bool TryTake(TimeProvider clock)
    {
        var now = clock.GetTimestamp();
        _left = _at == 0 ? most : Math.Min(most, _left + (clock.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
        if (_left < 1)
        {
            return false;
        }

        _left--;
        return true;
    }
}
