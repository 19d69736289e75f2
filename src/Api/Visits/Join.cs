using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>
/// <c>Encounter/[id]/$join</c>: what somebody needs to come into the room of a visit, for a few minutes and once. A patient who was not let in
/// yet, and whoever comes along, gets into the lobby.
/// </summary>
internal sealed class Join(VisitDesk desk, Licences licences, IEnumerable<IVideoProvider> providers)
{
    /// <summary>For so long a token opens a connection.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(5);

    private readonly Licences _licences = licences;
    private readonly IVideoProvider? _provider = providers.FirstOrDefault();

    public static async Task<FhirResult> HandleAsync(FhirRequest request, VisitDesk desk, Join join, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, desk.Server, "join", ["device-check", DeclaredPlace.Name], cancellationToken);
        input.Flag("device-check");
        var (encounter, member) = await desk.EnterAsync(request, cancellationToken);
        var place = await DeclaredPlace.ReadAsync(input, desk.Server, cancellationToken);
        var answer = await join.LetInAsync(encounter, member, cancellationToken, place);
        await join._licences.DeclareAsync(request, encounter, member, place, cancellationToken);
        return answer;
    }

    /// <summary>The answer to somebody who takes part: 410 where the visit is over, 403 where the patient's consent is asked for and missing.</summary>
    public async Task<FhirResult> LetInAsync(Encounter encounter, RoomMember member, CancellationToken cancellationToken, ResourceReference? place = null)
    {
        if (EncounterStates.IsOver(encounter.Status))
        {
            throw Refusal.Gone("visit-ended", "The visit is over.", "Encounter.status").ToException(desk.Canonicals);
        }

        if (desk.Options.RequireConsent && !await HasConsentAsync(encounter, cancellationToken))
        {
            throw VisitConsent.Missing.ToException(desk.Canonicals);
        }

        await _licences.DemandAsync(encounter, place, cancellationToken);

        var now = desk.Server.Clock.GetUtcNow();
        var (role, expires) = (member.RoleIn(VisitParties.HasBegun(encounter)), now + Life);
        var token = await desk.Tokens.MintAsync(member, expires, cancellationToken);
        var address = $"ws{desk.Origin[4..]}/rtc";
        var room = RoomOf(encounter.Id!);
        var outside = role == VisitRole.Lobby ? null : _provider?.Open(new VideoSeat(room, member, role, now, expires));
        var answer = new Parameters();
        answer.Add("room", new Id(room));
        answer.Add("channel", outside is null ? VirtualServiceDetail.OwnChannel(desk.Canonicals) : _provider!.Channel);
        answer.Add("url", new FhirUrl(outside?.Url ?? address));
        if (outside is null || outside.Token is not null)
        {
            answer.Add("token", new FhirString(outside is null ? token : outside.Token));
        }

        answer.Add("expires", Moment.Instant(expires));
        answer.Add("role", new Code(role switch
        {
            VisitRole.Host => "host",
            VisitRole.Guest => "guest",
            _ => "lobby",
        }));
        if (outside is not null)
        {
            // Presence, and that the visit is over, are told here whoever carries the media.
            Part(answer, "presence", ("url", new FhirUrl(address)), ("token", new FhirString(token)));
        }

        AddRelays(answer, member, now);
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer)));
    }

    /// <summary>The name of the room; that it can be told from the Encounter's id opens nothing.</summary>
    private static string RoomOf(string encounter) =>
        $"r-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"visit/{encounter}")))[..24]}";

    private void AddRelays(Parameters answer, RoomMember member, DateTimeOffset now)
    {
        var turn = desk.Options.Turn;
        foreach (var url in turn.Urls)
        {
            if (url.StartsWith("stun:", StringComparison.Ordinal))
            {
                Part(answer, "iceServer", ("urls", new FhirString(url)));
                continue;
            }

            var credential = TurnCredential.Of(member.Participant.Split('/')[^1], now + turn.Life, turn.Secret!);
            Part(answer, "iceServer", ("urls", new FhirString(url)), ("username", new FhirString(credential.UserName)), ("credential", new FhirString(credential.Password)));
        }
    }

    private static void Part(Parameters answer, string name, params (string Name, DataType Value)[] parts) => answer.Parameter.Add(new()
    {
        Name = name,
        Part = [.. parts.Select(part => new Parameters.ParameterComponent { Name = part.Name, Value = part.Value })],
    });

    private async Task<bool> HasConsentAsync(Encounter encounter, CancellationToken cancellationToken)
    {
        if (VisitParties.Local(encounter.Subject) is not { } patient)
        {
            return false;
        }

        var query = desk.Server.Parser.Parse(["Consent"], VisitConsent.Criteria(patient, desk.Canonicals), strict: true);
        var found = await desk.Server.Store.SearchAsync(VisitDesk.Self, query with { Total = TotalMode.None }, cancellationToken);
        var now = desk.Server.Clock.GetUtcNow();
        return found.Matches.Any(match => VisitConsent.Permits((Consent)FhirJson.Parse(match.Json, "Consent"), now));
    }
}
