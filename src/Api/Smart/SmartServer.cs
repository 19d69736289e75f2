using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using TeleFhir.Api.Fhir.Interactions;
using TeleFhir.Domain.Access;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart;

/// <summary>
/// The embedded authorization server: OpenIddict with what SMART App Launch (https://hl7.org/fhir/smart-app-launch/STU2.2/) asks beyond
/// OAuth. Each family of rules has a file of its own beside this one; here is what is switched on and in which order.
/// </summary>
internal static class SmartServer
{
    /// <summary>Whether a configuration asks for it; it is read before options are validated, which happens at the start.</summary>
    public static bool IsWanted(IConfiguration configuration) => configuration["Auth:Mode"] is null or "Embedded" or "Both";

    public static IServiceCollection AddAuthorizationServer(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<SmartAddresses>();
        services.AddSingleton(provider => new ClientRules(provider.GetRequiredService<IHostEnvironment>().IsDevelopment()));
        SealKeyRing(services.AddDataProtection().SetApplicationName("TeleFhir"), configuration);
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>, KeyRingDocuments>();
        services.AddSingleton<ServerKeys>();
        services.AddSessionCookie();
        services.AddSingleton<AuthorizationEvents>();
        services.AddSingleton<SecurityAlerts>();
        services.AddSingleton<PatientSight>();
        services.AddSingleton<AuthorizationDecision>();
        services.AddSingleton<ApplicationOrigins>();
        if (!IsWanted(configuration))
        {
            if (configuration["Auth:Mode"] == "External")
            {
                services.AddSingleton(new RestSecurity([]));
            }

            return services;
        }

        services.AddSingleton(provider => SecurityOf(provider.GetRequiredService<SmartAddresses>()));
        services.AddHostedService(provider => provider.GetRequiredService<ServerKeys>());
        services.AddHostedService<DemoClients>();
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>>(provider => provider.GetRequiredService<ServerKeys>());
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(provider => provider.GetRequiredService<ServerKeys>());
        services.AddOptions<OpenIddictServerOptions>().Configure<SmartAddresses, TeleFhirOptions>((server, addresses, options) =>
        {
            server.Issuer = new Uri(addresses.Issuer);
            server.AccessTokenLifetime = options.Auth.AccessTokenLife;
        });
        ClientKeys.AddTo(services);
        services.AddOpenIddict().AddServer(Configure);
        return services;
    }

    private static RestSecurity SecurityOf(SmartAddresses addresses) => new(
    [
        new("authorize", addresses.Of(SmartAddresses.AuthorizePath)),
        new("token", addresses.Of(SmartAddresses.TokenPath)),
        new("register", addresses.Of(SmartAddresses.RegisterPath)),
        new("manage", addresses.Of(SmartAddresses.AppsPath)),
        new("introspect", addresses.Of(SmartAddresses.IntrospectPath)),
        new("revoke", addresses.Of(SmartAddresses.RevokePath)),
    ]);

    /// <summary>Serves the endpoints that OpenIddict answers itself, and says who is signed in to those behind it. Only under <c>/auth</c>.</summary>
    public static void UseAuthorizationServer(this WebApplication app)
    {
        // Otherwise the framework would put its own in front of everything, the FHIR interactions too; access is decided by the gate.
        var properties = ((IApplicationBuilder)app).Properties;
        properties["__AuthenticationMiddlewareSet"] = true;
        properties["__AuthorizationMiddlewareSet"] = true;
        if (!IsWanted(app.Configuration))
        {
            return;
        }

        var origin = new Lazy<Uri>(() => app.Services.GetRequiredService<SmartAddresses>().Origin);
        app.UseWhen(context => context.Request.Path.StartsWithSegments(SmartAddresses.Root), auth =>
        {
            auth.Use((context, next) =>
            {
                // As it is configured, also behind a proxy: addresses in answers and the issuer never follow what a request claims.
                context.Request.Scheme = origin.Value.Scheme;
                context.Request.Host = HostString.FromUriComponent(origin.Value);
                return next(context);
            });
            auth.UseMiddleware<AuthorizationHeaders>();
            if (!app.Environment.IsDevelopment())
            {
                auth.UseMiddleware<AuthorizationLimits>();
            }

            auth.UseAuthentication();
        });
    }

