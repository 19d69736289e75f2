using System.Collections.Immutable;
using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;
using Period = Hl7.Fhir.Model.Period;

namespace TeleFhir.Domain.Monitoring;

/// <summary>What a patient measured and the clinic did about it in one window, for one device.</summary>
/// <param name="Device">The device.</param>
/// <param name="Start">The first day, in the patient's zone.</param>
/// <param name="End">The last day.</param>
/// <param name="Days">On how many of them the device made a valid reading.</param>
/// <param name="ReviewMinutes">Whole minutes of review of the patient's readings, by whatever device.</param>
/// <param name="Contacts">Completed Communications with the patient.</param>
/// <param name="Candidates">Billing codes that come into question.</param>
public sealed record AdherenceWindow(
    ResourceKey Device, LocalDate Start, LocalDate End, int Days, int ReviewMinutes, int Contacts, ImmutableArray<BillingCode> Candidates);

/// <summary>
/// Counts the days with readings, the minutes of review and the contacts of a patient in windows of 30 days, the first of which begins with the
/// first day asked for and the last of which may be cut short. A day is one of the patient's zone; a review and a contact are of the day on
/// which they began.
/// </summary>
/// <param name="first">The first day.</param>
/// <param name="last">The last day.</param>
/// <param name="zone">The patient's zone.</param>
public sealed class AdherenceReport(LocalDate first, LocalDate last, DateTimeZone zone)
{
    /// <summary>The days of a window.</summary>
    public const int WindowDays = 30;

    private readonly Dictionary<ResourceKey, HashSet<LocalDate>> _days = [];
    private readonly Dictionary<int, NodaTime.Duration> _reviewed = [];
    private readonly Dictionary<int, int> _contacts = [];

    /// <summary>A device that is to be reported of, also where it has measured nothing.</summary>
    public void AddDevice(ResourceKey device) => _days.TryAdd(device, []);

    /// <summary>A valid reading of a device.</summary>
    public void AddReading(ResourceKey device, DateTimeOffset taken)
    {
        AddDevice(device);
        _days[device].Add(DayOf(taken));
    }

    /// <summary>A review that has begun and ended; one without an end counts nothing.</summary>
    public void AddReview(Period? period)
    {
        if (Moment.Read(period?.Start) is { } start && Moment.Read(period?.End) is { } end && end > start && WindowOf(DayOf(start)) is { } window)
        {
            _reviewed[window] = _reviewed.GetValueOrDefault(window) + NodaTime.Duration.FromTimeSpan(end - start);
        }
    }

    /// <summary>A completed contact; one that says not when counts nothing.</summary>
    public void AddContact(Communication contact)
    {
        if ((Moment.Read(contact.Sent) ?? Moment.Read(contact.Received)) is { } at && WindowOf(DayOf(at)) is { } window)
        {
            _contacts[window] = _contacts.GetValueOrDefault(window) + 1;
        }
    }

    /// <summary>One line for each window and device, in that order.</summary>
    public IEnumerable<AdherenceWindow> Windows()
    {
        for (var (window, start) = (0, first); start <= last; window++, start = start.PlusDays(WindowDays))
        {
            var end = LocalDate.Min(start.PlusDays(WindowDays - 1), last);
            var (minutes, contacts) = ((int)_reviewed.GetValueOrDefault(window).TotalMinutes, _contacts.GetValueOrDefault(window));
            foreach (var (device, days) in _days.OrderBy(pair => pair.Key.Id, StringComparer.Ordinal))
            {
                var count = days.Count(day => day >= start && day <= end);
                var candidates = BillingCodes.Candidates(count, minutes, contacts > 0, end.ToDateOnly());
                yield return new AdherenceWindow(device, start, end, count, minutes, contacts, [.. candidates]);
            }
        }
    }

    private LocalDate DayOf(DateTimeOffset time) => NodaTime.Instant.FromDateTimeOffset(time).InZone(zone).Date;

    private int? WindowOf(LocalDate day) => day < first || day > last ? null : NodaTime.Period.DaysBetween(first, day) / WindowDays;
}
