using TeleFhir.Domain.Access;

namespace TeleFhir.Domain.Tests.Access;

public sealed class PasswordHashTests
{
    [Fact]
    public void A_hash_matches_its_password_alone()
    {
        var hash = PasswordHash.Of("correct horse", 10);

        Assert.StartsWith("v1$10$", hash, StringComparison.Ordinal);
        Assert.True(PasswordHash.Matches(hash, "correct horse"));
        Assert.False(PasswordHash.Matches(hash, "correct horsf"));
        Assert.False(PasswordHash.Matches(hash, ""));
        Assert.NotEqual(hash, PasswordHash.Of("correct horse", 10));
    }

    [Fact]
    public void A_hash_of_other_rounds_is_outdated_and_still_matches()
    {
        var hash = PasswordHash.Of("correct horse", 10);

        Assert.True(PasswordHash.IsOutdated(hash, 20));
        Assert.False(PasswordHash.IsOutdated(hash, 10));
        Assert.True(PasswordHash.Matches(hash, "correct horse"));
    }

    [Fact]
    public void A_hash_of_an_unknown_kind_is_a_fault() => Assert.Throws<FormatException>(() => PasswordHash.Matches("v9$10$AA==$AA==", "x"));

    [Fact]
    public void Passwords_cost_210_000_rounds_unless_a_test_says_otherwise() => Assert.Equal(210_000, new SignInSettings().PasswordRounds);
}
