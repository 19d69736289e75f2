using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Tests.Smart;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>A server on which it is <see cref="FindClock.Start"/> when it starts.</summary>
public sealed class SqliteFindHost() : TelehealthHost(FindClock.Set);

/// <inheritdoc cref="SqliteFindHost"/>
public sealed class PostgreSqlFindHost() : PostgreSqlHost(FindClock.Set);

/// <summary>The beginning of 2026, before the clocks of that year change.</summary>
internal static class FindClock
{
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public static void Set(IWebHostBuilder builder)
    {
        var clock = new ShiftedClock();
        clock.Advance(Start - clock.GetUtcNow());
        builder.ConfigureTestServices(services => services.AddSingleton<TimeProvider>(clock).AddSingleton(clock));
    }

    /// <summary>The time of a server, in whole seconds.</summary>
    public static DateTimeOffset Now(this TelehealthHost host) =>
        DateTimeOffset.FromUnixTimeSeconds(host.Services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds());

    /// <summary>Moves the time of a server ahead.</summary>
    public static void Advance(this TelehealthHost host, TimeSpan by) => host.Services.GetRequiredService<ShiftedClock>().Advance(by);
}
