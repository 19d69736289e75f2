using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Video;

/// <summary>A link that somebody set up, which is itself the key: it is in the settings and told by <c>$join</c>, and nowhere else.</summary>
internal sealed class StaticVideo(VisitOptions.VideoOptions options, Canonicals canonicals) : IVideoProvider
{
    public Coding Channel => new(canonicals.CodeSystem("virtual-channel"), "link");

    public VideoAccess Open(VideoSeat seat) => new(options.Url!.Replace("{room}", seat.Room, StringComparison.Ordinal), Token: null);
}