    public static void MapAuthorizationServer(this WebApplication app)
    {
        if (!IsWanted(app.Configuration))
        {
            return;
        }

        app.MapSmartConfiguration();
        app.MapMethods(SmartAddresses.AuthorizePath, ["GET", "POST"], Authorize.HandleAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(SmartAddresses.StylePath, ["GET", "HEAD"], SmartStyle.Handle).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(SmartAddresses.BrandsPath, ["GET", "HEAD"], Brands.HandleAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapPost(SmartAddresses.RegisterPath, Register.HandleAsync).AllowAnonymous().ExcludeFromDescription();
        app.MapMethods(SmartAddresses.LaunchPath, ["GET", "POST"], Launch.HandleAsync).AllowAnonymous().ExcludeFromDescription();
    }

    // With it whoever copies the database has the ring and cannot open it. A file that is missing is told by the validation of options.
    private static void SealKeyRing(IDataProtectionBuilder ring, IConfiguration configuration)
    {
        if (configuration["Auth:KeyRingCertificate"] is { } file && File.Exists(file))
        {
            ring.ProtectKeysWithCertificate(X509CertificateLoader.LoadPkcs12FromFile(file, configuration["Auth:KeyRingPassword"]));
        }
    }

    private static void Configure(OpenIddictServerBuilder server)
    {
        server.SetAuthorizationEndpointUris(Relative(SmartAddresses.AuthorizePath))
            .SetTokenEndpointUris(Relative(SmartAddresses.TokenPath))
            .SetIntrospectionEndpointUris(Relative(SmartAddresses.IntrospectPath))
            .SetRevocationEndpointUris(Relative(SmartAddresses.RevokePath))
            .SetUserInfoEndpointUris(Relative(SmartAddresses.UserInfoPath))
            .SetJsonWebKeySetEndpointUris(Relative(SmartAddresses.KeysPath))
            .SetConfigurationEndpointUris(Relative(SmartAddresses.MetadataPath));
        server.AllowAuthorizationCodeFlow().AllowClientCredentialsFlow().AllowRefreshTokenFlow().RequireProofKeyForCodeExchange();
        server.Configure(options => options.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain));
        server.RegisterScopes([.. ClientRules.Contexts]).RegisterClaims("fhirUser", Claims.Name, Claims.AuthenticationTime);
        server.IgnoreScopePermissions().IgnoreResourcePermissions().DisableResourceValidation();

        // A code is for the next minute. A refresh token rotates with each use, and no use makes the grant live longer.
        server.SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1))
            .SetIdentityTokenLifetime(TimeSpan.FromMinutes(5))
            .SetRefreshTokenLifetime(TimeSpan.FromDays(90))
            .SetRefreshTokenReuseLeeway(TimeSpan.Zero)
            .DisableSlidingRefreshTokenExpiration()
            .UseReferenceRefreshTokens();

        // Access tokens are plain JWTs, so that any resource server can read them. All else is sealed with the key ring of the database.
        server.DisableAccessTokenEncryption().AddEphemeralEncryptionKey();
        server.UseDataProtection().PreferDefaultAccessTokenFormat();
        server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().SuppressJsonResponseIndentation();
        server.Services.AddOptions<OpenIddict.Server.AspNetCore.OpenIddictServerAspNetCoreOptions>()
            .Configure<IHostEnvironment>((options, environment) => options.DisableTransportSecurityRequirement = environment.IsDevelopment());

        server.RemoveEventHandler(Authentication.ValidateScopes.Descriptor)
            .RemoveEventHandler(Exchange.ValidateScopes.Descriptor)
            .RemoveEventHandler(OpenIddictServerHandlers.Introspection.ValidateAuthorizedParty.Descriptor)
            .RemoveEventHandler(OpenIddictServerHandlers.Introspection.AttachApplicationClaims.Descriptor)
            .RemoveEventHandler(ValidateClientType.Descriptor);
        server.AddEventHandler(AuthorizationChecks.Descriptor)
            .AddEventHandler(AuthorizationErrors.Descriptor)
            .AddEventHandler(ClientProof.Descriptor)
            .AddEventHandler(SecretGuessing.Descriptor)
            .AddEventHandler(SecretGuessing.Success.Descriptor)
            .AddEventHandler(TokenScopes.Descriptor)
            .AddEventHandler(PublicRefresh.Descriptor)
            .AddEventHandler(BackendTokens.Descriptor)
            .AddEventHandler(RefreshChecks.Descriptor)
            .AddEventHandler(OnlineAccess.Descriptor)
            .AddEventHandler(TokenMembers.Descriptor)
            .AddEventHandler(AssertionValidation.Descriptor)
            .AddEventHandler(AssertionUse.Descriptor)
            .AddEventHandler(ReuseDetection.Descriptor)
            .AddEventHandler(TokenRefusals.Descriptor)
            .AddEventHandler(IntrospectionBearer.Descriptor)
            .AddEventHandler(IntrospectionClientType.Descriptor)
            .AddEventHandler(IntrospectionMembers.Descriptor)
            .AddEventHandler(GrantRevocation.Descriptor)
            .AddEventHandler(UserClaims.Descriptor)
            .AddEventHandler(MetadataMembers.Descriptor);
    }

    private static string Relative(string path) => path[1..];
}
