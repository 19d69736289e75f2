using Hl7.Fhir.Model;
using NodaTime;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>In which time zone the hours of a Schedule are meant (https://hl7.org/fhir/R4/extension-timezone.html).</summary>
public static class ScheduleZone
{
    /// <summary>The extension that names an IANA zone, on an actor, a reference to one, or a Schedule.</summary>
    public const string Url = "http://hl7.org/fhir/StructureDefinition/timezone";

    /// <summary>
    /// The zone: that of an actor resource, else of a reference in <c>Schedule.actor</c>, else of the Schedule. A name that is no zone
    /// counts as none. Without any, 422 <c>timezone-missing</c>.
    /// </summary>
    /// <param name="schedule">The Schedule.</param>
    /// <param name="actors">Its actors as far as they are known, in the order of <c>Schedule.actor</c>.</param>
    public static Decision<DateTimeZone> Find(Schedule schedule, IEnumerable<DomainResource> actors)
    {
        var zone = actors.Select(Of)
            .Concat(schedule.Actor.Select(Of))
            .Append(Of(schedule))
            .FirstOrDefault(found => found is not null);
        return zone is not null
            ? zone
            : Refusal.BusinessRule("timezone-missing", "Nothing says in which time zone the hours of the schedule are meant.", "Schedule");
    }

    /// <summary>The zone that something carries itself, or null.</summary>
    public static DateTimeZone? Of(IExtendable element) => element.GetExtension(Url)?.Value switch
    {
        Code { Value: { } name } => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name),
        FhirString { Value: { } name } => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name),
        _ => null,
    };
}
