using Microsoft.AspNetCore.Hosting;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests;

/// <summary>The whole server in this process, on a PostgreSQL database of its own.</summary>
public class PostgreSqlHost : TelehealthHost
{
    private readonly Place _place;

    public PostgreSqlHost()
        : this(new Place(), _ => { }, null)
    {
    }

    /// <summary>A server that differs from the usual one.</summary>
    protected PostgreSqlHost(Action<IWebHostBuilder> configure, IBesideHost? beside = null)
        : this(new Place(), configure, beside)
    {
    }

    // The settings are read when the server starts, which is when the database is there.
    private PostgreSqlHost(Place place, Action<IWebHostBuilder> configure, IBesideHost? beside)
        : base(
            builder =>
            {
                builder.UseSetting("Database:Provider", "PostgreSql").UseSetting("ConnectionStrings:TeleFhir", place.Database!.ConnectionString);
                configure(builder);
            },
            beside) =>
        _place = place;

    public override string Database => _place.Database!.ConnectionString;

    /// <inheritdoc cref="TelehealthHost.StartAsync" />
    public static new async Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure)
    {
        var host = new PostgreSqlHost(configure);
        await host.InitializeAsync();
        return host;
    }

    public override async ValueTask InitializeAsync()
    {
        _place.Database = await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync();
        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _place.Database!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private sealed class Place
    {
        public PostgresDatabase? Database { get; set; }
    }
}
