using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Visits.Rooms;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Visits;

/// <summary>What the operations of a visit work with.</summary>
internal sealed record VisitDesk(
    FhirServer Server, IJoinTokens Tokens, IVisitInvites Invites, IAuditTrail Trail, VisitRooms Rooms)
{
    /// <summary>As whom the server itself changes an Encounter, after it has judged who asked.</summary>
    public static Caller Self { get; } = Caller.System("visit");

    public Canonicals Canonicals { get; } = new(Server.Options.Fhir.CanonicalBase);

    public VisitOptions Options => Server.Options.Visits;

    /// <summary>The server's address without a slash at its end.</summary>
    public string Origin => new Uri(Server.Address.Base).GetLeftPart(UriPartial.Authority);

    /// <summary>The Encounter that a request names, and the caller as its party: 404 where the caller may not see it, 403 for whoever takes no part.</summary>
    public async Task<(Encounter Encounter, RoomMember Member)> EnterAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        var encounter = Read(await Server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken));
        var practitioners = new Dictionary<string, string?>();
        foreach (var role in VisitParties.RolesIn(encounter))
        {
            practitioners[role] = VisitParties.Local((await FindAsync<PractitionerRole>(role, cancellationToken))?.Practitioner);
        }

        var member = VisitParties.Find(encounter, request.Caller, practitioners.GetValueOrDefault, Server.Clock.GetUtcNow())
            ?? throw Refusal.Forbidden("no-participant", "You take no part in this visit.").ToException(Canonicals);
        return (encounter, await NameAsync(encounter, member, cancellationToken));
    }

    /// <summary>The same, 403 too for whoever does not run the visit or may not change it.</summary>
    public async Task<(Encounter Encounter, RoomMember Member)> EnterAsHostAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Update, "Encounter");
        var entered = await EnterAsync(request, cancellationToken);
        return entered.Member.IsHost
            ? entered
            : throw Refusal.Forbidden("not-host", "Only who runs the visit may do this.").ToException(Canonicals);
    }

    /// <summary>The Encounter as it is, whoever asks; null where there is none.</summary>
    public Task<Encounter?> FindEncounterAsync(string id, CancellationToken cancellationToken) =>
        ResourceKey.IsId(id) ? FindAsync<Encounter>($"Encounter/{id}", cancellationToken) : Task.FromResult<Encounter?>(null);

    /// <summary>A resource by its reference, whoever asks; null where there is none.</summary>
    public async Task<T?> FindAsync<T>(string reference, CancellationToken cancellationToken)
        where T : Resource =>
        ResourceKey.TryParse(reference, out var key)
        && await Server.Store.ReadAsync(Self, new ResourceKey(key.Type, key.Id), cancellationToken) is { IsDeleted: false } stored
            ? FhirJson.Parse(stored.Json, key.Type) as T
            : null;

    /// <summary>Changes resources for a request, all or none, and records it with the change.</summary>
    public Task<CommitResult> CommitAsync(FhirRequest? request, string operation, string? reason, CancellationToken cancellationToken, params Change[] changes) =>
        Server.Store.CommitAsync(
            Self,
            new ChangeSet([.. changes], [])
            {
                IsOperation = true,
                Audit = (request?.Audit?.Entry(AuditKind.Rest, operation)
                    ?? AuditEntry.By(request?.Caller ?? Self, AuditKind.Rest, operation, Server.Clock.GetUtcNow())) with
                {
                    Reason = reason,
                },
            },
            cancellationToken);

    /// <summary>A step of an Encounter or Appointment, made from how it is when it is written.</summary>
    public PatchChange Step<T>(string id, Func<T, Decision<T>> step)
        where T : Resource, new() =>
        new(new ResourceKey(new T().TypeName, id), stored =>
        {
            var after = step((T)FhirJson.Parse(stored.Json, stored.Key.Type)).OrThrow(Canonicals);
            return new ResourceContent(after, FhirJson.Serialize(after));
        });

    public static Encounter Read(StoredResource stored) => (Encounter)FhirJson.Parse(stored.Json, "Encounter");

    /// <summary>Where the Encounter does not say how a person is called, the person's own resource does.</summary>
    private async Task<RoomMember> NameAsync(Encounter encounter, RoomMember member, CancellationToken cancellationToken)
    {
        var isNamed = encounter.Participant.Select(one => one.Individual).Append(encounter.Subject)
            .Any(reference => reference?.Display is { Length: > 0 } && VisitParties.Local(reference) == member.Participant);
        var names = isNamed ? null : await FindAsync<Resource>(member.Participant, cancellationToken) switch
        {
            Patient patient => patient.Name,
            Practitioner practitioner => practitioner.Name,
            RelatedPerson related => related.Name,
            _ => null,
        };
        return names?.FirstOrDefault() is { } name && (name.Text ?? string.Join(' ', [.. name.Given, name.Family ?? ""])).Trim() is { Length: > 0 } text
            ? member with { Name = text }
            : member;
    }
}
