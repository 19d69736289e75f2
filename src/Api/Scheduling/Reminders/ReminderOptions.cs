using System.Collections.Immutable;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>Settings of reminders.</summary>
internal sealed class ReminderOptions
{
    private static readonly TimeSpan _longest = TimeSpan.FromDays(90);

    /// <summary>How long before the start; a day and half an hour where none is set.</summary>
    public IReadOnlyList<TimeSpan> Before { get; set; } = [];

    /// <summary>By what ways: log, mail, webhook, or none; the log where none is set.</summary>
    public IReadOnlyList<string> Channels { get; set; } = [];

    public MailOptions Mail { get; set; } = new();

    public WebhookOptions Webhook { get; set; } = new();

    /// <summary>Beginnings of addresses that need be neither https nor public; <c>Subscriptions:AllowedCallbacks</c>.</summary>
    public IReadOnlyList<string> AllowedCallbacks { get; internal set; } = [];

    public ReminderSettings Settings => new(
        Before.Count == 0 ? ReminderSettings.Default.Before : [.. Before.Distinct()],
        Channels.Count == 0 ? ReminderSettings.Default.Channels : [.. Channels.Distinct().Where(channel => channel != "none")]);

    /// <summary>The mail server.</summary>
    internal sealed class MailOptions
    {
        public string? Host { get; set; }

        public int Port { get; set; } = 587;

        /// <summary>StartTls, Tls, or None for a relay on this machine.</summary>
        public string Security { get; set; } = "StartTls";

        public string? User { get; set; }

        public string? Password { get; set; }

        /// <summary>Who the messages are from.</summary>
        public string? From { get; set; }
    }

    /// <summary>Who is told in place of the patient, to tell the patient.</summary>
    internal sealed class WebhookOptions
    {
        public string? Url { get; set; }

        /// <summary>24 bytes or more in base64 that sign the requests; whsec_ before them is left out.</summary>
        public string? Secret { get; set; }

        /// <summary>The secret's bytes, or null where they are none.</summary>
        public byte[]? Key
        {
            get
            {
                var text = Secret?.StartsWith("whsec_", StringComparison.Ordinal) == true ? Secret["whsec_".Length..] : Secret ?? "";
                var bytes = new byte[text.Length];
                return Convert.TryFromBase64String(text, bytes, out var length) && length >= 24 ? bytes[..length] : null;
            }
        }
    }

    /// <summary>Whether the operator vouches for an address.</summary>
    public bool Allows(Uri address) => PublicAddress.IsAllowed(address, AllowedCallbacks);

    /// <summary>What is wrong with the settings.</summary>
    public IEnumerable<string> Faults()
    {
        if (Before.Any(offset => offset <= TimeSpan.Zero || offset > _longest))
        {
            yield return "Reminders:Before must be above zero and at most 90 days.";
        }

        if (Channels.FirstOrDefault(channel => channel is not (ReminderSettings.Log or ReminderSettings.Mail or ReminderSettings.Webhook or "none")) is not null)
        {
            yield return "Reminders:Channels must be log, mail, webhook or none.";
        }

        if (Channels.Contains(ReminderSettings.Mail))
        {
            if (string.IsNullOrWhiteSpace(Mail.Host) || Mail.Port is < 1 or > 65535 || !MimeKit.MailboxAddress.TryParse(Mail.From ?? "", out _))
            {
                yield return "Reminders by mail need Reminders:Mail:Host, Reminders:Mail:Port and an e-mail address in Reminders:Mail:From.";
            }

            if (Mail.Security is not ("StartTls" or "Tls" or "None") || (Mail.Security == "None" && Mail.Password is not null))
            {
                yield return "Reminders:Mail:Security must be StartTls or Tls, or None where there is no password to be overheard.";
            }
        }

        if (Channels.Contains(ReminderSettings.Webhook))
        {
            if (!Uri.TryCreate(Webhook.Url, UriKind.Absolute, out var address)
                || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && Allows(address))))
            {
                yield return "Reminders:Webhook:Url must be an https address, or one that Subscriptions:AllowedCallbacks allows.";
            }

            if (Webhook.Key is null)
            {
                yield return "Reminders:Webhook:Secret must be at least 24 bytes in base64.";
            }
        }
    }
}
