using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Visits.Rooms;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Binaries;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Visits;

/// <summary>
/// <c>$start-recording</c> and <c>$stop-recording</c>: who runs the visit records it, by consent of both sides and with everybody in the room
/// told. The file is made where the media are, and filed here.
/// </summary>
internal sealed class RecordVisit(VisitDesk desk, IRecordings recordings)
{
    /// <summary>Begins to record: 403 where a consent is missing, 409 where the visit has not begun or is recorded already.</summary>
    public static async Task<FhirResult> HandleStartAsync(FhirRequest request, RecordVisit record, CancellationToken cancellationToken)
    {
        await OperationInput.ReadAsync(request, record.Desk.Server, "start-recording", [], cancellationToken);
        var (encounter, member) = await record.Desk.EnterAsHostAsync(request, cancellationToken);
        return await record.StartAsync(encounter, member, cancellationToken);
    }

    /// <summary>Ends it, and files the recorded file where it is given; the same again with the file, where that comes later.</summary>
    public static async Task<FhirResult> HandleStopAsync(FhirRequest request, RecordVisit record, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, record.Desk.Server, "stop-recording", ["file"], cancellationToken);
        var file = input.Find<ResourceReference>("file") switch
        {
            null => (ResourceKey?)null,
            var reference => ResourceKey.TryParse(reference.Reference, out var key) && key is { Type: "Binary", Version: null } ? key : throw input.Wrong("file", "must be a reference to a Binary of this server"),
        };
        var (encounter, member) = await record.Desk.EnterAsHostAsync(request, cancellationToken);
        var stopped = await record.StopAsync(encounter.Id!, member.Name, null, cancellationToken);
        if (file is null)
        {
            return stopped is null ? throw NotRecording(record.Desk) : Answer(stopped);
        }

