using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>What accounts and passwords must be like.</summary>
public static class AccountRules
{
    /// <summary>Shortest password; length is what makes guessing hard (NIST SP 800-63B).</summary>
    public const int ShortestPassword = 12;

    /// <summary>Longest password and name: long enough for phrases, too short to keep the server busy.</summary>
    public const int LongestText = 128;

    /// <summary>The form in which user names are compared.</summary>
    public static string Normalise(string userName) => userName.Trim().ToUpperInvariant();

    /// <summary>What an account's resource may be, by role: a patient is a Patient; others need not be anything.</summary>
    public static void Demand(string userName, string displayName, UserRole role, string? fhirUser)
    {
        if (userName.Length is 0 or > LongestText || userName.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
        {
            throw new AccountException($"A user name has 1 to {LongestText} characters and no blanks.");
        }

        if (string.IsNullOrWhiteSpace(displayName) || displayName.Length > LongestText || displayName.Any(char.IsControl))
        {
            throw new AccountException($"A name for display has 1 to {LongestText} characters.");
        }

        if (fhirUser is not null && !(ResourceKey.TryParse(fhirUser, out var key) && key.Version is null && IsPerson(key.Type, role)))
        {
            throw new AccountException(role == UserRole.Patient
                ? "A patient's resource is written Patient/id."
                : "The resource is written Practitioner/id, PractitionerRole/id, RelatedPerson/id or Person/id.");
        }

        if (fhirUser is null && role == UserRole.Patient)
        {
            throw new AccountException("A patient's account names their resource, Patient/id.");
        }
    }

    /// <summary>Throws where the password is too easy to guess or too long.</summary>
    public static void DemandPassword(string password, string userName)
    {
        if (password.Length is < ShortestPassword or > LongestText)
        {
            throw new AccountException($"A password has {ShortestPassword} to {LongestText} characters.");
        }

        if (password.Contains(userName, StringComparison.OrdinalIgnoreCase) && password.Length < userName.Length + ShortestPassword)
        {
            throw new AccountException("The password must not be the user name with little else.");
        }
    }

    private static bool IsPerson(string type, UserRole role) => role == UserRole.Patient
        ? type == "Patient"
        : type is "Practitioner" or "PractitionerRole" or "RelatedPerson" or "Person";
}
