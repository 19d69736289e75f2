using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Tests.Smart.Bearer;

public sealed class AdmittedTokensTests
{
    [Fact]
    public void Tokens_that_are_in_use_stay_and_others_make_room()
    {
        var tokens = new AdmittedTokens(most: 100);
        var used = TokenHash.Of("used")!.Value;
        tokens.Add(used, NewToken());
        for (var at = 0; at < 1000; at++)
        {
            tokens.Add(TokenHash.Of($"other-{at}")!.Value, NewToken());
            Assert.NotNull(tokens.Find(used));
        }

        var kept = Enumerable.Range(0, 1000).Where(at => tokens.Find(TokenHash.Of($"other-{at}")!.Value) is not null).ToList();

        Assert.InRange(kept.Count, 1, 100);
        Assert.Equal(999, kept[^1]);
    }

    [Fact]
    public void Tokens_are_known_by_all_of_their_hash()
    {
        Assert.Equal(TokenHash.Of("a.b.c"), TokenHash.Of("a.b.c"));
        Assert.NotEqual(TokenHash.Of("a.b.c"), TokenHash.Of("a.b.d"));
        Assert.Equal(
            Convert.ToHexString(SHA256.HashData("a.b.c"u8)),
            Convert.ToHexString([.. Bytes(TokenHash.Of("a.b.c")!.Value.High), .. Bytes(TokenHash.Of("a.b.c")!.Value.Low)]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("caf\u00e9")]
    [InlineData("\ud800")]
    public void What_cannot_be_a_token_has_no_hash(string text) => Assert.Null(TokenHash.Of(text));

    [Fact]
    public void A_token_has_a_greatest_length()
    {
        Assert.NotNull(TokenHash.Of(new string('a', BearerTokens.MaxLength)));
        Assert.Null(TokenHash.Of(new string('a', BearerTokens.MaxLength + 1)));
    }

    private static byte[] Bytes(UInt128 number)
    {
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128LittleEndian(bytes, number);
        return bytes;
    }

    private static AdmittedToken NewToken()
    {
        var keys = new TokenKeySet(new List<SecurityKey>());
        return new AdmittedToken
        {
            Issuer = new Issuer(IssuerProfile.Embedded("https://x/auth", "https://x/fhir"), new NoKeys(keys), null, TimeProvider.System),
            Caller = Caller.Anonymous,
            Keys = keys,
            Until = DateTimeOffset.MaxValue,
            Issued = DateTimeOffset.MinValue,
        };
    }

    private sealed class NoKeys(TokenKeySet keys) : ITokenKeys
    {
        public TokenKeySet Current => keys;

        public ValueTask<KeySearch> FindAsync(string? kid, CancellationToken cancellationToken) => new(new KeySearch(keys, null));
    }
}
