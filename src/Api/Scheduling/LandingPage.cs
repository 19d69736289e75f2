using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Scheduling;

/// <summary>
/// The page of this server where an Appointment takes place, to be told outside. Another address that the Appointment has may itself be the
/// key to the room, and is not told.
/// </summary>
internal static class LandingPage
{
    public static string? Of(Appointment appointment, FhirAddress address)
    {
        var pages = TelehealthVisit.AddressOf(OriginOf(address), "");
        return VirtualServiceDetail.Of(appointment).Select(service => service.Address)
            .FirstOrDefault(page => page?.StartsWith(pages, StringComparison.Ordinal) == true && ResourceKey.IsId(page[pages.Length..]));
    }

    public static string OriginOf(FhirAddress address) => new Uri(address.Base).GetLeftPart(UriPartial.Authority);
}
