using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>What an issuer says of itself, as far as the API needs it.</summary>
internal sealed record IssuerMetadata(JsonElement Document, Uri KeysAddress, Uri? IntrospectionAddress);

/// <summary>
/// Keys of an issuer elsewhere, by its metadata. They are kept for an hour; a key that is unknown makes them be fetched at once, but
/// only a few times a minute, since anybody can write names of keys into tokens. While the issuer does not answer, the keys it had go on
/// counting for a day.
/// </summary>
internal sealed class RemoteKeys(IssuerProfile profile, IssuerClient client, TimeProvider clock, ILogger logger) : ITokenKeys, IDisposable
{
    private const int FetchesPerMinute = 5;
    private static readonly TimeSpan _fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan _stale = TimeSpan.FromDays(1);
    private static readonly TimeSpan _retry = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private readonly Queue<DateTimeOffset> _fetches = new();
    private volatile State _state = new(null, null, null, default, default);

    public TokenKeySet? Current => _state.Keys;

    public async ValueTask<KeySearch> FindAsync(string? kid, CancellationToken cancellationToken)
    {
        var state = _state;
        if (!IsWithin(state.Fetched, _fresh) || state.Keys?.Find(kid) is null)
        {
            state = await FetchAsync(state, cancellationToken);
        }

        return new(IsWithin(state.Fetched, _stale) ? state.Keys : null, state.Keys?.Find(kid));
    }

    /// <summary>The issuer's metadata; null while it does not answer.</summary>
    public async ValueTask<IssuerMetadata?> MetadataAsync(CancellationToken cancellationToken) =>
        (_state.Metadata is null ? await FetchAsync(_state, cancellationToken) : _state).Metadata;

    public void Dispose() => _fetching.Dispose();

    private async Task<State> FetchAsync(State seen, CancellationToken cancellationToken)
    {
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            if (_state == seen && MayFetch())
            {
                _state = await FetchAsync(cancellationToken);
            }

            return _state;
        }
        finally
        {
            _fetching.Release();
        }
    }

    private bool MayFetch()
    {
        var now = clock.GetUtcNow();
        while (_fetches.TryPeek(out var first) && now - first > TimeSpan.FromMinutes(1))
        {
            _fetches.Dequeue();
        }

        if (IsWithin(_state.Failed, _retry) || _fetches.Count >= FetchesPerMinute)
        {
            return false;
        }

        _fetches.Enqueue(now);
        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "However the issuer fails, its tokens cannot be judged now and others can.")]
    private async Task<State> FetchAsync(CancellationToken cancellationToken)
    {
        try
        {
            var metadata = Read(await client.GetAsync(new Uri(profile.MetadataAddress!), cancellationToken));
            var published = (await client.GetAsync(metadata.KeysAddress, cancellationToken)).GetRawText();

            // The same keys stay the same set, so that tokens checked with it need not be checked again.
            var keys = published == _state.Published ? _state.Keys : new TokenKeySet(new JsonWebKeySet(published).GetSigningKeys());
            return new(keys, published, metadata, clock.GetUtcNow(), default);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "The issuer {Issuer} gives no keys", profile.Issuer);
            return _state with { Failed = clock.GetUtcNow() };
        }
    }

    private IssuerMetadata Read(JsonElement document)
    {
        // Metadata of another issuer would bring that one's keys in (OpenID Connect Discovery, 4.3).
        if (document.GetProperty("issuer").GetString() != profile.Issuer)
        {
            throw new InvalidDataException("The metadata names another issuer.");
        }

        return new(
            document,
            AddressOf(document.GetProperty("jwks_uri")),
            document.TryGetProperty("introspection_endpoint", out var introspection) ? AddressOf(introspection) : null);
    }

    private Uri AddressOf(JsonElement element)
    {
        var address = new Uri(element.GetString()!, UriKind.Absolute);
        return address.Scheme == "https" || address.Scheme == new Uri(profile.MetadataAddress!).Scheme
            ? address
            : throw new InvalidDataException("The metadata leads from https to something else.");
    }

    private bool IsWithin(DateTimeOffset since, TimeSpan limit) => since != default && clock.GetUtcNow() - since < limit;

    private sealed record State(TokenKeySet? Keys, string? Published, IssuerMetadata? Metadata, DateTimeOffset Fetched, DateTimeOffset Failed);
}
