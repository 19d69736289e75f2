using Microsoft.Extensions.Primitives;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>Tells who calls: by the token in the Authorization header, or everyone where access control is switched off.</summary>
internal sealed class Callers(TeleFhirOptions options, BearerTokens tokens)
{
    private const string Scheme = "Bearer ";
    private const string QueryParameter = "access_token";

    private readonly bool _isOpen = options.Auth.Mode == "None";

    /// <summary>The caller of a request that has passed the gate; nobody otherwise.</summary>
    public Caller Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _isOpen ? Caller.Development : context.Features.Get<Caller>() ?? Caller.Anonymous;
    }

    /// <summary>Finds out who calls and remembers it with the request; the answer to give where that fails.</summary>
    public ValueTask<BearerChallenge?> IdentifyAsync(HttpContext context)
    {
        // A request that was accepted to be answered later comes with its caller.
        if (_isOpen || context.Features.Get<Caller>() is not null)
        {
            return default;
        }

        var header = context.Request.Headers.Authorization;
        if (header.Count == 0)
        {
            return new(BearerChallenge.Missing);
        }

        if (header.Count > 1 || IsInQuery(context.Request))
        {
            return new(BearerChallenge.InvalidRequest);
        }

        if (TokenIn(header) is not { } token)
        {
            return new(BearerChallenge.Missing);
        }

        var pending = tokens.AdmitAsync(token, context.RequestAborted);
        return pending.IsCompletedSuccessfully ? new(Remember(context, pending.Result)) : AwaitAsync(context, pending);
    }

    private static async ValueTask<BearerChallenge?> AwaitAsync(HttpContext context, ValueTask<Admission> pending) =>
        Remember(context, await pending);

    private static BearerChallenge? Remember(HttpContext context, Admission admission)
    {
        switch (admission.Verdict)
        {
            case Verdict.Admitted:
                context.Features.Set(admission.Caller);
                return null;
            case Verdict.Unknown:
                return BearerChallenge.IssuerDown;
            default:
                return BearerChallenge.InvalidToken;
        }
    }

    private static string? TokenIn(StringValues header) =>
        header.ToString() is var value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..] : null;

    // A search would take it for an unknown parameter and repeat it in its links.
    private static bool IsInQuery(HttpRequest request) =>
        request.QueryString.HasValue
        && request.QueryString.Value!.Contains(QueryParameter, StringComparison.OrdinalIgnoreCase)
        && request.Query.ContainsKey(QueryParameter);
}
