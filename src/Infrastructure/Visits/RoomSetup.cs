using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Visits;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>Registers what rooms keep in the database.</summary>
internal static class RoomSetup
{
    public static IServiceCollection AddRooms(this IServiceCollection services)
    {
        services.AddSingleton<IJoinTokens, JoinTokens>();
        services.AddSingleton<VisitPresence>();
        services.AddSingleton<IVisitPresence>(provider => provider.GetRequiredService<VisitPresence>());
        services.AddSingleton<IVisitAttendance>(provider => provider.GetRequiredService<VisitPresence>());
        services.AddSingleton<IVisitInvites, VisitInvites>();
        services.AddSingleton<RoomBell>();
        services.AddHostedService(provider => provider.GetRequiredService<RoomBell>());
        services.AddSingleton<IRoomMail, RoomMail>();
        services.AddSingleton<IRecordings, Recordings>();
        services.AddSingleton<IVisitLinks, VisitLinks>();
        return services;
    }
}
