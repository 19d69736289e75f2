using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Subscriptions;

/// <summary>
/// The secrets that a Subscription is sent with: the values of <c>channel.header</c>, and what notifications are signed with, in the extension
/// <c>{canon}/StructureDefinition/subscription-secret</c> valueString on <c>channel</c>. In the resource they are written over with
/// <see cref="Mask"/>; who sends the mask back means what is kept.
/// </summary>
public static class SubscriptionSecrets
{
    /// <summary>What stands in the place of a secret.</summary>
    public const string Mask = "***";

    private const int LeastBytes = 24;
    private const int MostBytes = 64;

    /// <summary>URL of the extension that holds what notifications are signed with.</summary>
    public static string SecretUrl(Canonicals canonicals)
    {
        ArgumentNullException.ThrowIfNull(canonicals);
        return canonicals.Extension("subscription-secret");
    }

    /// <summary>The headers as they are meant: a masked one is the kept one of the same name.</summary>
    public static ImmutableArray<string> HeadersOf(Subscription subscription, SubscriptionPlan? kept)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        return [.. (subscription.Channel?.Header ?? []).OfType<string>().Select(header => ValueOf(header) != Mask ? header
            : kept?.Headers.FirstOrDefault(one => NameOf(one).Equals(NameOf(header), StringComparison.OrdinalIgnoreCase)) ?? header)];
    }

    /// <summary>The secret as it is meant.</summary>
    public static string? SecretOf(Subscription subscription, SubscriptionPlan? kept, Canonicals canonicals)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var sent = (subscription.Channel?.GetExtension(SecretUrl(canonicals))?.Value as FhirString)?.Value;
        return sent == Mask ? kept?.Secret ?? sent : sent;
    }

    /// <summary>A copy with masks in the place of secrets; the same where it has none.</summary>
    public static Subscription Masked(Subscription subscription, Canonicals canonicals)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        var url = SecretUrl(canonicals);
        if (subscription.Channel is not { } channel || (!channel.Header.Any() && channel.GetExtension(url) is null))
        {
            return subscription;
        }

        var masked = (Subscription)subscription.DeepCopy();
        masked.Channel!.Header = [.. masked.Channel.Header.Select(header => header is null ? null : $"{NameOf(header)}: {Mask}")];
        foreach (var extension in masked.Channel.GetExtensions(url))
        {
            extension.Value = new FhirString(Mask);
        }

        return masked;
    }

    /// <summary>The name in a header <c>Name: value</c>.</summary>
    public static string NameOf(string header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return header.Split(':', 2)[0].Trim();
    }

    /// <summary>The value in a header <c>Name: value</c>.</summary>
    public static string ValueOf(string header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return header.Split(':', 2) is [_, var value] ? value.Trim() : "";
    }

    /// <summary>The bytes of a secret, base64 with or without <c>whsec_</c> before it; null where it is none, or too short or long.</summary>
    public static byte[]? KeyOf(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var text = secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret["whsec_".Length..] : secret;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length is >= LeastBytes and <= MostBytes ? bytes[..length] : null;
    }
}
