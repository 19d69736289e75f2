using System.Buffers;
using System.Diagnostics;

namespace TeleFhir.Api.Hosting;

/// <summary>
/// Gives each request an id that client, answer and logs share, and logs one line for it. Route patterns are logged, never paths,
/// queries or bodies: those hold identifiers and names of patients.
/// </summary>
internal static partial class RequestTrace
{
    private const string RequestId = "X-Request-Id";
    private const int MaxIdLength = 64;

    private static readonly SearchValues<char> _idCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

    public static void UseRequestTrace(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("TeleFhir.Requests");
        app.Use(async (context, next) =>
        {
            var given = context.Request.Headers[RequestId].ToString();
            context.TraceIdentifier = IsId(given) ? given : Guid.NewGuid().ToString("N");
            context.Response.OnStarting(() => WriteHeadersAsync(context));
            var start = Stopwatch.GetTimestamp();
            try
            {
                await next(context);
            }
            finally
            {
                Log(logger, context, Stopwatch.GetElapsedTime(start));
            }
        });
    }

    // As late as this, because an error clears what was written before it.
    private static Task WriteHeadersAsync(HttpContext context)
    {
        context.Response.Headers[RequestId] = context.TraceIdentifier;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Task.CompletedTask;
    }

    private static bool IsId(string text) => text.Length is > 0 and <= MaxIdLength && !text.AsSpan().ContainsAnyExcept(_idCharacters);

    private static void Log(ILogger logger, HttpContext context, TimeSpan elapsed)
    {
        if (logger.IsEnabled(LogLevel.Information))
        {
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "no route";
            Answered(logger, context.Request.Method, route, context.Response.StatusCode, elapsed.TotalMilliseconds, context.TraceIdentifier);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Method} {Route} {Status} in {Milliseconds:0.0} ms, request {RequestId}")]
    private static partial void Answered(ILogger logger, string method, string route, int status, double milliseconds, string requestId);
}