        var unfiled = stopped ?? await record.Recordings.FindUnfiledAsync(encounter.Id!, cancellationToken) ?? throw NotRecording(record.Desk);
        return await record.FileAsync(request, encounter, unfiled, file.Value, cancellationToken);
    }

    /// <summary>Why a recording ended, where it is that somebody consents to it no longer.</summary>
    private const string Revoked = "consent-revoked";

    private VisitDesk Desk { get; } = desk;

    private IRecordings Recordings { get; } = recordings;

    /// <summary>Ends the recording of a visit, whoever wants it, and tells the room; null where there is none.</summary>
    public async Task<Recording?> StopAsync(string encounter, string by, string? reason, CancellationToken cancellationToken)
    {
        var stopped = await Recordings.StopAsync(encounter, Moment.Whole(Desk.Server.Clock.GetUtcNow()), cancellationToken);
        if (stopped is not null)
        {
            await Desk.Rooms.BroadcastAsync(encounter, null, RoomMessage.Recording, new RecordingState(false, by, reason), cancellationToken);
        }

        return stopped;
    }

    /// <summary>Ends the recordings whose consent is withdrawn or whose visit is over, and says so in the audit trail.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var recording in await Recordings.RunningAsync(cancellationToken))
        {
            var encounter = await Desk.FindEncounterAsync(recording.Encounter, cancellationToken);
            var reason = encounter is null || EncounterStates.IsOver(encounter.Status) ? "visit-ended"
                : (await BasisAsync(encounter, recording.By, cancellationToken)) is null ? Revoked
                : null;
            if (reason is not null && await StopAsync(recording.Encounter, "server", reason, cancellationToken) is not null)
            {
                await Desk.Trail.RecordAsync(
                    AuditEntry.By(VisitDesk.Self, AuditKind.Rest, reason == Revoked ? "$recording-revoked" : "$recording-ended", Desk.Server.Clock.GetUtcNow()) with
                    {
                        Status = StatusCodes.Status200OK,
                        Reason = reason,
                        Resources = [$"Encounter/{recording.Encounter}"],
                        Patients = ResourceKey.TryParse(VisitParties.Local(encounter?.Subject), out var patient) && patient.Type == "Patient" ? [patient.Id] : [],
                    },
                    cancellationToken);
            }
        }
    }

    private async Task<FhirResult> StartAsync(Encounter encounter, RoomMember member, CancellationToken cancellationToken)
    {
        if (EncounterStates.IsOver(encounter.Status) || !VisitParties.HasBegun(encounter))
        {
            throw Refusal.Conflict("not-in-progress", "A visit is recorded while it is in progress.", "Encounter.status").ToException(Desk.Canonicals);
        }

        if (await BasisAsync(encounter, member.Participant, cancellationToken) is not { } consents)
        {
            throw Refusal.Forbidden("consent-missing", "A visit is recorded only while the patient, and whoever records, consent to it.").ToException(Desk.Canonicals);
        }

        var recording = new Recording(Desk.Server.NewId(), encounter.Id!, member.Participant, Moment.Whole(Desk.Server.Clock.GetUtcNow()), consents);
        if (!await Recordings.StartAsync(recording, cancellationToken))
        {
            throw Refusal.Conflict("already-recording", "The visit is being recorded.").ToException(Desk.Canonicals);
        }

        await Desk.Rooms.BroadcastAsync(encounter.Id!, null, RoomMessage.Recording, new RecordingState(true, member.Name), cancellationToken);

        // Withdrawn in this very moment: then it never was.
        await LookAsync(cancellationToken);
        return Answer(recording);
    }

    /// <summary>
    /// The Consents that a recording rests on; null where one is missing. Whoever starts it agrees by that, unless they have said otherwise: by a
    /// Consent of their own that is no longer in force.
    /// </summary>
    private async Task<ImmutableArray<string>?> BasisAsync(Encounter encounter, string by, CancellationToken cancellationToken)
    {
        if (VisitParties.Local(encounter.Subject) is not { } patient)
        {
            return null;
        }

        var (ofPatient, _) = await Consents.OfAsync(Desk, patient, ActiveConsent.Recording, cancellationToken);
        var (ofHost, hasSaid) = by.StartsWith("Practitioner", StringComparison.Ordinal)
            ? await Consents.OfAsync(Desk, by, ActiveConsent.Recording, cancellationToken)
            : ([], false);
        return ofPatient.IsEmpty || (hasSaid && ofHost.IsEmpty) ? null : [.. ofPatient.Concat(ofHost).Distinct()];
    }

    /// <summary>Makes the document of a recorded file, to which the file belongs from now on; once for each recording.</summary>
    private async Task<FhirResult> FileAsync(
        FhirRequest request, Encounter encounter, Recording recording, ResourceKey file, CancellationToken cancellationToken)
    {
        request.Caller.Demand(Interaction.Create, "DocumentReference");
        var stored = await Desk.Server.ReadCurrentAsync(request.Caller, file, cancellationToken);
        var binary = (Binary)FhirJson.Parse(stored.Json, "Binary");
        var type = BinaryRules.MediaTypeOf(binary.ContentType);
        if (BinaryContent.Of(stored.Json) is not { } content || type is null || !(type.StartsWith("video/", StringComparison.Ordinal) || type.StartsWith("audio/", StringComparison.Ordinal)))
        {
            throw FhirException.BusinessRule("The file of a recording is a video or sound.", "Parameters.parameter.value");
        }

        if (VisitParties.Local(binary.SecurityContext) is { } owner && owner != $"Encounter/{encounter.Id}" && owner != VisitParties.Local(encounter.Subject))
        {
            throw FhirException.BusinessRule("The file belongs to something else than this visit.", "Parameters.parameter.value");
        }

        var attachment = new Attachment
        {
            ContentType = binary.ContentType,
            Url = file.ToString(),
            SizeUnsignedInt = (int)content.Size,
            Hash = Convert.FromBase64String(content.Sha1),
            CreationElement = Moment.DateTime(recording.Started),
        };
        var (consents, ofHost) = (recording.Consents, await HostConsentAsync(recording, cancellationToken));
        var document = RecordingDocument.Make(
            recording, encounter, attachment, ofHost is null ? consents : consents.Add($"Consent/{ofHost.Id}"), Desk.Options.RecordingRetention, Desk.Canonicals);
        var key = new ResourceKey("DocumentReference", Desk.Server.NewId());
        var changes = new List<Change> { new CreateChange(key, Content(document)), Belong(file, key) };
        if (ofHost is not null)
        {
            changes.Add(new CreateChange(new ResourceKey("Consent", ofHost.Id!), Content(ofHost)));
        }

        if (!await Recordings.FileAsync(recording.Id, cancellationToken))
        {
            throw Refusal.Conflict("already-filed", "The file of this recording is filed.").ToException(Desk.Canonicals);
        }

        var commit = await Desk.CommitAsync(request, "$stop-recording", null, cancellationToken, [.. changes]);
        return FhirResult.Ok(commit.Results[0].Resource!, FhirContent.Of(commit.Results[0].Resource!.Json)) with { IsAudited = true };
    }

    /// <summary>What starting it said of whoever did, as a Consent; null where there is one already, or no person did.</summary>
    private async Task<Consent?> HostConsentAsync(Recording recording, CancellationToken cancellationToken) =>
        !ResourceKey.TryParse(recording.By, out _) || (await Consents.OfAsync(Desk, recording.By, ActiveConsent.Recording, cancellationToken)).HasAny
        ? null
        : new Consent
        {
            Id = Desk.Server.NewId(),
            Status = Consent.ConsentState.Active,
            Scope = new CodeableConcept("http://terminology.hl7.org/CodeSystem/consentscope", "treatment"),
            Category = [new CodeableConcept(ActiveConsent.System(Desk.Canonicals), ActiveConsent.Recording)],
            DateTimeElement = Moment.DateTime(recording.Started),
            Performer = [new ResourceReference(recording.By)],
            PolicyRule = new CodeableConcept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
            Provision = new Consent.provisionComponent
            {
                Type = Consent.ConsentProvisionType.Permit,
                Period = Moment.Period(recording.Started, null),
            },
        };

    private static PatchChange Belong(ResourceKey file, ResourceKey document) => new(file, stored =>
    {
        var binary = (Binary)FhirJson.Parse(stored.Json, "Binary");
        binary.SecurityContext = new ResourceReference(document.ToString());
        return new ResourceContent(binary, FhirJson.Serialize(binary));
    });

    private static ResourceContent Content(Resource resource) => new(resource, FhirJson.Serialize(resource));

    private static FhirException NotRecording(VisitDesk desk) => Refusal.Conflict("not-recording", "The visit is not being recorded.").ToException(desk.Canonicals);

    private static FhirResult Answer(Recording recording)
    {
        var answer = new Parameters();
        answer.Add("active", new FhirBoolean(recording.Stopped is null));
        answer.Add("started", Moment.Instant(recording.Started));
        if (recording.Stopped is { } stopped)
        {
            answer.Add("stopped", Moment.Instant(stopped));
        }

        foreach (var consent in recording.Consents)
        {
            answer.Add("consent", new ResourceReference(consent));
        }

        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer)));
    }
}
