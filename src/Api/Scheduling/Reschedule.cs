using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Appointment/[id]/$reschedule</c>: another time for the same Appointment, by its Slots or by its start. Who moves it must say which
/// version they mean (If-Match).
/// </summary>
internal static class Reschedule
{
    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, BookingDesk desk, HttpContext context, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "reschedule", ["slot", "start", "practitioner", DeclaredPlace.Name], cancellationToken);
        var receipt = BookingDesk.ReceiptOf(request, context, input);
        var (moved, _) = await desk.OnceAsync(request, receipt, MoveAsync, cancellationToken);
        return moved is [var only]
            ? FhirResult.Ok(only, FhirContent.Of(only.Json)) with { IsAudited = true }
            : desk.Answer(HttpStatusCode.OK, moved);

        async Task<ImmutableArray<StoredResource>> MoveAsync()
        {
            if (string.IsNullOrWhiteSpace(request.IfMatch))
            {
                throw FhirException.Of(
                    HttpStatusCode.PreconditionRequired, OperationOutcome.IssueType.Required, "If-Match: say which version of the appointment is meant.");
            }

            var (appointment, _) = await desk.ReadAsync(request.Caller, request.Key, cancellationToken);
            var change = await ChangeAsync(desk, request, request.Key, Wished(appointment, input), await DeclaredPlace.ReadAsync(input, desk.Server, cancellationToken), cancellationToken);
            return await desk.CommitAsync(request, [change], receipt, "reschedule", cancellationToken);
        }
    }

    /// <summary>The change that gives an Appointment the time that a wish for it has.</summary>
    public static async Task<Change> ChangeAsync(
        BookingDesk desk, FhirRequest request, ResourceKey key, Appointment wished, ResourceReference? place, CancellationToken cancellationToken)
    {
        var (stored, isStored) = await desk.ReadAsync(request.Caller, key, cancellationToken);
        if (!isStored)
        {
            throw Refusal.Conflict(AppointmentStates.InvalidTransition, "A proposal has not been booked yet.", "Appointment.status").ToException(desk.Canonicals);
        }

        if (BookingRules.CheckReschedule(stored) is { } wrong)
        {
            throw wrong.ToException(desk.Canonicals);
        }

        var old = await desk.SlotsAsync(stored.Slot, stored.Id, cancellationToken);
        var oldSchedules = (await desk.SchedulesAsync(old.Select(loaded => loaded.Slot), cancellationToken)).Select(loaded => loaded.Schedule).ToList();
        if (wished.Start != stored.Start && wished.Slot.Select(Occupancy.RelativeOf).SequenceEqual(stored.Slot.Select(Occupancy.RelativeOf)))
        {
            // Another time is meant, whatever Slots it still names.
            wished = (Appointment)wished.DeepCopy();
            wished.Slot = [];
        }

        var facts = await desk.FactsAsync(wished, isStored: true, cancellationToken, oldSchedules);

        // The moment decides and not what was read: another one who moved it in between makes the Slots that it leaves others.
        return desk.Change(key, current => desk.Rules.Reschedule(facts with { Appointment = Licensure.Declare(current, place, desk.Canonicals) }, old, oldSchedules)) with
        {
            IfMatch = EntityTags.Parse(request.IfMatch ?? $"W/\"{stored.Meta!.VersionId}\""),
        };
    }

    private static Appointment Wished(Appointment appointment, OperationInput input)
    {
        var slots = input.All("slot");
        var start = input.Text("start");
        if ((slots.Count == 0) == (start is null))
        {
            throw input.Wrong("slot or start", "must be given, and one of the two");
        }

        var wished = (Appointment)appointment.DeepCopy();
        if (input.All("practitioner") is [var value])
        {
            var name = value is ResourceReference { Reference: { } reference } ? reference : input.Text("practitioner");
            wished.Participant.RemoveAll(one => Occupancy.RelativeOf(one.Actor)?.Split('/')[0] is "Practitioner" or "PractitionerRole");
            wished.Participant.Add(new() { Actor = new ResourceReference(name), Status = ParticipationStatus.Accepted });
        }

        if (start is null)
        {
            wished.Slot = [.. slots.Select(slot => slot as ResourceReference ?? throw input.Wrong("slot", "must be references in the content"))];
            return wished;
        }

        if (!start.Contains('T', StringComparison.Ordinal)
            || !DateTimeOffset.TryParse(start, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            || appointment.End - appointment.Start is not { } length)
        {
            throw input.Wrong("start", "must be a time of day with its zone");
        }

        (wished.Slot, wished.Start, wished.End) = ([], at, at + length);
        return wished;
    }
}
