using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>An e-mail, by the mail server that reminders go by, with the Bundle as an attachment. Its Message-ID is that of the notification.</summary>
internal sealed class EmailChannel(TeleFhirOptions options, FhirAddress address) : INotificationChannel
{
    private static readonly int _timeout = (int)TimeSpan.FromSeconds(20).TotalMilliseconds;

    public SubscriptionChannel Channel => SubscriptionChannel.Email;

    public async Task SendAsync(SubscriptionPlan plan, Notification notification, CancellationToken cancellationToken)
    {
        var server = options.Reminders.Mail;
        using var content = new MemoryStream((plan.IsXml ? FhirXml.FromJson(notification.Json) : notification.Json).ToArray());
        using var mail = new MimeMessage
        {
            MessageId = $"{notification.Id}@{new Uri(address.Base).Host}",
            Subject = "Notification",
            Body = new Multipart("mixed")
            {
                new TextPart("plain") { Text = "You subscribed to this. The attachment says what happened; sign in to see more.\r\n" },
                new MimePart("application", plan.IsXml ? "fhir+xml" : "fhir+json")
                {
                    Content = new MimeContent(content),
                    ContentDisposition = new ContentDisposition(ContentDisposition.Attachment) { FileName = plan.IsXml ? "notification.xml" : "notification.json" },
                    ContentTransferEncoding = ContentEncoding.Base64,
                },
            },
        };
        mail.From.Add(MailboxAddress.Parse(server.From!));
        mail.To.Add(new MailboxAddress(Encoding.UTF8, "", plan.Endpoint["mailto:".Length..]));
        mail.Headers.Add("Auto-Submitted", "auto-generated");

        using var client = new SmtpClient { Timeout = _timeout };
        try
        {
            await client.ConnectAsync(server.Host!, server.Port, SecurityOf(server.Security), cancellationToken);
            if (server.User is { } user)
            {
                await client.AuthenticateAsync(user, server.Password ?? "", cancellationToken);
            }

            await client.SendAsync(mail, cancellationToken);
            await client.DisconnectAsync(quit: true, cancellationToken);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // The kind alone: what a mail server says may name the recipient.
            throw new DeliveryException($"The mail server did not take it ({fault.GetType().Name}).");
        }
    }

    private static SecureSocketOptions SecurityOf(string security) => security switch
    {
        "None" => SecureSocketOptions.None,
        "Tls" => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTls,
    };
}
