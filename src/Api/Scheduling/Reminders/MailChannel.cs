using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>An e-mail to the patient. Its Message-ID is that of the reminder, so that a mail server which gets it twice can tell.</summary>
internal sealed class MailChannel(ReminderOptions options, FhirAddress address) : IReminderChannel
{
    private static readonly int _timeout = (int)TimeSpan.FromSeconds(20).TotalMilliseconds;

    public string Name => ReminderSettings.Mail;

    public async Task<bool> SendAsync(ReminderMessage message, CancellationToken cancellationToken)
    {
        if (!MailboxAddress.TryParse(message.Address ?? "", out var recipient))
        {
            return false;
        }

        using var mail = new MimeMessage
        {
            MessageId = $"{message.Reminder.Id}@{new Uri(address.Base).Host}",
            Date = message.Reminder.Due,
            Subject = message.Subject,
            Body = new TextPart("plain") { Text = message.Text + "\r\n" },
        };
        mail.From.Add(MailboxAddress.Parse(options.Mail.From!));

        // The address alone: a name before it might be the patient's.
        mail.To.Add(new MailboxAddress(Encoding.UTF8, "", recipient.Address));
        mail.Headers.Add("Auto-Submitted", "auto-generated");

        using var client = new SmtpClient { Timeout = _timeout };
        await client.ConnectAsync(options.Mail.Host!, options.Mail.Port, SecurityOf(options.Mail.Security), cancellationToken);
        if (options.Mail.User is { } user)
        {
            await client.AuthenticateAsync(user, options.Mail.Password ?? "", cancellationToken);
        }

        await client.SendAsync(mail, cancellationToken);
        await client.DisconnectAsync(quit: true, cancellationToken);
        return true;
    }

    // StartTls demands it: with what merely prefers it, somebody in between could have the message in clear.
    private static SecureSocketOptions SecurityOf(string security) => security switch
    {
        "None" => SecureSocketOptions.None,
        "Tls" => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTls,
    };
}
