using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace TeleFhir.Api.Smart.Server;

/// <summary>Lets a confidential client be registered with nothing but the address of its keys, which OpenIddict has no field for.</summary>
internal sealed class SmartApplicationManager<TApplication>(
    IOpenIddictApplicationCache<TApplication> cache,
    ILogger<OpenIddictApplicationManager<TApplication>> logger,
    IOptionsMonitor<OpenIddictCoreOptions> options,
    IOpenIddictApplicationStore<TApplication> store) : OpenIddictApplicationManager<TApplication>(cache, logger, options, store)
    where TApplication : class
{
    // "Confidential clients have a secret or keys": told in words, by which alone it can be recognised.
    private static readonly string _needsCredentials = OpenIddictResources.GetResourceString(OpenIddictResources.ID2113);

    public override async IAsyncEnumerable<ValidationResult> ValidateAsync(
        TApplication application, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var publishes = (await GetPropertiesAsync(application, cancellationToken)).ContainsKey(ClientProfile.JwksUri);
        await foreach (var result in base.ValidateAsync(application, cancellationToken))
        {
            if (!publishes || result.ErrorMessage != _needsCredentials)
            {
                yield return result;
            }
        }
    }
}
