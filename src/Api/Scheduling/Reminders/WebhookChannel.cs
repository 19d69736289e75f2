using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>
/// A request to an address of the clinic's, which reminds the patient by ways of its own. It is signed in the manner of Standard Webhooks
/// (https://www.standardwebhooks.com): HMAC-SHA256 of <c>id.timestamp.body</c>. It names resources and shows none.
/// </summary>
internal sealed class WebhookChannel(ReminderOptions options, IHttpClientFactory http, TimeProvider clock) : IReminderChannel
{
    public const string Http = "reminder-webhook";

    // A + in a zone's offset or a link is no danger in JSON and easier to read.
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Name => ReminderSettings.Webhook;

    public async Task<bool> SendAsync(ReminderMessage message, CancellationToken cancellationToken)
    {
        var reminder = message.Reminder;
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = message.OfferedUntil is null ? "appointment-reminder" : "appointment-offer",
                id = reminder.Id,
                appointment = $"Appointment/{reminder.Appointment}",
                recipient = reminder.Recipient,
                start = reminder.Start.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                text = message.Text,
                url = message.LandingPage,
            },
            _json);
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Webhook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("webhook-id", reminder.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        request.Headers.Add("webhook-signature", "v1," + Sign($"{reminder.Id}.{timestamp}.", body));
        using var client = http.CreateClient(Http);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return true;
    }

    private string Sign(string head, byte[] body) =>
        Convert.ToBase64String(HMACSHA256.HashData(options.Webhook.Key!, (byte[])[.. Encoding.UTF8.GetBytes(head), .. body]));
}
