using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Api.Visits.Rooms;

/// <summary>What a connection was let in for.</summary>
internal sealed record RoomTicket(RoomMember Member, VisitRole Role, string? Patient, string? RemoteAddress, string RequestId);

/// <summary>
/// Before <c>/rtc</c>: a join token opens one connection. It is used up when the socket is about to open, not when the client asks how to
/// connect; whoever shows another one gets 401, and 410 where the visit is over.
/// </summary>
internal static class RoomEntrance
{
    public const string Path = "/rtc";

    private const string Scheme = "Bearer ";

    /// <summary>A person may have this many devices in the room.</summary>
    private const int MostOfOne = 5;

    public static void UseRoomEntrance(this IApplicationBuilder app) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase),
        entrance =>
        {
            // The hub does this too, but behind here, where it is too late to tell a socket from other requests.
            entrance.UseWebSockets();
            entrance.Use(next => context =>
                context.GetEndpoint()?.Metadata.GetMetadata<HubMetadata>() is null ? next(context) : EnterAsync(context, next));
        });

    private static async Task EnterAsync(HttpContext context, RequestDelegate next)
    {
        var desk = context.RequestServices.GetRequiredService<VisitDesk>();
        var presence = context.RequestServices.GetRequiredService<IVisitPresence>();
        context.Response.Headers.CacheControl = "no-store";
        if (TokenIn(context.Request) is not { } token)
        {
            Refuse(context, StatusCodes.Status401Unauthorized);
            return;
        }

        var isNegotiation = context.GetEndpoint()!.Metadata.GetMetadata<NegotiateMetadata>() is not null;
        if (!isNegotiation && !context.WebSockets.IsWebSocketRequest)
        {
            // Nothing opens, so nothing is used up.
            Refuse(context, StatusCodes.Status400BadRequest);
            return;
        }

        var member = isNegotiation
            ? await desk.Tokens.FindAsync(token, context.RequestAborted)
            : await desk.Tokens.RedeemAsync(token, context.RequestAborted);
        if (member is null)
        {
            Refuse(context, StatusCodes.Status401Unauthorized);
            return;
        }

        var encounter = await desk.FindEncounterAsync(member.Encounter, context.RequestAborted);
        if (encounter is null || EncounterStates.IsOver(encounter.Status))
        {
            Refuse(context, StatusCodes.Status410Gone);
            return;
        }

        if (!isNegotiation)
        {
            var room = await presence.InAsync(member.Encounter, context.RequestAborted);
            if (room.Count(one => one.Member.Participant == member.Participant) >= MostOfOne)
            {
                Refuse(context, StatusCodes.Status429TooManyRequests);
                return;
            }

            var patient = VisitParties.Local(encounter.Subject) is ['P', 'a', 't', 'i', 'e', 'n', 't', '/', .. var id] ? id : null;
            context.Features.Set(new RoomTicket(
                member, member.RoleIn(VisitParties.HasBegun(encounter)), patient, context.Connection.RemoteIpAddress?.ToString(), context.TraceIdentifier));
        }

        await next(context);
    }

    private static void Refuse(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
        }
    }

    /// <summary>In the header, or in the address where a browser opens the socket: scripts cannot set headers there.</summary>
    private static string? TokenIn(HttpRequest request) =>
        request.Headers.Authorization.ToString() is { Length: > 0 } header
            ? header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null
            : request.Query["access_token"] is [{ Length: > 0 } token] ? token : null;
}
