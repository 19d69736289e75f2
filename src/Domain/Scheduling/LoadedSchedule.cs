using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>A Schedule with those whose calendar it is.</summary>
/// <param name="Schedule">The Schedule as stored.</param>
/// <param name="Actors">Its actors as far as they are known, in the order of <c>Schedule.actor</c>; behind a PractitionerRole its Practitioner.</param>
public sealed record LoadedSchedule(Schedule Schedule, IReadOnlyList<DomainResource> Actors)
{
    /// <summary>The zone of its hours, or 422 <c>timezone-missing</c>: see <see cref="ScheduleZone"/>.</summary>
    public Decision<DateTimeZone> Zone { get; } = ScheduleZone.Find(Schedule, Actors);

    /// <summary>Its relative reference.</summary>
    public string Reference => $"Schedule/{Schedule.Id}";

    /// <summary>
    /// Puts Schedules and what they refer to together.
    /// </summary>
    /// <param name="schedules">The Schedules, in the order that is kept.</param>
    /// <param name="referred">What they, and roles among their actors, refer to.</param>
    public static IReadOnlyList<LoadedSchedule> Join(IEnumerable<Schedule> schedules, IEnumerable<DomainResource> referred)
    {
        var known = referred.ToDictionary(resource => $"{resource.TypeName}/{resource.Id}", StringComparer.Ordinal);
        return [.. schedules.Select(schedule => new LoadedSchedule(schedule, [.. schedule.Actor.SelectMany(ActorsOf)]))];

        IEnumerable<DomainResource> ActorsOf(ResourceReference reference)
        {
            if (Occupancy.RelativeOf(reference) is not { } name || !known.TryGetValue(name, out var actor))
            {
                return [];
            }

            return actor is PractitionerRole role && Occupancy.RelativeOf(role.Practitioner) is { } practitioner
                && known.TryGetValue(practitioner, out var person)
                    ? [actor, person]
                    : [actor];
        }
    }
}
