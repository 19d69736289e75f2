using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Calendars;

/// <summary>
/// <c>$calendar-feed</c> and <c>$revoke-calendar-feed</c> of a Patient or Practitioner. Whoever has the address needs no token for as long
/// as it stands, so it is given only to those whose calendar it is and to backends, not to every clinician who may read it.
/// </summary>
internal static class FeedOperations
{
    private static readonly Caller _desk = Caller.System("front-desk");

    public static async Task<FhirResult> CreateAsync(
        FhirRequest request, FhirServer server, ICalendarFeeds feeds, CancellationToken cancellationToken)
    {
        var subject = await SubjectAsync(request, server, "calendar-feed", cancellationToken);
        var secret = await feeds.CreateAsync(new CalendarFeed(subject, request.Caller), cancellationToken);
        var answer = new Parameters().Add("url", new FhirUrl($"{LandingPage.OriginOf(server.Address)}{CalendarRoutes.Path}/{secret}.ics"));
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer)));
    }

    public static async Task<FhirResult> RevokeAsync(
        FhirRequest request, FhirServer server, ICalendarFeeds feeds, CancellationToken cancellationToken)
    {
        var subject = await SubjectAsync(request, server, "revoke-calendar-feed", cancellationToken);
        var count = await feeds.RevokeAsync(subject, cancellationToken);
        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(new Parameters().Add("revoked", new UnsignedInt(count)))));
    }

    /// <summary>Whose calendar it is. 403 for who may not have it, whether there is such a person or not; 404 where there is none.</summary>
    private static async Task<ResourceKey> SubjectAsync(FhirRequest request, FhirServer server, string operation, CancellationToken cancellationToken)
    {
        var (caller, subject) = (request.Caller, new ResourceKey(request.Key.Type, request.Key.Id));
        caller.Demand(Interaction.SearchType, "Appointment");
        if (!IsOwn(caller, subject) && !IsBackend(caller))
        {
            throw FhirException.Forbidden("A calendar's address is given to the person whose calendar it is, and to backends.");
        }

        await OperationInput.ReadAsync(request, server, operation, [], cancellationToken);
        await server.ReadCurrentAsync(IsOwn(caller, subject) ? _desk : caller, subject, cancellationToken);
        return subject;
    }

    private static bool IsOwn(Caller caller, ResourceKey subject) =>
        (caller.FhirUser is { } user && user.Type == subject.Type && user.Id == subject.Id)
        || (subject.Type == "Patient" && caller.Patient == subject.Id && caller.FhirUser is not { Type: "Practitioner" or "PractitionerRole" });

    private static bool IsBackend(Caller caller) => caller.IsUnrestricted || (caller.Kind == CallerKind.Client && caller.IsStaffFor("Appointment"));
}
