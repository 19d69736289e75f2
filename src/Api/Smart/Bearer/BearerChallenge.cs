using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>
/// What is answered to whoever may not (RFC 6750, 3): constant texts, so that an answer never says what was wrong with a token, whether a
/// signature held or whether a resource exists.
/// </summary>
internal sealed class BearerChallenge
{
    /// <summary>401 for a request without a token.</summary>
    public static readonly BearerChallenge Missing = new(
        HttpStatusCode.Unauthorized, OperationOutcome.IssueType.Login, "This needs an access token in the Authorization header.", "Bearer");

    /// <summary>401 for a token that lets nobody in.</summary>
    public static readonly BearerChallenge InvalidToken = new(
        HttpStatusCode.Unauthorized,
        OperationOutcome.IssueType.Login,
        "The access token is not valid here, or no longer. Get a new one.",
        "Bearer error=\"invalid_token\", error_description=\"The access token is not valid\"");

    /// <summary>400 for a token that is sent in a wrong way or more than once.</summary>
    public static readonly BearerChallenge InvalidRequest = new(
        HttpStatusCode.BadRequest,
        OperationOutcome.IssueType.Invalid,
        "The access token belongs in one Authorization header and nowhere else.",
        "Bearer error=\"invalid_request\", error_description=\"The access token belongs in one Authorization header\"");

    /// <summary>403 for a caller who may not do this, whatever it is done to.</summary>
    public static readonly BearerChallenge InsufficientScope = new(
        HttpStatusCode.Forbidden,
        OperationOutcome.IssueType.Forbidden,
        "The access token does not allow this.",
        "Bearer error=\"insufficient_scope\"");

    /// <summary>503 while the issuer of a token does not answer: the token may be good, so it is not called bad.</summary>
    public static readonly BearerChallenge IssuerDown = new(
        HttpStatusCode.ServiceUnavailable,
        OperationOutcome.IssueType.Transient,
        "The issuer of the access token does not answer. Try again.",
        challenge: null);

    private const string RetryAfterSeconds = "5";

    private readonly FhirResult _result;
    private readonly string? _challenge;

    private BearerChallenge(HttpStatusCode status, OperationOutcome.IssueType code, string text, string? challenge)
    {
        _result = FhirResult.Outcome(status, OperationOutcome.IssueSeverity.Error, code, text);
        _challenge = challenge;
    }

    public System.Threading.Tasks.Task WriteAsync(HttpContext context)
    {
        if (_challenge is null)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }
        else
        {
            context.Response.Headers.WWWAuthenticate = _challenge;
        }

        return _result.ExecuteAsync(context);
    }

    /// <summary>The header for a 401 or 403 that a handler answers.</summary>
    public static void AddTo(HttpResponse response, HttpStatusCode status)
    {
        if (status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            response.Headers.WWWAuthenticate = (status == HttpStatusCode.Unauthorized ? Missing : InsufficientScope)._challenge;
        }
    }
}
