using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>When a hold runs out: extension <c>{canon}/StructureDefinition/hold-expires</c> valueInstant on a pending Appointment.</summary>
public static class HoldExpiry
{
    /// <summary>How long a hold is where nothing is said.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(600);

    /// <summary>The shortest hold that can be asked for.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(60);

    /// <summary>The longest hold that can be asked for.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(900);

    /// <summary>When it runs out, or null where it is not said.</summary>
    public static DateTimeOffset? Of(Appointment appointment, Canonicals canonicals) =>
        (appointment.GetExtension(Url(canonicals))?.Value as Instant)?.Value;

    /// <summary>Writes when it runs out into the Appointment; null takes it away.</summary>
    public static void Put(Appointment appointment, DateTimeOffset? expires, Canonicals canonicals)
    {
        appointment.RemoveExtension(Url(canonicals));
        if (expires is { } time)
        {
            appointment.AddExtension(Url(canonicals), Moment.Instant(time));
        }
    }

    private static string Url(Canonicals canonicals) => canonicals.Extension("hold-expires");
}
