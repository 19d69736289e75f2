using System.Globalization;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>What is wrong with <c>Auth:Issuers</c>, one sentence for each fault. Trusting the wrong issuer is trusting anybody.</summary>
internal static class IssuerCheck
{
    private static readonly TimeSpan _mostSkew = TimeSpan.FromMinutes(5);

    public static IEnumerable<string> Faults(TeleFhirOptions.AuthOptions auth, bool isProduction)
    {
        var issuers = auth.Issuers;
        if (auth.LongestTokenLife < TimeSpan.FromMinutes(1) || auth.LongestTokenLife > TimeSpan.FromDays(7))
        {
            yield return "Auth:LongestTokenLife must be from one minute to seven days.";
        }

        if (auth.Mode is "External" or "Both" && issuers.Count == 0)
        {
            yield return $"Auth:Mode={auth.Mode} needs at least one entry in Auth:Issuers.";
        }

        foreach (var fault in issuers.Index().SelectMany(entry => Faults(entry.Item, isProduction)
            .Select(fault => string.Create(CultureInfo.InvariantCulture, $"Auth:Issuers:{entry.Index}:{fault}"))))
        {
            yield return fault;
        }

        foreach (var twice in issuers.GroupBy(issuer => issuer.Issuer ?? issuer.Authority).Where(group => group.Count() > 1))
        {
            yield return $"Auth:Issuers names {twice.Key} twice.";
        }
    }

    private static IEnumerable<string> Faults(IssuerOptions issuer, bool isProduction)
    {
        if (!IsAddress(issuer.Authority, isProduction))
        {
            yield return "Authority must be an absolute https address (outside Production http will do) without query or fragment.";
        }

        if (issuer.MetadataAddress is { } metadata && !IsAddress(metadata, isProduction))
        {
            yield return "MetadataAddress must be an absolute https address (outside Production http will do) without query or fragment.";
        }

        if (issuer.AllowedAlgorithms is { } algorithms && algorithms.Except(IssuerProfile.Asymmetric).FirstOrDefault() is { } weak)
        {
            yield return $"AllowedAlgorithms may not hold {weak}, only {string.Join(", ", IssuerProfile.Asymmetric)}.";
        }

        if (issuer.ClockSkew < TimeSpan.Zero || issuer.ClockSkew > _mostSkew)
        {
            yield return "ClockSkew must be from 0 to 5 minutes.";
        }

        if (issuer.RevocationMode == RevocationMode.Introspection
            && (string.IsNullOrEmpty(issuer.IntrospectionClientId) || string.IsNullOrEmpty(issuer.IntrospectionClientSecret)))
        {
            yield return "RevocationMode=Introspection needs IntrospectionClientId and IntrospectionClientSecret.";
        }

        if (issuer.Audiences?.Any(string.IsNullOrWhiteSpace) == true)
        {
            yield return "Audiences must not hold an empty name.";
        }
    }

    private static bool IsAddress(string text, bool isProduction) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == "https" || (address.Scheme == "http" && !isProduction))
        && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0;
}
