using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using TeleFhir.Api.Smart.Bearer;
using TeleFhir.Api.Smart.Pages;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir;

/// <summary>What an endpoint does to resources, said where it is routed. Access and the capability statement read it.</summary>
/// <param name="AnyOf">The caller must have one of these; where there are several the handler demands the one that the content turns out to be.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Operation">The operation, where it is one.</param>
internal sealed record DeclaredInteraction(ImmutableArray<Interaction> AnyOf, string Summary, DeclaredOperation? Operation = null);

/// <summary>An operation on resources of one type, or on all of the server.</summary>
/// <param name="Type">The type; <see cref="AnyType"/> for every type; empty for one on the server.</param>
/// <param name="Name">Its name, without the dollar.</param>
/// <param name="IsOfR4">Whether R4 defines it, and not this server.</param>
internal sealed record DeclaredOperation(string Type, string Name, bool IsOfR4 = false)
{
    public const string AnyType = "Resource";

    /// <summary>The canonical URL of its definition where neither R4 nor this server defines it.</summary>
    public string? Definition { get; init; }
}

/// <summary>What an operation is called on.</summary>
[Flags]
internal enum OperationLevel
{
    Type = 1,
    Instance = 2,
}

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

    /// <summary>Maps an operation on one resource; whoever is known may call it, and it demands itself what else it needs.</summary>
    public static void MapOperation(
        this IEndpointRouteBuilder routes, string type, string name, string summary, string[] methods, Delegate handler) =>
        routes.MapMethods($"/{{type:regex(^{type}$)}}/{{id}}/${name}", methods, handler)
            .Add(endpoint => endpoint.Metadata.Add(
                new DeclaredInteraction([Interaction.Operation], summary, new DeclaredOperation(type, name))));

    /// <summary>Maps an operation on the server; whoever is known may call it, and it demands itself what else it needs.</summary>
    public static void MapOperation(this IEndpointRouteBuilder routes, string name, string summary, string[] methods, Delegate handler) =>
        routes.MapMethods($"/${name}", methods, handler)
            .Add(endpoint => endpoint.Metadata.Add(new DeclaredInteraction([Interaction.Operation], summary, new DeclaredOperation("", name))));

    /// <summary>
    /// Maps an operation that R4 defines, on a type (or every type), on its resources or on both; whoever is known may call it, and it
    /// demands itself what else it needs.
    /// </summary>
    public static IEndpointConventionBuilder MapStandardOperation(
        this IEndpointRouteBuilder routes, string type, string name, string summary, string[] methods, OperationLevel level, Delegate handler) =>
        routes.MapOperation(new DeclaredOperation(type, name, IsOfR4: true), summary, methods, level, handler);

    /// <summary>
    /// Maps an operation on a type (or every type), on its resources or on both; whoever is known may call it, and it demands itself what
    /// else it needs.
    /// </summary>
    public static IEndpointConventionBuilder MapOperation(
        this IEndpointRouteBuilder routes, DeclaredOperation operation, string summary, string[] methods, OperationLevel level, Delegate handler)
    {
        var group = routes.MapGroup(operation.Type == DeclaredOperation.AnyType ? "/{type}" : $"/{{type:regex(^{operation.Type}$)}}");
        var declared = new DeclaredInteraction([Interaction.Operation], summary, operation);
        if (level.HasFlag(OperationLevel.Type))
        {
            group.MapMethods($"/${operation.Name}", methods, handler).WithMetadata(declared);
        }

        if (level.HasFlag(OperationLevel.Instance))
        {
            group.MapMethods($"/{{id}}/${operation.Name}", methods, handler).WithMetadata(declared);
        }

        return group;
    }

    /// <summary>Refuses the request unless its endpoint is declared and the caller may do what it declares.</summary>
    public static void UseAccessGate(this IApplicationBuilder app)
    {
        app.Use(next => context =>
        {
            // Anything but a RouteEndpoint is routing's own answer (405), which reaches no resource.
            if (context.GetEndpoint() is not RouteEndpoint endpoint)
            {
                return next(context);
            }

            if (endpoint.Metadata.GetMetadata<DeclaredPage>() is { } page)
            {
                return PageAccess.EnterAsync(context, page, next);
            }

            if (endpoint.Metadata.GetMetadata<DeclaredInteraction>() is not { } declared)
            {
                return endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
                    ? next(context)
                    : throw new UnreachableException($"No interaction declared for {endpoint.RoutePattern.RawText}.");
            }

            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                return next(context);
            }

            var callers = context.RequestServices.GetRequiredService<Callers>();
            var pending = callers.IdentifyAsync(context);
            return pending.IsCompletedSuccessfully
                ? GoOn(pending.Result, declared, callers, context, next)
                : GoOnAsync(pending, declared, callers, context, next);
        });
    }

    /// <summary>Throws when any endpoint declares neither an interaction, nor whose page it is, nor that everyone may call it.</summary>
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
        endpoint.Metadata.GetMetadata<DeclaredInteraction>() is not null
        || endpoint.Metadata.GetMetadata<DeclaredPage>() is not null
        || endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    private static async Task GoOnAsync(
        ValueTask<BearerChallenge?> pending, DeclaredInteraction declared, Callers callers, HttpContext context, RequestDelegate next) =>
        await GoOn(await pending, declared, callers, context, next);

    private static Task GoOn(
        BearerChallenge? challenge, DeclaredInteraction declared, Callers callers, HttpContext context, RequestDelegate next)
    {
        if (challenge is null && !IsAllowed(callers.Of(context), declared, context.Request.RouteValues["type"] as string))
        {
            challenge = BearerChallenge.InsufficientScope;
        }

        return challenge is null ? next(context) : challenge.WriteAsync(context);
    }

    // A type that does not exist is told so by whoever reads the address.
    private static bool IsAllowed(Caller caller, DeclaredInteraction declared, string? type)
    {
        foreach (var interaction in declared.AnyOf)
        {
            if (type is null || !ResourceCatalog.IsKnown(type) ? caller.May(interaction) : caller.May(interaction, type))
            {
                return true;
            }
        }

        return false;
    }
}
