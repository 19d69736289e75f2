using System.Globalization;
using System.Security.Cryptography;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>Passwords as they are stored: <c>pbkdf2-sha512$rounds$salt$hash</c>, so that rounds can grow.</summary>
internal static class Passwords
{
    private const string Scheme = "pbkdf2-sha512";
    private const int Rounds = 210_000;
    private const int SaltBytes = 16;
    private const int HashBytes = 32;

    // Checked for names that do not exist, so that they take as long as those that do.
    private static readonly string _nobody = Hash(Secrets.New());

    public static string Hash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = Derive(password, salt, Rounds);
        return string.Create(CultureInfo.InvariantCulture, $"{Scheme}${Rounds}${Convert.ToBase64String(salt)}${Convert.ToBase64String(hash)}");
    }

    public static bool Verify(string password, string? stored)
    {
        var parts = (stored ?? _nobody).Split('$');
        var hash = Derive(password, Convert.FromBase64String(parts[2]), int.Parse(parts[1], CultureInfo.InvariantCulture));
        return CryptographicOperations.FixedTimeEquals(hash, Convert.FromBase64String(parts[3])) && stored is not null;
    }

    private static byte[] Derive(string password, byte[] salt, int rounds) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, rounds, HashAlgorithmName.SHA512, HashBytes);
}
