using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Video;

/// <summary>A LiveKit server (https://docs.livekit.io/home/get-started/authentication/).</summary>
internal sealed class LiveKitVideo(VisitOptions.VideoOptions options, Canonicals canonicals) : IVideoProvider
{
    public Coding Channel => new(canonicals.CodeSystem("virtual-channel"), "livekit");

    public VideoAccess Open(VideoSeat seat)
    {
        var isHost = seat.Role == VisitRole.Host;
        var claims = new JsonObject
        {
            ["iss"] = options.AppId,
            ["sub"] = VideoToken.IdentityOf(seat),
            ["name"] = seat.Member.Name,
            ["nbf"] = seat.Now.ToUnixTimeSeconds() - 10,
            ["exp"] = seat.Expires.ToUnixTimeSeconds(),
            ["video"] = new JsonObject
            {
                ["room"] = seat.Room,
                ["roomJoin"] = true,
                ["roomAdmin"] = isHost,
                ["canPublish"] = true,
                ["canSubscribe"] = true,
            },
        };
        return new(options.Url!, VideoToken.Sign(claims, options.Secret!));
    }
}
