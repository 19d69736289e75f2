using System.Collections.Immutable;
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

    /// <summary>Whose time a Slot of it takes: see <see cref="Occupancy.ActorOf"/>.</summary>
    public ImmutableArray<string> People { get; } =
    [
        .. Schedule.Actor.Select(Occupancy.RelativeOf).OfType<string>()
            .Select(reference => Occupancy.ActorOf(reference, name => Actors.FirstOrDefault(actor => $"{actor.TypeName}/{actor.Id}" == name)))
            .OfType<string>()
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>
    /// Who takes part in an appointment in one of its Slots, with their names: the clinician, who may be named as a person and in a role but
    /// is one, and places.
    /// </summary>
    public IEnumerable<ResourceReference> Invited
    {
        get
        {
            var clinician = Schedule.Actor.Find(actor => TypeOf(actor) is "Practitioner" or "PractitionerRole");
            return Schedule.Actor
                .Where(actor => actor == clinician || TypeOf(actor) is "Location" or "HealthcareService" or "Device" or "RelatedPerson")
                .Select(actor => new ResourceReference(Occupancy.RelativeOf(actor), actor.Display ?? NameOf(actor)));
        }
    }

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

    private static string? TypeOf(ResourceReference actor) => Occupancy.RelativeOf(actor)?.Split('/')[0];

    private string? NameOf(ResourceReference actor)
    {
        var name = Occupancy.RelativeOf(actor);
        return Actors.FirstOrDefault(one => $"{one.TypeName}/{one.Id}" == name) switch
        {
            Practitioner person => person.Name.FirstOrDefault()?.ToString(),
            PractitionerRole role => role.Practitioner?.Display ?? Actors.OfType<Practitioner>().FirstOrDefault()?.Name.FirstOrDefault()?.ToString(),
            Location place => place.Name,
            HealthcareService service => service.Name,
            _ => null,
        };
    }
}
