using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Subscriptions;

namespace TeleFhir.Api.Subscriptions;

/// <summary>
/// A POST to an address of the subscriber's. Where there is a secret it is signed in the manner of Standard Webhooks
/// (https://www.standardwebhooks.com): HMAC-SHA256 of <c>id.timestamp.body</c>. Redirects are not followed.
/// </summary>
internal sealed class RestHookChannel(IHttpClientFactory http, SubscriptionSettings settings, TimeProvider clock) : INotificationChannel
{
    /// <summary>The client for addresses that anybody may name: it connects to public addresses alone.</summary>
    public const string Public = "subscription-public";

    /// <summary>The client for addresses that the operator vouches for.</summary>
    public const string Allowed = "subscription-allowed";

    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(10);

    public SubscriptionChannel Channel => SubscriptionChannel.RestHook;

    public async Task SendAsync(SubscriptionPlan plan, Notification notification, CancellationToken cancellationToken)
    {
        // What was allowed when it was written need not be any more.
        if (settings.FaultOf(plan.Endpoint) is { } fault)
        {
            throw new DeliveryException($"The endpoint {fault}.") { IsFinal = true };
        }

        var address = new Uri(plan.Endpoint);
        var body = (plan.IsXml ? FhirXml.FromJson(notification.Json) : notification.Json).ToArray();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(plan.IsXml ? "application/fhir+xml" : "application/fhir+json", "utf-8");
        foreach (var header in plan.Headers)
        {
            request.Headers.TryAddWithoutValidation(SubscriptionSecrets.NameOf(header), SubscriptionSecrets.ValueOf(header));
        }

        Sign(request, plan, notification, body);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(plan.Timeout > 0 ? TimeSpan.FromSeconds(plan.Timeout) : _timeout);
        using var client = http.CreateClient(settings.Allows(address) ? Allowed : Public);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!answer.IsSuccessStatusCode)
            {
                throw new DeliveryException(string.Create(CultureInfo.InvariantCulture, $"The endpoint answered {(int)answer.StatusCode}."));
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DeliveryException("The endpoint did not answer in time.");
        }
        catch (HttpRequestException refused)
        {
            // The kind alone: what the network says may tell of what is inside.
            throw new DeliveryException($"The endpoint could not be reached ({refused.HttpRequestError}).");
        }
    }

    private void Sign(HttpRequestMessage request, SubscriptionPlan plan, Notification notification, byte[] body)
    {
        var timestamp = clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        request.Headers.Add("webhook-id", notification.Id);
        request.Headers.Add("webhook-timestamp", timestamp);
        if (plan.Secret is { } secret && SubscriptionSecrets.KeyOf(secret) is { } key)
        {
            var signed = (byte[])[.. Encoding.UTF8.GetBytes($"{notification.Id}.{timestamp}."), .. body];
            request.Headers.Add("webhook-signature", "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
        }
    }
}
