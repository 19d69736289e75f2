using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>What a clinic sets for its visits by video.</summary>
/// <param name="Canonicals">Where this server's extensions and codes are.</param>
/// <param name="Origin">Where the visit page is, without a slash at its end.</param>
public sealed record VisitSettings(Canonicals Canonicals, string Origin)
{
    /// <summary>How many may be in a room.</summary>
    public int MaxParticipants { get; init; } = 4;

    /// <summary>By what the parties meet where nobody says otherwise; null for the rooms of this server.</summary>
    public Coding? Channel { get; init; }

    /// <summary>The virtual service of an Encounter for which nobody named another: it has a page of this server.</summary>
    public VirtualServiceDetail ServiceOf(string encounterId) => new()
    {
        ChannelType = Channel ?? VirtualServiceDetail.OwnChannel(Canonicals),
        Address = TelehealthVisit.AddressOf(Origin, encounterId),
        MaxParticipants = MaxParticipants,
    };
}
