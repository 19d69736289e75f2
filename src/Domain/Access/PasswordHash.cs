using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace TeleFhir.Domain.Access;

/// <summary>What is kept of a password: <c>v1$rounds$salt$hash</c>, PBKDF2 with SHA-512. Other ways to hash get another first word.</summary>
public static class PasswordHash
{
    private const string Version = "v1";
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    /// <summary>A hash with a salt of its own.</summary>
    public static string Of(string password, int rounds)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Version}${rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(Derive(password, salt, rounds))}");
    }

    /// <summary>Whether it is this password, in a time that depends on the rounds alone.</summary>
    public static bool Matches(string hash, string password) =>
        Parse(hash) is var (rounds, salt, expected) && CryptographicOperations.FixedTimeEquals(Derive(password, salt, rounds), expected);

    /// <summary>Whether it was made otherwise than is done now, and should be made anew while the password is at hand.</summary>
    public static bool IsOutdated(string hash, int rounds) => Parse(hash).Rounds != rounds;

    private static byte[] Derive(string password, byte[] salt, int rounds) => Rfc2898DeriveBytes.Pbkdf2(
        Encoding.UTF8.GetBytes(password), salt, rounds, HashAlgorithmName.SHA512, HashBytes);

    private static (int Rounds, byte[] Salt, byte[] Hash) Parse(string hash) => hash.Split('$') is [Version, var rounds, var salt, var expected]
        ? (int.Parse(rounds, CultureInfo.InvariantCulture), Convert.FromBase64String(salt), Convert.FromBase64String(expected))
        : throw new FormatException("A stored password hash is of no known kind.");
}
