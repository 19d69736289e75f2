using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TeleFhir.Api.Tests.Durability;

namespace TeleFhir.Api.Tests.Hosting;

public sealed class StartTests
{
    [Theory]
    [InlineData("Development", "Auth:Mode=Nobody", "Auth:Mode must be")]
    [InlineData("Production", "Auth:Mode=None", "Development only")]
    [InlineData("Production", "x=y", "Fhir:PublicBaseUrl")]
    [InlineData("Production", "Demo:Seed=true", "Demo:Seed")]
    [InlineData("Development", "urls=http://0.0.0.0:5080 --Auth:Mode=None", "loopback addresses only")]
    [InlineData("Development", "urls=http://localhost:1;http://*:2 --Auth:Mode=None", "loopback addresses only")]
    [InlineData("Development", "http_ports=8080 --Auth:Mode=None", "loopback addresses only")]
    [InlineData("Development", "Kestrel:Endpoints:a:Url=http://10.0.0.1:80 --Auth:Mode=None", "loopback addresses only")]
    [InlineData("Production", "Fhir:PublicBaseUrl=http://fhir.example/fhir", "must be https in Production")]
    [InlineData("Development", "Auth:AccessTokenLife=02:00:00", "Auth:AccessTokenLife must be")]
    [InlineData("Development", "Auth:InitialAccessToken=short", "Auth:InitialAccessToken must be")]
    [InlineData("Development", "Auth:KeyRingCertificate=no-such-file.pfx", "Auth:KeyRingCertificate must be")]
    [InlineData("Development", "Auth:Mode=External", "needs at least one entry in Auth:Issuers")]
    [InlineData("Development", "Auth:Mode=Both", "needs at least one entry in Auth:Issuers")]
    [InlineData("Production", "Auth:Issuers:0:Authority=http://id.example", "Auth:Issuers:0:Authority")]
    [InlineData("Development", "Auth:Issuers:0:Authority=id.example", "Auth:Issuers:0:Authority")]
    [InlineData("Development", "Auth:Issuers:0:Authority=https://id.example/?x=y", "Auth:Issuers:0:Authority")]
    [InlineData("Development", "Auth:Issuers:0:MetadataAddress=ftp://x", "Auth:Issuers:0:MetadataAddress")]
    [InlineData("Development", "Auth:Issuers:0:AllowedAlgorithms:0=HS256", "may not hold HS256")]
    [InlineData("Development", "Auth:Issuers:0:AllowedAlgorithms:0=none", "may not hold none")]
    [InlineData("Development", "Auth:Issuers:0:ClockSkew=01:00:00", "Auth:Issuers:0:ClockSkew")]
    [InlineData("Development", "Auth:Issuers:0:RevocationMode=Introspection", "IntrospectionClientId")]
    [InlineData("Development", "Auth:Issuers:0:RevocationMode=Sometimes", "RevocationMode")]
    [InlineData("Development", "Auth:Issuers:0:Audience=misspelled", "Audience")]
    [InlineData("Development", "Auth:LongestTokenLife=30.00:00:00", "Auth:LongestTokenLife")]
    [InlineData("Development", "Database:Provider=Oracle", "Database:Provider")]
    [InlineData("Development", "Database:Provider=PostgreSql", "ConnectionStrings:TeleFhir")]
    [InlineData("Development", "Search:MaxCount=0", "Search:MaxCount")]
    [InlineData("Development", "Search:MaxCount=many", "Search:MaxCount")]
    [InlineData("Development", "Limits:ShutdownTimeout=soon", "Limits:ShutdownTimeout")]
    [InlineData("Development", "Search:PageTokenKey=short", "Search:PageTokenKey")]
    [InlineData("Development", "Fhir:PublicBaseUrl=ftp://x", "Fhir:PublicBaseUrl")]
    [InlineData("Development", "Limits:ResourceBytes=0", "Limits:ResourceBytes")]
    public async Task A_wrong_setting_stops_the_start_and_says_which(string environment, string setting, string message)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = $"--{setting}".Split(' '),
            EnvironmentName = environment,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddTeleFhir();
        await using var app = builder.Build();

        var fault = Assert.Throws<OptionsValidationException>(app.Services.GetRequiredService<IStartupValidator>().Validate);

        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_starts_it_wrongly_reads_one_line_and_no_stack_trace()
    {
        var (code, output) = await ServerProcess.RunAsync(
            new Dictionary<string, string> { ["ASPNETCORE_URLS"] = "http://0.0.0.0:0" }, [], TestContext.Current.CancellationToken);

        Assert.Equal(1, code);
        Assert.Contains("The server does not start: Auth:Mode=None", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }
}
