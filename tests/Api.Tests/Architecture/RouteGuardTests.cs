using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Fhir;

namespace TeleFhir.Api.Tests.Architecture;

/// <summary>Access is declared on every route; a route without a declaration is never served.</summary>
public sealed class RouteGuardTests(TelehealthHost host) : IClassFixture<TelehealthHost>
{
    [Fact]
    public void Every_endpoint_declares_an_interaction_or_that_everyone_may_call_it()
    {
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints;

        Assert.NotEmpty(endpoints);
        Offences.None(endpoints
            .Where(endpoint => endpoint.Metadata.GetMetadata<DeclaredInteraction>() is null && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
            .Select(endpoint => endpoint.DisplayName!));
    }

    [Fact]
    public void Only_the_capability_statement_is_open_under_the_FHIR_base()
    {
        var open = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/fhir", StringComparison.Ordinal))
            .Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(endpoint => endpoint.RoutePattern.RawText);

        Assert.Equal(["/fhir/metadata"], open);
    }

    [Fact]
    public async Task A_server_with_an_undeclared_route_does_not_start()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();
        app.MapGet("/forgotten", () => "reached");

        Assert.Contains("/forgotten", Assert.Throws<UnreachableException>(((IEndpointRouteBuilder)app).DemandDeclarations).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_undeclared_route_that_is_mapped_all_the_same_is_not_reached()
    {
        var reached = false;
        var app = new ApplicationBuilder(host.Services);
        app.UseAccessGate();
        app.Run(_ =>
        {
            reached = true;
            return Task.CompletedTask;
        });
        var context = new DefaultHttpContext { RequestServices = host.Services };
        context.SetEndpoint(new RouteEndpointBuilder(_ => Task.CompletedTask, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/x"), 0).Build());

        await Assert.ThrowsAsync<UnreachableException>(() => app.Build()(context));
        Assert.False(reached);
    }
}
