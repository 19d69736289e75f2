using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Video;

/// <summary>
/// The Zoom Video SDK (https://developers.zoom.us/docs/video-sdk/auth/). Its tokens live for half an hour at least, or it refuses them.
/// </summary>
internal sealed class ZoomVideo(VisitOptions.VideoOptions options) : IVideoProvider
{
    private static readonly TimeSpan _least = TimeSpan.FromMinutes(31);

    public Coding Channel => new("http://hl7.org/fhir/virtual-service-type", "zoom");

    public VideoAccess Open(VideoSeat seat)
    {
        var expires = seat.Now + _least > seat.Expires ? seat.Now + _least : seat.Expires;
        var claims = new JsonObject
        {
            ["app_key"] = options.AppId,
            ["tpc"] = seat.Room,
            ["role_type"] = seat.Role == VisitRole.Host ? 1 : 0,
            ["user_identity"] = VideoToken.IdentityOf(seat),
            ["version"] = 1,
            ["iat"] = seat.Now.ToUnixTimeSeconds() - 10,
            ["exp"] = expires.ToUnixTimeSeconds(),
        };
        return new(options.Url!, VideoToken.Sign(claims, options.Secret!));
    }
}
