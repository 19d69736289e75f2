using System.Net;
using System.Security.Cryptography;
using Hl7.Fhir.Model;
using Microsoft.AspNetCore.Http.Timeouts;
using TeleFhir.Api.Fhir;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Async;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Async;

/// <summary>
/// <c>Prefer: respond-async</c>: the request is kept and answered with 202 and the address where its answer will be
/// (https://hl7.org/fhir/R4/async.html, RFC 7240 section 4.1). Where an endpoint does not offer it the preference is passed over, as RFC 7240 allows.
/// </summary>
internal static class AsyncAcceptance
{
    private const string RespondAsync = "respond-async";
    private const string Form = "application/x-www-form-urlencoded";

    /// <summary>Accepts what asks for it. Who asks and whether they may is known by now.</summary>
    public static void UseAsyncRequests(this IApplicationBuilder app) => app.Use(next => context =>
    {
        if (context.Features.Get<AcceptedRequest>() is not null)
        {
            // Nobody waits for it.
            context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
            return next(context);
        }

        return OfferTaken(context) is { } offer ? AcceptAsync(context, offer) : next(context);
    });

    /// <summary>Whose a request is: nobody but the same person through the same client, with the same patient in context, learns of it.</summary>
    public static string OwnerOf(Caller caller) => $"{caller.Kind}|{caller.ClientId}|{caller.UserId}|{caller.Patient}";

    private static AsyncOffer? OfferTaken(HttpContext context)
    {
        var prefer = context.Request.Headers["Prefer"];
        return prefer.Count > 0 && context.GetEndpoint()?.Metadata.GetMetadata<AsyncOffer>() is { } offer && Preferences.Of(prefer).IsAsync
            ? offer
            : null;
    }

    private static async Task AcceptAsync(HttpContext context, AsyncOffer offer)
    {
        var services = context.RequestServices;
        var server = services.GetRequiredService<FhirServer>();
        var caller = services.GetRequiredService<Callers>().Of(context);
        var request = context.Request;
        var (body, contentType) = await BodyOf(request, server.Options.Limits, context.RequestAborted);
        var head = new AsyncRequestHead
        {
            Method = request.Method,
            Path = request.Path,
            Query = request.QueryString.Value ?? "",
            ContentType = contentType,
            Prefer = request.Headers["Prefer"],
            Caller = CallerDocument.Write(caller),
            RemoteAddress = context.Connection.RemoteIpAddress?.ToString(),
            RequestId = context.TraceIdentifier,
        };
        var accepted = new AsyncRequest(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            OwnerOf(caller),
            head.Write(),
            body,
            IsRepeatable: !offer.Writes,
            server.Clock.GetUtcNow());
        if (!await services.GetRequiredService<IAsyncRequests>().TryAcceptAsync(accepted, server.Options.Async.MostPerCaller, context.RequestAborted))
        {
            context.Response.Headers.RetryAfter = "5";
            await FhirResult.Outcome(
                HttpStatusCode.TooManyRequests, OperationOutcome.IssueSeverity.Error, OperationOutcome.IssueType.Throttled,
                $"{server.Options.Async.MostPerCaller} requests of this caller wait for their answers already.").ExecuteAsync(context);
            return;
        }

        services.GetRequiredService<AsyncWorker>().Wake();
        context.Response.Headers.ContentLocation = AsyncStatusRoutes.AddressOf(server.Address, accepted.Id);
        context.Response.Headers["Preference-Applied"] = RespondAsync;
        await FhirResult.Outcome(
            HttpStatusCode.Accepted, OperationOutcome.IssueSeverity.Information, OperationOutcome.IssueType.Informational,
            "Accepted. Content-Location is where the answer will be.").ExecuteAsync(context);
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Body, string? ContentType)> BodyOf(
        HttpRequest request, TeleFhirOptions.LimitOptions limits, CancellationToken cancellationToken)
    {
        var body = new RequestBody(request);
        return body.IsEmpty ? (default, null)
            : request.HasFormContentType ? (await body.ReadFormAsync(limits.FormBytes, cancellationToken), Form)
            : (await body.ReadJsonAsync(limits.BundleBytes, cancellationToken), "application/fhir+json");
    }
}
