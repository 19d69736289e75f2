using Hl7.Fhir.Model;

namespace TeleFhir.Domain.Visits;

/// <summary>Somebody who is let into the room of a visit.</summary>
/// <param name="Room">The name of the room.</param>
/// <param name="Member">Who.</param>
/// <param name="Role">As what; never from the lobby, which is no place of the provider's.</param>
/// <param name="Now">The time.</param>
/// <param name="Expires">Until when the credential opens the room.</param>
public sealed record VideoSeat(string Room, RoomMember Member, VisitRole Role, DateTimeOffset Now, DateTimeOffset Expires);

/// <summary>The way into a room of a provider.</summary>
/// <param name="Url">Where it is.</param>
/// <param name="Token">What opens it; null where the address does.</param>
public sealed record VideoAccess(string Url, string? Token);

/// <summary>
/// Where the media of visits go when it is not this server's own rooms. Who may come in, when, and when it is over is decided here and not
/// there, so all providers behave alike.
/// </summary>
public interface IVideoProvider
{
    /// <summary>What <c>$join</c> calls it.</summary>
    Coding Channel { get; }

    /// <summary>The way in for one party.</summary>
    VideoAccess Open(VideoSeat seat);
}
