using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace TeleFhir.Api.Smart.Server;

/// <summary>
/// The authorization server of this process: OpenIddict with what SMART App Launch 2.2 asks for beyond OAuth, as an ordered list of small
/// handlers. Nothing outside this folder knows that it is there; with <c>Auth:Mode=External</c> or <c>None</c> it is not.
/// </summary>
internal static class ServerSetup
{
    /// <summary>Whether tokens are issued here.</summary>
    public static bool IsWanted(IConfiguration configuration) => (configuration["Auth:Mode"] ?? "Embedded") is "Embedded" or "Both";

    public static void AddAuthorizationServer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddDataProtection().SetApplicationName("TeleFhir");
        services.AddOptions<KeyManagementOptions>().Configure<IServerKeyStore>((options, store) => options.XmlRepository = new RingRepository(store));
        services.AddSingleton<ServerKeys>();
        if (!IsWanted(builder.Configuration))
        {
            return;
        }

        services.AddHostedService(provider => provider.GetRequiredService<ServerKeys>());
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>>(provider => provider.GetRequiredService<ServerKeys>());
        services.AddSingleton<IOptionsChangeTokenSource<OpenIddictServerOptions>>(provider => provider.GetRequiredService<ServerKeys>());
        services.AddHostedService<Pruning>();
        services.AddOptions<OpenIddictServerOptions>().Configure<FhirAddress>((options, address) =>
            options.Issuer = new Uri(new Uri(address.Base).GetLeftPart(UriPartial.Authority) + "/auth"));
        services.AddOpenIddict()
            .AddCore(core => core.ReplaceApplicationManager(typeof(SmartApplicationManager<>)))
            .AddServer(server => Configure(server, builder.Environment));
        services.AddRazorPages(pages => pages.RootDirectory = "/Smart/Pages");
        services.AddSingleton<SessionCookie>();
        services.AddSingleton<PeoplesPatients>();
        services.AddSingleton<JwksClient>();
        services.AddScoped<ClientKeys>();
        services.AddScoped<Launching>();
        JwksClient.AddTo(services);

