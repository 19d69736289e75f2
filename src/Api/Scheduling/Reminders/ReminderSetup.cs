using TeleFhir.Api.Smart;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Scheduling.Reminders;

/// <summary>Registers reminders and the ways they go.</summary>
internal static class ReminderSetup
{
    public static void AddReminders(this IServiceCollection services)
    {
        services.AddSingleton(provider => provider.GetRequiredService<TeleFhirOptions>().Reminders);
        services.AddSingleton(provider => provider.GetRequiredService<ReminderOptions>().Settings);
        services.AddSingleton<IReminderChannel, LogChannel>();
        services.AddSingleton<IReminderChannel, MailChannel>();
        services.AddSingleton<IReminderChannel, WebhookChannel>();
        services.AddSingleton<ReminderDelivery>();

        // The address may hold a secret of its own, so the client logs nothing.
        services.AddHttpClient(WebhookChannel.Http, client => client.Timeout = TimeSpan.FromSeconds(10))
            .RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(provider =>
            {
                var options = provider.GetRequiredService<ReminderOptions>();
                var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
                if (!Uri.TryCreate(options.Webhook.Url, UriKind.Absolute, out var address) || !options.Allows(address))
                {
                    handler.ConnectCallback = new PublicConnection(allowsLoopback: false).ConnectAsync;
                }

                return handler;
            });
    }
}
