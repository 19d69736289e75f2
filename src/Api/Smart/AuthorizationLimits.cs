using System.Globalization;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace TeleFhir.Api.Smart;

/// <summary>
/// How often one address may ask for tokens, ask about them, or register: enough for a hospital behind one address, too little to guess. Not in
/// Development, where tests and tools ask as fast as they can.
/// </summary>
internal sealed class AuthorizationLimits(RequestDelegate next) : IDisposable
{
    private static readonly Dictionary<string, int> _perMinute = new(StringComparer.Ordinal)
    {
        [SmartAddresses.TokenPath] = 600,
        [SmartAddresses.IntrospectPath] = 3000,
        [SmartAddresses.RevokePath] = 600,
        [SmartAddresses.RegisterPath] = 20,
    };

    private readonly PartitionedRateLimiter<HttpContext> _limiter = PartitionedRateLimiter.Create<HttpContext, (string Path, string Address)>(context =>
    {
        var path = context.Request.Path.Value ?? "";
        return _perMinute.TryGetValue(path, out var times)
            ? PerMinute((path, AddressOf(context)), times)
            : RateLimitPartition.GetNoLimiter(("", ""));
    });

    public async Task InvokeAsync(HttpContext context)
    {
        using var lease = _limiter.AttemptAcquire(context);
        if (lease.IsAcquired)
        {
            await next(context);
            return;
        }

        Refuse(context, lease);
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string>
        {
            ["error"] = "temporarily_unavailable",
            ["error_description"] = "Too many requests from this address; try again later.",
        });
    }

    public void Dispose() => _limiter.Dispose();

    /// <summary>So many times within any minute.</summary>
    public static RateLimitPartition<TKey> PerMinute<TKey>(TKey key, int times) => RateLimitPartition.GetSlidingWindowLimiter(key, _ => new SlidingWindowRateLimiterOptions
    {
        PermitLimit = times,
        Window = TimeSpan.FromMinutes(1),
        SegmentsPerWindow = 6,
    });

    /// <summary>429, and after how long to ask again; the content is left to who calls.</summary>
    public static void Refuse(HttpContext context, RateLimitLease lease)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.FromSeconds(10);
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Of IPv6 the network: one household has more addresses than there are permits.</summary>
    public static string AddressOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (address is null || address.IsIPv4MappedToIPv6 || address.AddressFamily == AddressFamily.InterNetwork)
        {
            return (address?.IsIPv4MappedToIPv6 == true ? address.MapToIPv4() : address)?.ToString() ?? "";
        }

        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}
