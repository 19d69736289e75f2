using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// How a client's signed assertion is checked (SMART App Launch, Client Authentication: Asymmetric): RS384 or ES384, with the key that it
/// names, of the set that the client registered. Whatever is wrong, the answer is the same, so that nobody learns who is registered.
/// </summary>
internal sealed class AssertionValidation(IClients clients, ClientKeys keys, SmartAddresses addresses)
    : IOpenIddictServerHandler<ValidateTokenContext>
{
    public const string Refusal = "The client assertion is not acceptable.";

    private const string Kind = "client-authentication+jwt";
    private const int LongestAssertion = 16 * 1024;

    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(10);

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ValidateTokenContext>()
            .UseScopedHandler<AssertionValidation>()
            .SetOrder(Protection.ResolveTokenValidationParameters.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (context.ValidTokenTypes is not { Count: 1 } types || !types.Contains(TokenTypeIdentifiers.Private.ClientAssertion))
        {
            return;
        }

        var jwt = Read(context.Token);
        if (jwt is null
            || string.IsNullOrEmpty(jwt.Kid)
            || jwt.Issuer.Length == 0
            || jwt.Subject != jwt.Issuer
            || string.IsNullOrEmpty(jwt.Id)
            || jwt.ValidTo == DateTime.MinValue
            || !IsForThisServer(jwt)
            || await clients.FindAsync(jwt.Issuer, context.CancellationToken) is not { Kind: ClientKind.Asymmetric } client
            || !IsRegisteredAddress(jwt, client)
            || await keys.FindAsync(client, jwt.Kid, context.CancellationToken) is not { } key)
        {
            context.Reject(Errors.InvalidClient, Refusal);
            return;
        }

        var parameters = context.TokenValidationParameters;
        parameters.TypeValidator = static (type, _, _) => type is null or "" or "JWT" or Kind ? Kind : throw new SecurityTokenInvalidTypeException();
        parameters.ValidAlgorithms = [SecurityAlgorithms.RsaSha384, SecurityAlgorithms.EcdsaSha384];
        parameters.ClockSkew = Skew;
        parameters.IssuerSigningKeyResolver = null;
        parameters.IssuerSigningKeys = [key];
        parameters.TryAllIssuerSigningKeys = false;
        context.DisableAudienceValidation = true;
    }

    private bool IsForThisServer(JsonWebToken jwt) =>
        jwt.Audiences.Any(audience => audience == addresses.Issuer || audience == addresses.Of(SmartAddresses.TokenPath));

    private static bool IsRegisteredAddress(JsonWebToken jwt, ClientRegistration client) =>
        !jwt.TryGetHeaderValue<string>("jku", out var address) || address == client.JwksUri;

    /// <summary>What is sent as an assertion, unchecked; null where it is none.</summary>
    public static JsonWebToken? Read(string? token)
    {
        try
        {
            return token is null or { Length: > LongestAssertion } ? null : new JsonWebToken(token);
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException or JsonException or FormatException)
        {
            return null;
        }
    }
}
