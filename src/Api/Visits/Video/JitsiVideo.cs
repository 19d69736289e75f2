using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Video;

/// <summary>
/// A Jitsi Meet of one's own that takes tokens and no guests
/// (https://github.com/jitsi/lib-jitsi-meet/blob/master/doc/tokens.md).
/// </summary>
internal sealed class JitsiVideo(VisitOptions.VideoOptions options, Canonicals canonicals) : IVideoProvider
{
    public Coding Channel => new(canonicals.CodeSystem("virtual-channel"), "jitsi");

    public VideoAccess Open(VideoSeat seat)
    {
        var isHost = seat.Role == VisitRole.Host;
        var claims = new JsonObject
        {
            ["aud"] = "jitsi",
            ["iss"] = options.AppId,
            ["sub"] = options.Domain ?? new Uri(options.Url!).Host,
            ["room"] = seat.Room,
            ["nbf"] = seat.Now.ToUnixTimeSeconds() - 10,
            ["exp"] = seat.Expires.ToUnixTimeSeconds(),
            ["context"] = new JsonObject
            {
                ["user"] = new JsonObject
                {
                    ["id"] = VideoToken.IdentityOf(seat),
                    ["name"] = seat.Member.Name,
                    ["affiliation"] = isHost ? "owner" : "member",
                    ["moderator"] = isHost,
                },
            },
        };
        return new($"{options.Url!.TrimEnd('/')}/{seat.Room}", VideoToken.Sign(claims, options.Secret!));
    }
}
