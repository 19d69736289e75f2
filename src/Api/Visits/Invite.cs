using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>
/// <c>Encounter/[id]/$invite</c> and <c>$revoke-invite</c>: a link for a relative or an interpreter. What opens is behind the <c>#</c>, which
/// browsers send nowhere, and it works once.
/// </summary>
internal static class Invite
{
    private const int LongestName = 200;
    private static readonly TimeSpan _usual = TimeSpan.FromDays(1);
    private static readonly TimeSpan _longest = TimeSpan.FromDays(90);

    public static async Task<FhirResult> HandleAsync(FhirRequest request, VisitDesk desk, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, desk.Server, "invite", ["name", "relationship", "telecom", "expires"], cancellationToken);
        var invitation = new VisitInvitation(NameIn(input), RelationshipIn(input), TelecomIn(input));
        request.Caller.Demand(Interaction.Update, "Encounter");
        var (encounter, _) = await desk.EnterAsync(request, cancellationToken);
        var (id, now) = (desk.Server.NewId(), desk.Server.Clock.GetUtcNow());
        var expires = ExpiryIn(input, encounter, now);
        var person = invitation.Person(encounter, id).OrThrow(desk.Canonicals);
        desk.Server.Validator.Validate(person);
        await desk.CommitAsync(
            request,
            "$invite",
            null,
            cancellationToken,
            new CreateChange(new ResourceKey("RelatedPerson", id), new ResourceContent(person, FhirJson.Serialize(person))),
            desk.Step<Encounter>(encounter.Id!, before => invitation.Join(before, id, desk.Options.MaxParticipants, now)));
        var code = await desk.Invites.AddAsync(new VisitInvite(encounter.Id!, id, invitation.Name, expires), cancellationToken);
        var answer = new Parameters();
        answer.Add("url", new FhirUrl($"{TelehealthVisit.AddressOf(desk.Origin, encounter.Id!)}#invite={code}"));
        answer.Add("related-person", new ResourceReference($"RelatedPerson/{id}"));
        answer.Add("expires", Moment.Instant(expires));
        return new FhirResult(HttpStatusCode.Created) { Content = FhirContent.Of(FhirJson.Serialize(answer)), IsAudited = true };
    }

    public static async Task<FhirResult> HandleRevokeAsync(FhirRequest request, VisitDesk desk, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, desk.Server, "revoke-invite", ["related-person"], cancellationToken);
        var reference = VisitParties.Local(input.Find<ResourceReference>("related-person"));
        if (reference is null || !ResourceKey.TryParse(reference, out var key) || key.Type != "RelatedPerson")
        {
            throw input.Wrong("related-person", "must be a reference to a RelatedPerson");
        }

        request.Caller.Demand(Interaction.Update, "Encounter");
        var (encounter, _) = await desk.EnterAsync(request, cancellationToken);
        if (await desk.Invites.RevokeAsync(encounter.Id!, key.Id, cancellationToken) is not { } wasThere)
        {
            throw FhirException.NotFound("That person was not invited to this visit.");
        }

        var now = desk.Server.Clock.GetUtcNow();
        await desk.Rooms.CloseAsync(encounter.Id!, reference, "revoked", cancellationToken);
        var commit = await desk.CommitAsync(
            request,
            "$revoke-invite",
            null,
            cancellationToken,
            desk.Step<Encounter>(encounter.Id!, before => EncounterStates.IsOver(before.Status) ? before : VisitInvitation.Withdraw(before, key.Id, wasThere, now)));
        var stored = commit.Results[0].Resource!;
        return FhirResult.Ok(stored, FhirContent.Of(stored.Json)) with { IsAudited = true };
    }

    private static string NameIn(OperationInput input) =>
        input.Text("name")?.Trim() is { Length: > 0 and <= LongestName } name && !name.Any(char.IsControl)
            ? name
            : throw input.Wrong("name", $"must say in 1 to {LongestName} characters who is invited");

    private static CodeableConcept? RelationshipIn(OperationInput input) => input.All("relationship") switch
    {
        [] => null,
        [CodeableConcept concept] => concept,
        [Coding coding] => new CodeableConcept { Coding = [coding] },
        [PrimitiveType plain] when plain.ToString() is { Length: > 0 and <= LongestName } text => new CodeableConcept { Text = text },
        _ => throw input.Wrong("relationship", "must be given once, as a CodeableConcept, a Coding or a text"),
    };

    private static ContactPoint? TelecomIn(OperationInput input) => input.All("telecom") switch
    {
        [] => null,
        [ContactPoint contact] => contact,
        [PrimitiveType plain] when plain.ToString() is { Length: > 0 and <= LongestName } text => new ContactPoint
        {
            System = text.Contains('@', StringComparison.Ordinal) ? ContactPoint.ContactPointSystem.Email : ContactPoint.ContactPointSystem.Phone,
            Value = text,
        },
        _ => throw input.Wrong("telecom", "must be given once, as a ContactPoint or a text"),
    };

    /// <summary>A day after the visit is meant to begin, unless said otherwise.</summary>
    private static DateTimeOffset ExpiryIn(OperationInput input, Encounter encounter, DateTimeOffset now)
    {
        if (input.Text("expires") is { } text)
        {
            return Moment.Read(text) is { } given && given > now && given <= now + _longest
                ? given
                : throw input.Wrong("expires", $"must be a time to come within {_longest.TotalDays} days");
        }

        var planned = Moment.Read((encounter.GetExtension(TelehealthVisit.PlannedStartUrl)?.Value as FhirDateTime)?.Value) ?? now;
        return (planned > now ? planned : now) + _usual;
    }
}
