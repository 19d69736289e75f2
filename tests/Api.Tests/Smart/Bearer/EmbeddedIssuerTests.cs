using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>Tokens of the authorization server in the same process: its keys, and what is revoked.</summary>
public sealed class EmbeddedIssuerTests : IDisposable
{
    private readonly List<RSA> _rsa = [];
    private readonly Users _users = new();
    private IReadOnlyCollection<SecurityKey> _published = [];

    public void Dispose() => _rsa.ForEach(rsa => rsa.Dispose());

    [Fact]
    public async Task Its_keys_come_from_memory_and_change_at_once()
    {
        var first = NewKey("first");
        var second = NewKey("second");
        _published = [first];
        await using var host = await StartAsync();
        var old = EmbeddedToken.Mint(first);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, old));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, EmbeddedToken.Mint(second)));

        _published = [second, first];
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, old));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, EmbeddedToken.Mint(second)));

        _published = [second];
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, old));
    }

    [Theory]
    [InlineData(RevokedKind.Token, "token-1")]
    [InlineData(RevokedKind.Authorization, "grant-1")]
    [InlineData(RevokedKind.User, "user-1")]
    [InlineData(RevokedKind.Client, "client-1")]
    public async Task A_revoked_token_is_refused_at_once_where_it_was_revoked_also_when_it_is_known(RevokedKind kind, string value)
    {
        var key = NewKey("k");
        _published = [key];
        await using var host = await StartAsync();
        var token = EmbeddedToken.Mint(key);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, token));

        await host.Services.GetRequiredService<IRevocations>().AddAsync(kind, value, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, EmbeddedToken.Mint(key, token: "token-2", grant: "grant-2", user: "user-2", client: "client-2")));
    }

    [Fact]
    public async Task A_revoked_token_is_refused_within_seconds_on_another_node_of_the_same_database()
    {
        var key = NewKey("k");
        _published = [key];
        var cluster = await PostgresCluster.SharedAsync();
        await using var database = await cluster.CreateDatabaseAsync();
        await using var here = await StartAsync(database.ConnectionString);
        await using var there = await StartAsync(database.ConnectionString);
        var token = EmbeddedToken.Mint(key);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(there, token));

        await here.Services.GetRequiredService<IRevocations>().AddAsync(RevokedKind.Token, "token-1", TestContext.Current.CancellationToken);

        var waited = Stopwatch.StartNew();
        while (await StatusAsync(there, token) == HttpStatusCode.OK && waited.Elapsed < TimeSpan.FromSeconds(15))
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.InRange(waited.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await using var restarted = await StartAsync(database.ConnectionString);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(restarted, token));
    }

    [Fact]
    public async Task A_short_key_vouches_for_nothing()
    {
        var rsa = RSA.Create(1024);
        _rsa.Add(rsa);
        _published = [new RsaSecurityKey(rsa) { KeyId = "short" }, NewKey("long")];
        await using var host = await StartAsync();

        Assert.Null(host.Services.GetRequiredService<EmbeddedKeys>().Current.Find("short"));
        Assert.NotNull(host.Services.GetRequiredService<EmbeddedKeys>().Current.Find("long"));
    }

    [Fact]
    public async Task A_token_of_a_disabled_or_unknown_user_is_refused()
    {
        var key = NewKey("k");
        _published = [key];
        await using var host = await StartAsync();
        _users.Disabled = "user-3";

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, EmbeddedToken.Mint(key, user: "user-3")));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, EmbeddedToken.Mint(key, user: "nobody")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, EmbeddedToken.Mint(key, user: "user-4")));
    }

    [Fact]
    public async Task A_token_that_names_no_key_is_of_the_only_one()
    {
        var key = NewKey("k");
        var nameless = new RsaSecurityKey(_rsa[0]);
        _published = [key];
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, EmbeddedToken.Mint(nameless)));

        _published = [key, NewKey("another")];
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(host, EmbeddedToken.Mint(nameless)));
    }

    [Fact]
    public async Task Whoever_has_broken_the_glass_is_known_by_it_on_every_request()
    {
        var key = NewKey("k");
        _published = [key];
        var emergencies = new OpenRecords();
        await using var host = await StartAsync(services: services => services.AddSingleton<IEmergencyAccess>(emergencies));
        var tokens = host.Services.GetRequiredService<BearerTokens>();
        var token = EmbeddedToken.Mint(key);

        Assert.Empty((await tokens.AdmitAsync(token, TestContext.Current.CancellationToken)).Caller.EmergencyPatients);
        emergencies.Open = ["amy"];
        Assert.Equal(["amy"], (await tokens.AdmitAsync(token, TestContext.Current.CancellationToken)).Caller.EmergencyPatients);
        emergencies.Open = [];
        Assert.Empty((await tokens.AdmitAsync(token, TestContext.Current.CancellationToken)).Caller.EmergencyPatients);
    }

    private static async Task<HttpStatusCode> StatusAsync(TelehealthHost host, string token) =>
        (await host.GetAsync("/fhir/Patient?_count=0", $"Authorization: Bearer {token}")).Status;

    private Task<TelehealthHost> StartAsync(string? postgres = null, Action<IServiceCollection>? services = null) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Auth:Mode", "Embedded");
        if (postgres is not null)
        {
            builder.UseSetting("Database:Provider", "PostgreSql");
            builder.UseSetting("ConnectionStrings:TeleFhir", postgres);
        }

        builder.ConfigureTestServices(registered =>
        {
            registered.AddSingleton(provider => new EmbeddedKeys(provider.GetRequiredService<FhirAddress>(), () => _published));
            registered.AddSingleton<IUserDirectory>(_users);
            services?.Invoke(registered);
        });
    });

    private RsaSecurityKey NewKey(string id)
    {
        var rsa = RSA.Create(2048);
        _rsa.Add(rsa);
        return new RsaSecurityKey(rsa) { KeyId = id };
    }

    private sealed class Users : IUserDirectory
    {
        public string? Disabled { get; set; }

        public Task<UserAccount?> FindAsync(string id, CancellationToken cancellationToken) => Task.FromResult(id.StartsWith("user-", StringComparison.Ordinal)
            ? new UserAccount(id, id, id, UserRole.Clinician, "Practitioner/lee", Confidentiality.Normal, id == Disabled, HasSecondFactor: false)
            : null);
    }

    private sealed class OpenRecords : IEmergencyAccess
    {
        public ImmutableArray<string> Open { get; set; } = [];

        public ImmutableArray<string> PatientsOf(string userId) => userId == "user-1" ? Open : [];

        public Task GrantAsync(EmergencyGrant grant, AuditEntry entry, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> EndAsync(string userId, string patient, AuditEntry entry, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
