using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace TeleFhir.Api.Smart.Bearer;

/// <summary>Asks an issuer whether a token is still good (RFC 7662).</summary>
internal sealed class Introspection(IssuerProfile profile, RemoteKeys keys, IssuerClient client, ILogger logger)
{
    /// <summary>For how long an answer counts.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Whether the token is active; null while the issuer does not answer.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "However the issuer fails, its tokens cannot be judged now and others can.")]
    public async Task<bool?> IsActiveAsync(string token, CancellationToken cancellationToken)
    {
        try
        {
            if (await keys.MetadataAsync(cancellationToken) is not { IntrospectionAddress: { } address })
            {
                return null;
            }

            var answer = await client.PostAsync(
                address,
                profile.IntrospectionClientId!,
                profile.IntrospectionClientSecret!,
                [new("token", token), new("token_type_hint", "access_token")],
                cancellationToken);
            return answer.GetProperty("active").ValueKind == JsonValueKind.True;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "The issuer {Issuer} does not introspect", profile.Issuer);
            return null;
        }
    }
}
