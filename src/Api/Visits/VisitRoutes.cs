using Microsoft.AspNetCore.Http.Connections;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart;
using TeleFhir.Api.Visits.Rooms;
using TeleFhir.Api.Visits.Video;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits;

/// <summary>Visits: the operations on their Encounters, the rooms at <c>/rtc</c> and the entry of guests.</summary>
internal static class VisitRoutes
{
    private const int MostBytesOfMessage = 64 * 1024;

    private static readonly string[] _both = ["GET", "POST"];
    private static readonly string[] _post = ["POST"];

    public static IServiceCollection AddVisits(this IServiceCollection services)
    {
        services.AddSingleton<VisitDesk>();
        services.AddSingleton<Join>();
        services.AddSingleton<Licences>();
        services.AddSingleton<WaitingPlaces>();
        services.AddSingleton<IReadAddition>(provider => provider.GetRequiredService<WaitingPlaces>());
        services.AddSingleton<VisitRooms>();
        services.AddSingleton<RoomLog>();
        services.AddHostedService<RoomWatch>();
        services.AddSingleton<AwayWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<AwayWatch>());
        services.AddSignalR(hub =>
        {
            hub.MaximumReceiveMessageSize = MostBytesOfMessage;
            hub.KeepAliveInterval = TimeSpan.FromSeconds(10);
            hub.ClientTimeoutInterval = TimeSpan.FromSeconds(30);
        });
        services.AddSingleton(ProvidersOf);
        services.AddSingleton(SettingsOf);
        services.AddSingleton(provider => new OwnApp(
            provider.GetRequiredService<TeleFhirOptions>().Visits.ClientId, "Video visits", VisitPage.SignedIn, ["openid", "fhirUser", "online_access", "user/Encounter.ru"]));
        return services;
    }

    public static void MapVisits(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(new("Encounter", "waiting-room"), "List the patients who wait", _both, OperationLevel.Type, WaitingRoomList.HandleAsync);
        fhir.MapOperation(new("Encounter", "join"), "Get into the room of a visit", _post, OperationLevel.Instance, Join.HandleAsync);
        fhir.MapOperation(new("Encounter", "leave"), "Leave the room of a visit", _post, OperationLevel.Instance, VisitSteps.HandleLeaveAsync);
        fhir.MapOperation(new("Encounter", "admit"), "Let the patient in", _post, OperationLevel.Instance, VisitSteps.HandleAdmitAsync);
        fhir.MapOperation(new("Encounter", "end"), "End a visit", _post, OperationLevel.Instance, VisitSteps.HandleEndAsync);
        fhir.MapOperation(new("Encounter", "invite"), "Invite somebody to a visit", _post, OperationLevel.Instance, Invite.HandleAsync);
        fhir.MapOperation(new("Encounter", "revoke-invite"), "Take an invitation back", _post, OperationLevel.Instance, Invite.HandleRevokeAsync);

        // Whoever comes here shows a code or a join token instead of signing in.
        routes.MapPost(GuestEntry.Route, GuestEntry.HandleAsync).AllowAnonymous();
        routes.MapHub<VisitHub>(RoomEntrance.Path, connection => connection.Transports = HttpTransportType.WebSockets)
            .AllowAnonymous()
            .DisableRequestTimeout();
    }

    private static VisitSettings SettingsOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<TeleFhirOptions>();
        var origin = new Uri(provider.GetRequiredService<FhirAddress>().Base).GetLeftPart(UriPartial.Authority);
        return new VisitSettings(new Canonicals(options.Fhir.CanonicalBase), origin) { MaxParticipants = options.Visits.MaxParticipants };
    }

    private static IEnumerable<IVideoProvider> ProvidersOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<TeleFhirOptions>();
        var (video, canonicals) = (options.Visits.Video, new Canonicals(options.Fhir.CanonicalBase));
        return video.Provider switch
        {
            "Jitsi" => [new JitsiVideo(video, canonicals)],
            "LiveKit" => [new LiveKitVideo(video, canonicals)],
            "Zoom" => [new ZoomVideo(video)],
            "Static" => [new StaticVideo(video, canonicals)],
            _ => [],
        };
    }
}
