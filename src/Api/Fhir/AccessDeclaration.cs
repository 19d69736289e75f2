using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>What an endpoint does to resources, said where it is routed. Access and the capability statement read it.</summary>
/// <param name="AnyOf">The caller must have one of these; where there are several the handler demands the one that the content turns out to be.</param>
/// <param name="Summary">One line for people.</param>
internal sealed record DeclaredInteraction(ImmutableArray<Interaction> AnyOf, string Summary);

/// <summary>
/// Access is declared on the route and decided before the handler binds anything. An endpoint that declares nothing is a mistake:
/// the server does not start with one, and would not serve it.
/// </summary>
internal static class AccessDeclaration
{
    public static TBuilder Declares<TBuilder>(this TBuilder builder, Interaction interaction, string summary, params Interaction[] or)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint => endpoint.Metadata.Add(new DeclaredInteraction([interaction, .. or], summary)));
        return builder;
    }

    /// <summary>Refuses the request unless its endpoint is declared and the caller may do what it declares.</summary>
    public static void UseAccessGate(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // Anything but a RouteEndpoint is routing's own answer (405), which reaches no resource.
        if (context.GetEndpoint() is RouteEndpoint endpoint)
        {
            Demand(endpoint, context);
        }

        return next(context);
    });

    /// <summary>Throws when any endpoint neither declares an interaction nor says that everyone may call it.</summary>
    public static void DemandDeclarations(this IEndpointRouteBuilder routes)
    {
        var undeclared = routes.DataSources.SelectMany(source => source.Endpoints).Where(endpoint => !IsDeclared(endpoint)).ToList();
        if (undeclared.Count > 0)
        {
            throw new UnreachableException(
                $"No interaction declared for {string.Join(", ", undeclared.Select(endpoint => endpoint.DisplayName))}.");
        }
    }

    private static bool IsDeclared(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<DeclaredInteraction>() is not null || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static void Demand(RouteEndpoint endpoint, HttpContext context)
    {
        if (endpoint.Metadata.GetMetadata<DeclaredInteraction>() is { } declared)
        {
            var caller = context.RequestServices.GetRequiredService<Callers>().Of(context);
            if (!declared.AnyOf.Any(caller.May))
            {
                caller.Demand(declared.AnyOf[0]);
            }
        }
        else if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            throw new UnreachableException($"No interaction declared for {endpoint.RoutePattern.RawText}.");
        }
    }
}

/// <summary>Tells who calls. With access control switched off everyone may do everything; otherwise nobody is known yet.</summary>
internal sealed class Callers(TeleFhirOptions options)
{
    public Caller Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return options.Auth.Mode == "None" ? Caller.Development : Caller.Anonymous;
    }
}
