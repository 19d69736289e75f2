using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using Period = Hl7.Fhir.Model.Period;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// <c>Schedule/[id]/$generate-slots</c>: makes the Slots that the rules of a Schedule give in a period, where none are yet. What is there
/// stays as it is, so it may be called again and by many at once. It goes on in pieces, each of them whole: what was made before a
/// failure is there, and calling again makes the rest.
/// </summary>
internal static class GenerateSlots
{
    private const int MostSlots = 20_000;
    private const int PageSize = 1000;
    private const int Attempts = 30;

    private static readonly NodaTime.Duration _piece = NodaTime.Duration.FromDays(14);

    // How long before a piece a Slot may begin that reaches into it: R4 has no search by the end of a Slot.
    private static readonly NodaTime.Duration _slotReach = NodaTime.Duration.FromDays(1);
    private static readonly NodaTime.Duration _blockReach = NodaTime.Duration.FromDays(92);

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, ScheduleDirectory directory, CancellationToken cancellationToken)
    {
        var canonicals = server.Booking.Canonicals;
        request.Caller.Demand(Interaction.Create, "Slot");
        request.Caller.Demand(Interaction.Update, "Slot");
        if (!request.Caller.IsStaffFor("Slot"))
        {
            throw FhirException.Forbidden("Slots are made by staff.");
        }

        var input = await OperationInput.ReadAsync(request, server, "generate-slots", ["period"], cancellationToken);
        var wished = input.Find<Period>("period") ?? throw input.Wrong("period", "must be given, as a Period in the content");
        await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
        var (found, _) = await directory.LoadAsync(request.Caller, server, Query(server, "Schedule", ("_id", request.Key.Id)), cancellationToken);
        var schedule = found is [var only] ? only : throw FhirException.NotFound($"{request.Key} does not exist.");

        var zone = schedule.Zone.OrThrow(canonicals);
        var hours = ScheduleHours.Read(schedule.Schedule, zone, canonicals).OrThrow(canonicals);
        var period = ScheduleHours.PeriodOf(wished, zone) is { } time && time.Duration > NodaTime.Duration.Zero
            ? time
            : throw input.Wrong("period", "must have a start before its end");
        if (Availability.CheckPeriod(period) is { } refusal)
        {
            throw refusal.ToException(canonicals);
        }

        var made = new List<string>();
        foreach (var (piece, slots) in Pieces(hours, period, schedule.Schedule, canonicals))
        {
            made.AddRange(await MakeAsync(request, server, schedule, piece, slots, cancellationToken));
        }

        return Answer(made);
    }

    /// <summary>All slots, piece by piece; 422 where they are too many for one call.</summary>
    private static List<(Interval Piece, IReadOnlyList<Slot> Slots)> Pieces(
        ScheduleHours hours, Interval period, Schedule schedule, Canonicals canonicals)
    {
        var pieces = new List<(Interval, IReadOnlyList<Slot>)>();
        var count = 0;
        for (var start = period.Start; start < period.End; start += _piece)
        {
            var piece = new Interval(start, NodaTime.Instant.Min(start + _piece, period.End));
            var slots = Availability.Slots(hours, piece, schedule);
            count += slots.Count;
            if (count > MostSlots)
            {
                throw Refusal.BusinessRule("too-many-slots", $"At most {MostSlots} slots are made at a time: ask for a shorter period.").ToException(canonicals);
            }

            if (slots.Count > 0)
            {
                pieces.Add((piece, slots));
            }
        }

        return pieces;
    }

    /// <summary>
    /// Makes what is missing, in one transaction. It holds the guard of the Schedule and finds the Slots that were seen before, so that of
    /// two at once the second sees those of the first. The ids of what was made.
    /// </summary>
    private static async Task<IReadOnlyList<string>> MakeAsync(
        FhirRequest request, FhirServer server, LoadedSchedule schedule, Interval piece, IReadOnlyList<Slot> slots, CancellationToken cancellationToken)
    {
        var caller = ScheduleDirectory.Reader(request.Caller);
        for (var left = Attempts; left > 0; left--)
        {
            var query = Query(
                server, "Slot", ("schedule", schedule.Reference), ("start", $"ge{Text(piece.Start - _slotReach)}"), ("start", $"lt{Text(piece.End)}"));
            var near = await AllAsync(caller, server, query, cancellationToken);
            var blocks = await AllAsync(
                caller,
                server,
                Query(
                    server,
                    "Slot",
                    ("schedule", schedule.Reference),
                    ("status", "busy,busy-tentative,busy-unavailable"),
                    ("start", $"ge{Text(piece.Start - _blockReach)}"),
                    ("start", $"lt{Text(piece.Start - _slotReach)}")),
                cancellationToken);
            var missing = Availability.Missing(slots, near.Concat(blocks));
            if (missing.Count == 0)
            {
                return [];
            }

            ImmutableArray<string> seen = [.. near.Select(slot => slot.Id!)];
            var unchanged = new Expectation(query with { Count = seen.Length + 1 }, $"generate-slots {schedule.Reference}", seen);
            var made = missing.Select(slot =>
                new PutChange(new("Slot", slot.Id!), new ResourceContent(slot, FhirJson.Serialize(slot))) { MustNotExist = true });
            try
            {
                var changes = new ChangeSet([.. made], [unchanged]) { Audit = request.Audit?.Entry(AuditKind.Rest, "$generate-slots") };
                if ((await server.Store.CommitAsync(caller, changes, cancellationToken)).Status == CommitStatus.Committed)
                {
                    return [.. missing.Select(slot => slot.Id!)];
                }
            }
            catch (FhirException taken) when (taken.Status == HttpStatusCode.PreconditionFailed)
            {
                // A Slot that was made here and then moved to another time or calendar keeps its id.
                slots = await WithoutTakenAsync(caller, server, slots, missing, cancellationToken);
            }
        }

        throw FhirException.Conflict("Others keep changing the slots of the schedule; try again.");
    }

    private static async Task<IReadOnlyList<Slot>> WithoutTakenAsync(
        Caller caller, FhirServer server, IReadOnlyList<Slot> slots, IReadOnlyList<Slot> missing, CancellationToken cancellationToken)
    {
        var taken = new HashSet<Slot>();
        foreach (var slot in missing)
        {
            if (await server.Store.ReadAsync(caller, new("Slot", slot.Id!), cancellationToken) is { IsDeleted: false })
            {
                taken.Add(slot);
            }
        }

        return [.. slots.Where(slot => !taken.Contains(slot))];
    }

    private static async Task<List<Slot>> AllAsync(Caller caller, FhirServer server, SearchQuery query, CancellationToken cancellationToken)
    {
        var found = new List<Slot>();
        for (PageCursor? after = null; ;)
        {
            var page = await server.Store.SearchAsync(
                caller, query with { Count = PageSize, After = after, Total = TotalMode.None }, cancellationToken);
            found.AddRange(page.Matches.Select(match => (Slot)FhirJson.Parse(match.Json)));
            if ((after = page.Next) is null)
            {
                return found;
            }
        }
    }

    private static SearchQuery Query(FhirServer server, string type, params (string Name, string Value)[] parameters) =>
        server.Parser.Parse([type], parameters.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)), strict: true);

    private static string Text(NodaTime.Instant time) =>
        time.ToDateTimeUtc().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static FhirResult Answer(List<string> made)
    {
        var parameters = new Parameters();
        parameters.Add("created", new UnsignedInt(made.Count));
        foreach (var id in made)
        {
            parameters.Add("slot", new ResourceReference($"Slot/{id}"));
        }

        return new FhirResult(HttpStatusCode.OK) { Content = FhirContent.Of(FhirJson.Serialize(parameters)), IsAudited = made.Count > 0 };
    }
}
