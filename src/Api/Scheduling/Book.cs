using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Appointment;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Appointment/$book</c> (IHE ITI-117): books what was proposed, held or wished for. By IHE the status of an Appointment that is sent
/// along says what is meant: <c>pending</c> or <c>proposed</c> a new one, <c>booked</c> another time for it, <c>cancelled</c> its end.
/// With <c>occurrence-count</c> the wish is the first week of a series, which is booked whole or not at all.
/// </summary>
internal static class Book
{
    private const string Name = "book";

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, BookingDesk desk, HttpContext context, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(
            request, server, Name, [Wish.Reference, Wish.Resource, Wish.Patient, DeclaredPlace.Name, "comment", "occurrence-count"], cancellationToken);
        var receipt = BookingDesk.ReceiptOf(request, context, input);
        var isNew = true;
        var (written, isRepeated) = await desk.OnceAsync(request, receipt, BookAsync, cancellationToken);
        return isRepeated || !isNew
            ? desk.Answer(HttpStatusCode.OK, written, await WarningsAsync(desk, written, cancellationToken))
            : desk.Answer(HttpStatusCode.Created, written, await WarningsAsync(desk, written, cancellationToken)) with { Location = written.IsEmpty ? null : server.Address.Of(written[0].Key) };

        async Task<ImmutableArray<StoredResource>> BookAsync()
        {
            if (input.Find<Appointment>(Wish.Resource) is { Id: { } id, Status: AppointmentStatus.Booked or AppointmentStatus.Cancelled } meant)
            {
                var key = ResourceKey.TryParse($"Appointment/{id}", out var named) ? named : throw input.Wrong(Wish.Resource, "must have a sound id");
                server.Validator.Validate(meant);
                var change = meant.Status == AppointmentStatus.Cancelled
                    ? await Cancel.ChangeAsync(desk, request, key, new Cancellation(meant.CancelationReason, meant.Comment), cancellationToken)
                    : await Reschedule.ChangeAsync(desk, request, key, meant, await DeclaredPlace.ReadAsync(input, desk.Server, cancellationToken), cancellationToken);
                isNew = false;
                return await desk.CommitAsync(request, [change], receipt, Name, cancellationToken);
            }

            var wish = (await Wish.ReadAsync(desk, request, input, cancellationToken)).Demand(request.Caller, desk.Canonicals);
            if (BookingRules.CheckBook(wish.Appointment, wish.IsStored) is { } wrong)
            {
                // What it is decides before what time it is to have.
                throw wrong.ToException(desk.Canonicals);
            }

            var changes = input.Number("occurrence-count") is { } count
                ? await SeriesAsync(desk, wish, count, input, cancellationToken)
                : [await OneAsync(desk, wish, input.Text("comment"), cancellationToken)];
            return await desk.CommitAsync(request, [.. wish.Patients, .. changes], receipt, Name, cancellationToken, Interaction.Create);
        }
    }

    /// <summary>That an interpreter is needed and has yet to be found.</summary>
    private static async Task<IReadOnlyList<OperationOutcome.IssueComponent>> WarningsAsync(
        BookingDesk desk, ImmutableArray<StoredResource> written, CancellationToken cancellationToken)
    {
        var booked = written.Select(stored => (Appointment)FhirJson.Parse(stored.Json)).Where(one => one.Status == AppointmentStatus.Booked).ToList();
        var ids = booked.SelectMany(TelehealthVisit.PatientsOf).Select(Occupancy.RelativeOf).OfType<string>().Select(name => name.Split('/')[1]).Distinct().ToList();
        if (ids.Count == 0)
        {
            return [];
        }

        var patients = await desk.AllAsync<Patient>([new("_id", string.Join(',', ids))], cancellationToken);
        if (!booked.Exists(appointment => patients.Exists(patient => InterpreterNeed.IsOpen(patient, appointment))))
        {
            return [];
        }

        var issue = FhirException.Issue(
            OperationOutcome.IssueType.Informational, "The patient needs an interpreter, and nobody has accepted to be it: the clinic was asked to find one.", "Appointment.participant");
        issue.Severity = OperationOutcome.IssueSeverity.Warning;
        issue.Details!.Coding = [new Coding(desk.Canonicals.Errors, "interpreter-missing")];
        return [issue];
    }

    private static async Task<Change> OneAsync(BookingDesk desk, Wish wish, string? comment, CancellationToken cancellationToken)
    {
        var facts = await desk.FactsAsync(wish.Appointment, wish.IsStored, cancellationToken);
        return wish.IsStored
            ? desk.Change(new ResourceKey("Appointment", wish.Appointment.Id!), stored => desk.Rules.Book(facts with { Appointment = wish.With(stored, desk.Canonicals) }, comment))
            : desk.Create(desk.Rules.Book(facts, comment).OrThrow(desk.Canonicals).Appointment);
    }

    private static async Task<ImmutableArray<Change>> SeriesAsync(
        BookingDesk desk, Wish wish, int count, OperationInput input, CancellationToken cancellationToken)
    {
        if (wish.IsStored)
        {
            throw input.Wrong("occurrence-count", "goes with a wish, not with an appointment that is stored");
        }

        var first = await desk.FactsAsync(wish.Appointment, isStored: false, cancellationToken);
        var week = desk.Rules.Book(first, input.Text("comment")).OrThrow(desk.Canonicals).Appointment;
        var zone = (await desk.SchedulesAsync(first.Slots.Select(loaded => loaded.Slot), cancellationToken))[0].Zone.OrThrow(desk.Canonicals);
        var times = WeeklySeries.Times(week.Start!.Value, count, zone).OrThrow(desk.Canonicals);
        var candidates = await desk.SlotsAsync(
            first.Schedules, times.Starts[0], times.Starts[^1] + (week.End!.Value - week.Start.Value), own: null, cancellationToken);
        var weeks = WeeklySeries.FindSlots(first.Slots, times, candidates, first.Now).OrThrow(desk.Canonicals).Weeks;
        var members = WeeklySeries.Members(week, times, Guid.NewGuid().ToString("D"), zone, desk.Canonicals);
        return [.. members.Zip(weeks, Booked)];

        Change Booked(Appointment member, IReadOnlyList<LoadedSlot> slots)
        {
            member.Status = AppointmentStatus.Proposed;
            return desk.Create(desk.Rules.Book(first with { Appointment = member, Slots = slots }).OrThrow(desk.Canonicals).Appointment);
        }
    }
}
