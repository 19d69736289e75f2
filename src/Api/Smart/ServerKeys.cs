using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>
/// The keys that sign tokens, in memory as they are in the database. A new one is published a day before it signs, so that whoever
/// caches the key set knows it; an old one stays published until its tokens have run out. Options of the server follow at once.
/// </summary>
internal sealed class ServerKeys(
    ISigningKeys store, IDataProtectionProvider protection, TeleFhirOptions options, TimeProvider clock, ILogger<ServerKeys> logger)
    : BackgroundService, IConfigureOptions<OpenIddictServerOptions>, IOptionsChangeTokenSource<OpenIddictServerOptions>
{
    /// <summary>How far the memory of a node may be behind the database.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    private const int Bits = 2048;
    private const int IdBytes = 12;
    private static readonly TimeSpan _ahead = TimeSpan.FromDays(1);
    private static readonly TimeSpan _life = TimeSpan.FromDays(90);

    private readonly IDataProtector _protector = protection.CreateProtector("TeleFhir.SigningKey");
    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private volatile State _state = State.Empty;
    private CancellationTokenSource _change = new();

    /// <summary>The keys whose tokens are good; the one that signs is first.</summary>
    public IReadOnlyCollection<SecurityKey> Published => _state.Keys;

    string? IOptionsChangeTokenSource<OpenIddictServerOptions>.Name => Options.DefaultName;

    IChangeToken IOptionsChangeTokenSource<OpenIddictServerOptions>.GetChangeToken() => new CancellationChangeToken(_change.Token);

    public void Configure(OpenIddictServerOptions options)
    {
        if (_state.Keys.IsEmpty)
        {
            throw new UnreachableException("The server listens only after it has loaded its keys.");
        }

        options.SigningCredentials.Clear();
        options.SigningCredentials.AddRange(_state.Keys.Select(key => new SigningCredentials(key, SecurityAlgorithms.RsaSha256)));
    }

    /// <summary>Makes a key that signs as soon as every node knows it; the old ones stay published while their tokens live.</summary>
    public async Task<string> RotateAsync(CancellationToken cancellationToken)
    {
        var keys = await store.ListAsync(cancellationToken);
        var added = await AddAsync(keys, keys.Count == 0 ? clock.GetUtcNow() : clock.GetUtcNow() + (2 * Period), cancellationToken);
        await RefreshAsync(cancellationToken);
        return added;
    }

    /// <summary>Makes a key that signs at once and drops all others: whatever they signed is refused from now on.</summary>
    public async Task<string> ReplaceAsync(CancellationToken cancellationToken)
    {
        var keys = await store.ListAsync(cancellationToken);
        var added = await AddAsync(keys, clock.GetUtcNow(), cancellationToken);
        foreach (var key in keys)
        {
            await store.RemoveAsync(key.Number, cancellationToken);
        }

        await RefreshAsync(cancellationToken);
        return added;
    }

    /// <summary>Takes in what is in the database, and makes the first or the next key where it is time.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken);
        try
        {
            var keys = await store.ListAsync(cancellationToken);
            var now = clock.GetUtcNow();
            if (keys.Count == 0 || keys.Max(key => key.ActiveFrom) < now - _life + _ahead)
            {
                await AddAsync(keys, keys.Count == 0 ? now : now + _ahead, cancellationToken);
                keys = await store.ListAsync(cancellationToken);
            }

            await TakeInAsync(keys, now, cancellationToken);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _refreshing.Dispose();
        _change.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "Signing keys could not be read; the next try is in {Seconds} s", Period.TotalSeconds);
            }
        }
    }

    private async Task TakeInAsync(IReadOnlyList<SigningKey> keys, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var active = keys.Where(key => key.ActiveFrom <= now).MaxBy(key => (key.ActiveFrom, key.Number)) ?? keys[0];
        var outlived = keys.Where(key => key.ActiveFrom < active.ActiveFrom && active.ActiveFrom + options.Auth.LongestTokenLife < now).ToList();
        foreach (var key in outlived)
        {
            await store.RemoveAsync(key.Number, cancellationToken);
        }

        var order = keys.Except(outlived).OrderByDescending(key => key == active).ThenByDescending(key => key.Number).ToList();
        if (_state.Ids.SequenceEqual(order.Select(key => key.Id)))
        {
            return;
        }

        var known = _state.Keys.ToDictionary(key => key.KeyId, StringComparer.Ordinal);
        _state = new State([.. order.Select(key => known.GetValueOrDefault(key.Id) ?? Unseal(key))]);
        var change = Interlocked.Exchange(ref _change, new CancellationTokenSource());
        await change.CancelAsync();
        change.Dispose();
    }

    private async Task<string> AddAsync(IReadOnlyList<SigningKey> keys, DateTimeOffset activeFrom, CancellationToken cancellationToken)
    {
        using var rsa = RSA.Create(Bits);
        var hidden = _protector.Protect(Convert.ToBase64String(rsa.ExportPkcs8PrivateKey()));
        var key = new SigningKey(
            keys.Select(key => key.Number).DefaultIfEmpty().Max() + 1,
            Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)),
            hidden,
            activeFrom);

        // Another node may have been first; its key is as good.
        await store.AddAsync(key, cancellationToken);
        return (await store.ListAsync(cancellationToken))[^1].Id;
    }

    private RsaSecurityKey Unseal(SigningKey key)
    {
        var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(Convert.FromBase64String(_protector.Unprotect(key.Sealed)), out _);
        return new RsaSecurityKey(rsa) { KeyId = key.Id };
    }

    private sealed record State(ImmutableArray<RsaSecurityKey> Keys)
    {
        public static readonly State Empty = new(ImmutableArray<RsaSecurityKey>.Empty);

        public IEnumerable<string> Ids => Keys.Select(key => key.KeyId);
    }
}
