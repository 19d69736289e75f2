using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>What a clinic sets for its visits by video.</summary>
/// <param name="Canonicals">Where this server's extensions and codes are.</param>
/// <param name="Origin">Where the visit page is, without a slash at its end.</param>
public sealed record VisitSettings(Canonicals Canonicals, string Origin)
{
    /// <summary>How many may be in a room.</summary>
    public int MaxParticipants { get; init; } = 4;

    /// <summary>The virtual service of an Encounter that takes place in a room of this server.</summary>
    public VirtualServiceDetail ServiceOf(string encounterId) => new()
    {
        ChannelType = VirtualServiceDetail.OwnChannel(Canonicals),
        Address = TelehealthVisit.AddressOf(Origin, encounterId),
        MaxParticipants = MaxParticipants,
    };
}
