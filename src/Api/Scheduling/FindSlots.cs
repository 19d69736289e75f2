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
internal sealed class FindSlots(FhirServer server, ITakenTimes taken, Caller caller, FreeTimes times, IReadOnlyCollection<string> calendars)
{
    /// <summary>Pages of Slots that are read for the first week, and for each week of a series after it.</summary>
    private const int MostPages = 10;

    private const int SlotsPerDay = 20;
    private const int SlotsAtFirst = 4000;
    private const int FewestOnPage = 100;
    private const int MostOnPage = 1000;
    private const int SlotsForOffer = 2;
    private const int Growth = 4;

    private readonly string _calendars = string.Join(',', calendars);

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
        var pending = besides.ToList();
        var pages = 0;
        var length = NodaTime.Duration.FromDays(Math.Clamp(SlotsAtFirst / (SlotsPerDay * calendars.Count), 1, FindWindow.MostDays));
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
        var found = new List<Slot>();
        for (var week = 1; week < weeks && first.Count > 0; week++)
        {
            // The clock may be set forward or back in between.
            var from = first[0].Time.Start + NodaTime.Duration.FromDays(7 * week) - NodaTime.Duration.FromHours(3);
            var to = first[^1].Time.Start + NodaTime.Duration.FromDays(7 * week) + NodaTime.Duration.FromHours(3);
            PageCursor? after = null;
            for (var pages = 0; pages == 0 || after is not null; pages++)
            {
                if (pages == MostPages)
                {
                    IsCutOff = true;
                    break;
                }

                (var slots, after) = await PageAsync(from, to, MostOnPage, after, cancellationToken);
                found.AddRange(slots);
            }
        }

        return times.InEveryWeek(first, found, await TakenAsync(found, cancellationToken));
    }

    /// <summary>What takes the time of those concerned while the Slots last.</summary>
    private async Task<IReadOnlyList<OccupancyEntry>> TakenAsync(List<Slot> slots, CancellationToken cancellationToken) =>
        slots.Count > 0 && Moment.Between(slots.Min(slot => slot.Start), slots.Max(slot => slot.End)) is { } within
            ? await taken.OfAsync(times.People, within, cancellationToken)
            : [];

    private async Task<(List<Slot> Slots, PageCursor? Next)> PageAsync(
        NodaTime.Instant from, NodaTime.Instant to, int count, PageCursor? after, CancellationToken cancellationToken)
    {
        var query = server.Parser.Parse(
            ["Slot"],
            [new("schedule", _calendars), new("status", "free,busy-tentative"), new("start", $"ge{Text(from)}"), new("start", $"lt{Text(to)}"), new("_sort", "start")],
            strict: true) with
        {
            Count = count,
            After = after,
            Total = TotalMode.None,
        };
        var page = await server.Store.SearchAsync(caller, query, cancellationToken);
        return ([.. page.Matches.Select(match => (Slot)FhirJson.Parse(match.Json))], page.Next);
    }

    private static string Text(NodaTime.Instant time) =>
        time.ToDateTimeUtc().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
