using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// Reads Slots of calendars that may be free from the earliest on, and stops when there are enough offers: first those of a short time, then of longer
/// and longer ones. How many searches that takes has a bound that does not depend on the number of calendars.
/// </summary>
internal sealed class FindSlots(
    FhirServer server, ITakenTimes taken, Caller caller, TimeSearch search, FreeTimes times, IReadOnlyCollection<Candidate> candidates)
{
    /// <summary>Pages of Slots that are read for the first week, and for the times of the weeks of a series after it.</summary>
    private const int MostPages = 10;

    private const int SlotsPerDay = 20;
    private const int SlotsAtFirst = 4000;
    private const int FewestOnPage = 100;
    private const int MostOnPage = 1000;
    private const int SlotsForOffer = 2;
    private const int Growth = 4;

    /// <summary>So many times of a series are looked at by one statement.</summary>
    private const int MostStarts = 40;

    private readonly ImmutableArray<string> _calendars = [.. candidates.Select(candidate => candidate.Calendar.Reference).Distinct(StringComparer.Ordinal)];
    private readonly AnyCriterion? _kind = KindOf(server, search, candidates);

    /// <summary>Whether there was more than was looked at.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>The first offers in a time.</summary>
    /// <param name="within">When the Slots begin.</param>
    /// <param name="besides">Slots that count as free although they are not.</param>
    /// <param name="wanted">How many offers are enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<List<Offer>> FirstAsync(Interval within, IReadOnlyList<Slot> besides, int wanted, CancellationToken cancellationToken)
    {
        var offers = new List<Offer>();
        if (_kind is not null && besides.Count == 0 && !await IsThereAsync(_kind, cancellationToken))
        {
            return offers;
        }

        var pending = besides.ToList();
        var pages = 0;
        var length = NodaTime.Duration.FromDays(Math.Clamp(SlotsAtFirst / (SlotsPerDay * _calendars.Length), 1, FindWindow.MostDays));
        for (var from = within.Start; from < within.End && offers.Count < wanted; length *= Growth)
        {
            var to = NodaTime.Instant.Min(from + length, within.End);
            for (PageCursor? after = null; ;)
            {
                if (++pages > MostPages)
                {
                    IsCutOff = true;
                    return offers;
                }

                var (slots, next) = await PageAsync(from, to, Math.Clamp(SlotsForOffer * wanted, FewestOnPage, MostOnPage), after, cancellationToken);
                pending.AddRange(slots);

                // Slots of one moment belong together, and the last moment of a page may go on with the next.
                var until = next is null ? to.ToDateTimeOffset() : slots[^1].Start;
                var ready = pending.Where(slot => slot.Start < until).ToList();
                offers.AddRange(times.Among(ready, await TakenAsync(ready, cancellationToken)));
                pending.RemoveAll(slot => slot.Start < until);
                if ((after = next) is null || offers.Count >= wanted)
                {
                    break;
                }
            }

            from = to;
        }

        return offers;
    }

    /// <summary>Of offers for the first week those that are there in every week of a series.</summary>
    public async Task<IReadOnlyList<Offer>> InEveryWeekAsync(IReadOnlyList<Offer> first, int weeks, CancellationToken cancellationToken)
    {
        // The same times and calendars as in the first week, and nothing between them.
        var calendars = first.SelectMany(offer => offer.Parts).Select(part => part.Calendar.Reference).Distinct(StringComparer.Ordinal).ToList();
        var starts = times.LaterStarts(first);
        var found = new List<Slot>();
        for (var at = 0; at < starts.Count && first.Count > 0;)
        {
            var some = starts.Skip(at).Take(MostStarts).ToList();
            at += some.Count;
            PageCursor? after = null;
            for (var pages = 0; pages == 0 || after is not null; pages++)
            {
                if (pages == MostPages)
                {
                    IsCutOff = true;
                    break;
                }

                (var slots, after) = await PageAsync(calendars, [new("start", string.Join(',', some.Select(Exactly)))], MostOnPage, after, cancellationToken);
                found.AddRange(slots);
            }
        }

        return times.InEveryWeek(first, found, await TakenAsync(found, cancellationToken));
    }

    /// <summary>Whether there is any such Slot at all: where there is none, no time need be looked through.</summary>
    private async Task<bool> IsThereAsync(AnyCriterion kind, CancellationToken cancellationToken)
    {
        foreach (var alternative in kind.Alternatives)
        {
            var query = new SearchQuery { Types = ["Slot"], Criteria = [alternative], Count = 1, Total = TotalMode.None };
            if ((await server.Store.SearchAsync(caller, query, cancellationToken)).Matches.Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What takes the time of those concerned while the Slots last.</summary>
    private async Task<IReadOnlyList<OccupancyEntry>> TakenAsync(List<Slot> slots, CancellationToken cancellationToken) =>
        slots.Count > 0 && Moment.Between(slots.Min(slot => slot.Start), slots.Max(slot => slot.End)) is { } within
            ? await taken.OfAsync(times.People, within, cancellationToken)
            : [];

    private Task<(List<Slot> Slots, PageCursor? Next)> PageAsync(
        NodaTime.Instant from, NodaTime.Instant to, int count, PageCursor? after, CancellationToken cancellationToken) =>
        PageAsync(_calendars, [new("start", $"ge{Text(from)}"), new("start", $"lt{Text(to)}")], count, after, cancellationToken);

    private async Task<(List<Slot> Slots, PageCursor? Next)> PageAsync(
        IReadOnlyList<string> calendars, KeyValuePair<string, string>[] when, int count, PageCursor? after, CancellationToken cancellationToken)
    {
        var query = server.Parser.Parse(
            ["Slot"], [new("schedule", string.Join(',', calendars)), new("status", "free,busy-tentative"), .. when, new("_sort", "start")], strict: true);
        var page = await server.Store.SearchAsync(
            caller,
            query with
            {
                Criteria = _kind is null ? query.Criteria : query.Criteria.Add(_kind),
                Count = count,
                After = after,
                Total = TotalMode.None,
            },
            cancellationToken);
        return ([.. page.Matches.Select(match => (Slot)FhirJson.Parse(match.Json))], page.Next);
    }

    /// <summary>
    /// That a Slot itself says a wished kind of visit: null where none is wished for, or a calendar says it for its Slots. Where nobody has the kind
    /// the database knows it at once.
    /// </summary>
    private static AnyCriterion? KindOf(FhirServer server, TimeSearch search, IReadOnlyCollection<Candidate> candidates)
    {
        if (search.VisitTypes.IsEmpty
            || candidates.Any(candidate => candidate.Calendar.Schedule.ServiceType.Exists(type => search.VisitTypes.Any(wished => ProposedAppointment.Has(type, wished)))))
        {
            return null;
        }

        var wish = string.Join(',', search.VisitTypes.Select(type => type.ToQuery()));
        return new AnyCriterion(
        [
            server.Parser.Parse(["Slot"], [new("service-type", wish)], strict: true).Criteria[0],
            server.Parser.Parse(["Slot"], [new("appointment-type", wish)], strict: true).Criteria[0],
        ]);
    }

    // In whole seconds, for a finer time than the one that is stored is another one.
    private static string Exactly(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(NodaTime.Instant time) =>
        time.ToDateTimeUtc().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
