using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary><c>Appointment/[id]/$cancel</c>: gives an Appointment up, or several of its series, and with it its Slots and its visit.</summary>
internal static class Cancel
{
    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, BookingDesk desk, HttpContext context, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "cancel", ["reason", "cancelled-by", "comment", "scope"], cancellationToken);
        var receipt = BookingDesk.ReceiptOf(request, context, input);
        var (cancelled, _) = await desk.OnceAsync(request, receipt, CancelAsync, cancellationToken);
        return cancelled is [var only]
            ? FhirResult.Ok(only, FhirContent.Of(only.Json)) with { IsAudited = true }
            : desk.Answer(HttpStatusCode.OK, cancelled);

        async Task<ImmutableArray<StoredResource>> CancelAsync()
        {
            var reason = input.All("reason") is [CodeableConcept concept] ? concept : input.Text("reason") is { } text ? new CodeableConcept { Text = text } : null;
            var cancellation = new Cancellation(reason, input.Text("comment"), input.Text("cancelled-by"));
            var scope = WeeklySeries.ReadScope(input.Text("scope")) ?? throw input.Wrong("scope", "must be one, this-and-following or all");
            var changes = ImmutableArray.CreateBuilder<Change>();
            foreach (var key in await MembersAsync(desk, request, scope, cancellationToken))
            {
                changes.Add(await ChangeAsync(desk, request, key, cancellation, cancellationToken));
            }

            return await desk.CommitAsync(request, changes.ToImmutable(), receipt, "cancel", cancellationToken);
        }
    }

    /// <summary>The change that cancels an Appointment which the caller sees.</summary>
    public static async Task<Change> ChangeAsync(
        BookingDesk desk, FhirRequest request, ResourceKey key, Cancellation cancellation, CancellationToken cancellationToken)
    {
        var (appointment, isStored) = await desk.ReadAsync(request.Caller, key, cancellationToken);
        if (!isStored)
        {
            throw Refusal.Conflict(AppointmentStates.InvalidTransition, "A proposal runs out by itself.", "Appointment.status").ToException(desk.Canonicals);
        }

        // What is wrong with the request itself is said before anything is locked.
        desk.Rules.Cancel(appointment, [], cancellation, desk.Now).OrThrow(desk.Canonicals);
        var change = desk.Change(key, stored => desk.Rules.Cancel(stored, [], cancellation, desk.Now));

        // If-Match is of the one that is named, not of the others of its series.
        return request.Key.Type is null || request.Key == key ? change with { IfMatch = EntityTags.Parse(request.IfMatch) } : change;
    }

    private static async Task<IEnumerable<ResourceKey>> MembersAsync(
        BookingDesk desk, FhirRequest request, SeriesScope scope, CancellationToken cancellationToken)
    {
        var (appointment, isStored) = await desk.ReadAsync(request.Caller, request.Key, cancellationToken);
        if (!isStored || WeeklySeries.SeriesOf(appointment, desk.Canonicals) is not { } series)
        {
            return [request.Key];
        }

        var others = await desk.AllAsync<Appointment>(
            [new("identifier", $"{WeeklySeries.System(desk.Canonicals)}|{series}")], cancellationToken);
        return WeeklySeries.Pick(appointment, others, scope, desk.Canonicals).Select(member => new ResourceKey("Appointment", member.Id!));
    }
}
