using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// The keys that sign tokens, in memory, from the database. A new key is published for a while before it signs, and an old one for as long as
/// its tokens may live, so that keys change without anybody noticing.
/// </summary>
internal sealed class ServerKeys(IServerKeyStore store, IDataProtectionProvider protection, TimeProvider clock)
    : BackgroundService, IConfigureOptions<OpenIddictServerOptions>, IOptionsChangeTokenSource<OpenIddictServerOptions>
{
    private const int RsaBits = 2048;

    private static readonly TimeSpan _rotation = TimeSpan.FromDays(90);
    private static readonly TimeSpan _beforeUse = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _looks = TimeSpan.FromMinutes(1);

    private readonly IDataProtector _protector = protection.CreateProtector("TeleFhir.SigningKeys");
    private ImmutableArray<(StoredSigningKey Stored, RsaSecurityKey Key)> _keys = [];
    private CancellationTokenSource _changed = new();

    /// <summary>The published keys; the same collection until they change.</summary>
    public IReadOnlyCollection<SecurityKey> Current { get; private set; } = [];

    string IOptionsChangeTokenSource<OpenIddictServerOptions>.Name => Options.DefaultName;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LoadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Makes a new key now; it signs when every node has had time to publish it.</summary>
    public async Task RotateAsync(CancellationToken cancellationToken)
    {
        await AddAsync(DateTimeOffset.MaxValue, cancellationToken);
        await LoadAsync(cancellationToken);
    }

    public void Configure(OpenIddictServerOptions options)
    {
        // The first signs. A key that is too new to be known everywhere waits, unless there is no other.
        var known = _keys.Where(key => key.Stored.Created + _beforeUse <= clock.GetUtcNow()).Concat(_keys.Reverse()).DistinctBy(key => key.Stored.Id);
        options.SigningCredentials.Clear();
        options.SigningCredentials.AddRange(known.Select(key => new SigningCredentials(key.Key, SecurityAlgorithms.RsaSha256)));
    }

    public IChangeToken GetChangeToken() => new CancellationChangeToken(_changed.Token);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_looks, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LoadAsync(stoppingToken);
        }
    }

    private async Task LoadAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await AddAsync(now - _rotation, cancellationToken);
        await store.RemoveSigningKeysAsync(now - (2 * _rotation), cancellationToken);
        var stored = await store.SigningKeysAsync(cancellationToken);
        var isSame = stored.Select(key => key.Id).SequenceEqual(_keys.Select(key => key.Stored.Id));
        if (!isSame)
        {
            _keys = [.. stored.Select(key => (key, Open(key)))];
            Current = [.. _keys.Select(key => new RsaSecurityKey(key.Key.Rsa.ExportParameters(includePrivateParameters: false)) { KeyId = key.Stored.Id })];
        }

        // Also where nothing was added: a key may have grown old enough to sign.
        var changed = Interlocked.Exchange(ref _changed, new CancellationTokenSource());
        await changed.CancelAsync();
    }

    private async Task AddAsync(DateTimeOffset unlessNewerThan, CancellationToken cancellationToken)
    {
        using var rsa = RSA.Create(RsaBits);
        var id = Base64UrlEncoder.Encode(RandomNumberGenerator.GetBytes(12));
        await store.AddSigningKeyAsync(
            new StoredSigningKey(id, _protector.Protect(rsa.ExportPkcs8PrivateKey()), clock.GetUtcNow()), unlessNewerThan, cancellationToken);
    }

    private RsaSecurityKey Open(StoredSigningKey key)
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(_protector.Unprotect(key.Sealed), out _);
        return new RsaSecurityKey(rsa) { KeyId = key.Id };
    }
}
