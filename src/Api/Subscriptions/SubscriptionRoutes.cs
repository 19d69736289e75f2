using System.Net;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Subscriptions;

/// <summary>Subscriptions: their operations, the topics, the socket, and what delivers notifications.</summary>
internal static class SubscriptionRoutes
{
    private const string Definitions = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-";

    private static readonly string[] _both = ["GET", "POST"];
    private static readonly string[] _read = ["GET", "HEAD"];

    public static void AddSubscriptions(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<TeleFhirOptions>();
            return options.Subscriptions.SettingsFor(
                new Canonicals(options.Fhir.CanonicalBase), provider.GetRequiredService<FhirAddress>().Base, sendsMail: !string.IsNullOrEmpty(options.Reminders.Mail.Host) && !string.IsNullOrEmpty(options.Reminders.Mail.From));
        });
        services.AddSingleton<Notifications>();
        services.AddSingleton<SubscriptionOwners>();
        services.AddSingleton<SubscriptionStates>();
        services.AddSingleton<INotificationChannel, RestHookChannel>();
        services.AddSingleton<INotificationChannel, EmailChannel>();
        services.AddSingleton<SubscriptionDelivery>();
        services.AddSingleton<SubscriptionSocket>();
        services.AddHostedService<SubscriptionJobs>();

        // Addresses and headers hold secrets, so the clients log nothing.
        services.AddHttpClient(RestHookChannel.Allowed, client => client.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(Handler);
        services.AddHttpClient(RestHookChannel.Public, client => client.Timeout = Timeout.InfiniteTimeSpan).RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(() =>
            {
                var handler = Handler();
                handler.ConnectCallback = new PublicConnection(allowsLoopback: false).ConnectAsync;
                return handler;
            });
    }

    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        var fhir = routes.MapGroup("/fhir");
        fhir.MapOperation(Named("status"), "Tell how far subscriptions are", _both, OperationLevel.Type | OperationLevel.Instance, StatusOperation.HandleAsync);
        fhir.MapOperation(Named("events"), "Give the events of a subscription", _both, OperationLevel.Instance, EventsOperation.HandleAsync);
        fhir.MapOperation(
            Named("get-ws-binding-token"), "Give what a socket of subscriptions is opened with", _both, OperationLevel.Type | OperationLevel.Instance, BindingOperation.HandleAsync);
        fhir.MapMethods("/SubscriptionTopic", _read, TopicListing.HandleAsync).Declares(Interaction.Capabilities, "List the topics of subscriptions");
        fhir.MapMethods("/SubscriptionTopic/{id}", _read, TopicListing.Handle).Declares(Interaction.Capabilities, "Show a topic of subscriptions");

        // Whoever comes here shows a token in the first message.
        routes.MapGet(SubscriptionSocket.Path, EnterAsync).AllowAnonymous().DisableRequestTimeout();
    }

    /// <summary>Lets sockets in before routing has its say.</summary>
    public static void UseSubscriptionSockets(this IApplicationBuilder app) =>
        app.UseWhen(context => context.Request.Path == SubscriptionSocket.Path, socket => socket.UseWebSockets());

    private static async Task EnterAsync(HttpContext context, SubscriptionSocket socket)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = (int)HttpStatusCode.UpgradeRequired;
            return;
        }

        using var opened = await context.WebSockets.AcceptWebSocketAsync();
        await socket.ServeAsync(opened, context.RequestAborted);
    }

    private static DeclaredOperation Named(string name) => new("Subscription", name) { Definition = Definitions + name };

    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        MaxResponseHeadersLength = 16,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
    };
}
