using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Scheduling.Calendars;

/// <summary>Calendars for programs that cannot sign in: who asks for one, and where it is fetched.</summary>
internal static class CalendarRoutes
{
    public const string Path = "/calendar";

    private static readonly string[] _post = ["POST"];
    private static readonly string[] _read = ["GET", "HEAD"];

    public static void MapCalendarFeeds(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        foreach (var type in (string[])["Patient", "Practitioner"])
        {
            fhir.MapOperation(new(type, "calendar-feed"), "Make the address of a calendar", _post, OperationLevel.Instance, FeedOperations.CreateAsync);
            fhir.MapOperation(new(type, "revoke-calendar-feed"), "End the addresses of a calendar", _post, OperationLevel.Instance, FeedOperations.RevokeAsync);
        }

        // The secret in the address is all that is asked for. Routes are logged by their pattern, so it is in no log.
        routes.MapMethods(Path + "/{secret}.ics", _read, CalendarFile.HandleAsync).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>Not in Development, where tests and tools ask as fast as they can.</summary>
    public static void UseCalendarLimits(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), calendar => calendar.UseMiddleware<CalendarLimits>());
        }
    }
}
