using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace TeleFhir.Api.Smart;

/// <summary>An assertion is short-lived and works once, on whatever node and however often it is sent at the same moment.</summary>
internal sealed class AssertionUse(ISingleUse used, TimeProvider clock) : IOpenIddictServerHandler<ProcessAuthenticationContext>
{
    private const int LongestId = 500;

    // Five minutes by the specification, and half a minute for clocks that differ.
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(5.5);

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessAuthenticationContext>()
            .AddFilter<OpenIddictServerHandlerFilters.RequireClientAssertionPrincipal>()
            .UseScopedHandler<AssertionUse>()
            .SetOrder(OpenIddictServerHandlers.ValidateClientAssertionIssuer.Descriptor.Order + 1500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessAuthenticationContext context)
    {
        var assertion = context.ClientAssertionPrincipal!;
        var issuer = assertion.GetClaim(Claims.Issuer);
        var id = assertion.GetClaim(Claims.JwtId);
        var now = clock.GetUtcNow();
        if (issuer is null
            || assertion.GetClaim(Claims.Subject) != issuer
            || id is not { Length: > 0 and <= LongestId }
            || assertion.GetExpirationDate() is not { } expires
            || expires > now + _longest
            || !await used.TryUseAsync(issuer, id, expires + AssertionValidation.Skew, context.CancellationToken))
        {
            context.Reject(Errors.InvalidClient, AssertionValidation.Refusal);
        }
    }
}