        // At Information it writes whole requests: verifiers and ids of patients among them.
        builder.Logging.AddFilter("OpenIddict", LogLevel.Warning);
    }

    private static void Configure(OpenIddictServerBuilder server, IHostEnvironment environment)
    {
        server.SetAuthorizationEndpointUris("auth/authorize")
            .SetTokenEndpointUris("auth/token")
            .SetIntrospectionEndpointUris("auth/introspect")
            .SetRevocationEndpointUris("auth/revoke")
            .SetUserInfoEndpointUris("auth/userinfo")
            .SetJsonWebKeySetEndpointUris("auth/jwks")
            .SetConfigurationEndpointUris("auth/.well-known/openid-configuration")
            .AllowAuthorizationCodeFlow().AllowClientCredentialsFlow().AllowRefreshTokenFlow()
            .RequireProofKeyForCodeExchange()
            .Configure(options => options.CodeChallengeMethods.Remove(OpenIddictConstants.CodeChallengeMethods.Plain))
            .SetAccessTokenLifetime(TimeSpan.FromMinutes(5))
            .SetIdentityTokenLifetime(TimeSpan.FromMinutes(5))
            .SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1))
            .SetRefreshTokenLifetime(TimeSpan.FromDays(90))
            .DisableSlidingRefreshTokenExpiration()
            .SetRefreshTokenReuseLeeway(TimeSpan.Zero)
            .UseReferenceRefreshTokens()
            .DisableAccessTokenEncryption()
            .IgnoreScopePermissions().IgnoreResourcePermissions().DisableResourceValidation()
            .RegisterScopes([.. ScopeRules.Context])
            .RegisterClaims(SmartClaims.FhirUser);
        server.UseDataProtection().PreferDefaultAccessTokenFormat();

        // Encryption keys are asked for even where nothing is encrypted; codes and refresh tokens are sealed by the key ring.
        server.AddEphemeralEncryptionKey();
        var host = server.UseAspNetCore().EnableAuthorizationEndpointPassthrough().SuppressJsonResponseIndentation();
        if (environment.IsDevelopment())
        {
            host.DisableTransportSecurityRequirement();
        }

        server.RemoveEventHandler(Authentication.ValidateScopes.Descriptor).RemoveEventHandler(Exchange.ValidateScopes.Descriptor);
        server.AddEventHandler<ValidateAuthorizationRequestContext>(handler => handler
            .UseScopedHandler<AuthorizationRules>().SetOrder(Authentication.ValidateClientRedirectUri.Descriptor.Order + 500));
        server.AddEventHandler<ApplyAuthorizationResponseContext>(handler => handler
            .UseSingletonHandler<ErrorRedirect>().SetOrder(Authentication.AttachRedirectUri.Descriptor.Order + 100));
        server.AddEventHandler<ValidateTokenRequestContext>(handler => handler
            .UseScopedHandler<TokenRequestRules>().SetOrder(Exchange.ValidateClientCredentialsParameters.Descriptor.Order - 500));
        server.AddEventHandler<HandleTokenRequestContext>(handler => handler.UseScopedHandler<ClientCredentials>());
        server.AddEventHandler<HandleTokenRequestContext>(handler => handler
            .UseScopedHandler<RefreshRules>().SetOrder(Exchange.AttachPrincipal.Descriptor.Order + 500));
        server.AddEventHandler<ProcessSignInContext>(handler => handler.UseSingletonHandler<TokenMembers>().SetOrder(90_000));
        server.AddEventHandler<ProcessSignInContext>(handler => handler
            .UseSingletonHandler<OnlineRefresh>().SetOrder(EvaluateGeneratedTokens.Descriptor.Order + 500));
        server.AddEventHandler<ValidateTokenContext>(handler => handler
            .UseScopedHandler<ReuseWatch>().SetOrder(Protection.ValidateTokenEntry.Descriptor.Order - 500));
        server.RemoveEventHandler(Introspection.ValidateAuthorizedParty.Descriptor).RemoveEventHandler(Introspection.AttachApplicationClaims.Descriptor);
        server.AddEventHandler<HandleIntrospectionRequestContext>(handler => handler
            .UseSingletonHandler<IntrospectionClaims>().SetOrder(Introspection.AttachMetadataClaims.Descriptor.Order + 500));
        server.AddEventHandler<HandleRevocationRequestContext>(handler => handler.UseScopedHandler<RevocationCascade>());
        server.AddEventHandler<ExtractTokenRequestContext>(handler => handler.UseScopedHandler<PublicRefresh>().SetOrder(int.MaxValue - 100_000));
        ClientAssertions.AddTo(server);
    }

    /// <summary>Routes what is not OpenIddict's own: the person's side of an authorization, discovery and launches.</summary>
    public static void MapAuthorizationServer(this WebApplication app)
    {
        if (IsWanted(app.Configuration))
        {
            app.MapMethods("/auth/authorize", ["GET", "POST"], AuthorizeEndpoint.HandleAsync).AllowAnonymous();
            app.MapSmartConfiguration();
            app.MapGet("/auth/style.css", () => Results.Stream(
                typeof(ServerSetup).Assembly.GetManifestResourceStream("TeleFhir.Api.Smart.Pages.style.css")!, "text/css")).AllowAnonymous();
            app.MapLaunch();
            app.MapRegistration();

            // Pages look for the session themselves; each that needs one says so in its first line.
            app.MapRazorPages().AllowAnonymous();
        }
    }

    /// <summary>OpenIddict answers its addresses from inside authentication, which nothing else needs.</summary>
    public static void UseAuthorizationServer(this WebApplication app)
    {
        // The host would add both for every request, in front of everything else; the FHIR side has a gate of its own.
        IApplicationBuilder pipeline = app;
        pipeline.Properties["__AuthenticationMiddlewareSet"] = true;
        pipeline.Properties["__AuthorizationMiddlewareSet"] = true;
        if (IsWanted(app.Configuration))
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments("/auth"), auth =>
            {
                auth.Use((context, next) =>
                {
                    PageHeaders.Write(context);
                    return next(context);
                });
                auth.UseMiddleware<TokenCors>();
                auth.UseAuthentication();
            });
        }
    }
}
