using System.Security.Cryptography;
using System.Text;
using System.Threading.RateLimiting;
using TeleFhir.Api.Smart;

namespace TeleFhir.Api.Scheduling.Calendars;

/// <summary>How often a feed is fetched, and how often one address fetches feeds: calendars look a few times an hour, and one company's fetch many.</summary>
internal sealed class CalendarLimits(RequestDelegate next) : IDisposable
{
    private const int OfFeed = 30;
    private const int OfAddress = 600;

    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<HttpContext, string>(context => AuthorizationLimits.PerMinute(AuthorizationLimits.AddressOf(context), OfAddress)),
        PartitionedRateLimiter.Create<HttpContext, string>(context => AuthorizationLimits.PerMinute(FeedOf(context), OfFeed)));

    public async Task InvokeAsync(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        AuthorizationLimits.Refuse(context, lease);
    }

    public void Dispose() => _limiter.Dispose();

    // Nothing keeps the secret itself for longer than the request.
    private static string FeedOf(HttpContext context) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Path.Value ?? "")));
}
