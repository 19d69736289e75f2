namespace TeleFhir.Api.Tests.Smart;

/// <summary>The server with its own authorization server, the demo clinic and its clients.</summary>
public sealed class SmartHost : IAsyncLifetime
{
    public TelehealthHost Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>A server of its own, which may differ.</summary>
    public static Task<TelehealthHost> StartAsync(params (string Key, string Value)[] settings) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        builder.UseSetting("Demo:Seed", "true");
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }
    });
}
