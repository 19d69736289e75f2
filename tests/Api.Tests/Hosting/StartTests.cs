using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Options;

namespace TeleFhir.Api.Tests.Hosting;

public sealed class StartTests
{
    [Theory]
    [InlineData("Development", "Auth:Mode=Embedded", "Auth:Mode=Embedded is not available")]
    [InlineData("Development", "Auth:Mode=Nobody", "Auth:Mode must be")]
    [InlineData("Production", "Auth:Mode=None", "Development only")]
    [InlineData("Production", "x=y", "Auth:Mode=Embedded is not available")]
    [InlineData("Production", "x=y", "Fhir:PublicBaseUrl")]
    [InlineData("Production", "Demo:Seed=true", "Demo:Seed")]
    [InlineData("Development", "urls=http://0.0.0.0:5080", "loopback addresses only")]
    [InlineData("Development", "urls=http://localhost:1;http://*:2", "loopback addresses only")]
    [InlineData("Development", "http_ports=8080", "loopback addresses only")]
    [InlineData("Development", "Kestrel:Endpoints:a:Url=http://10.0.0.1:80", "loopback addresses only")]
    [InlineData("Development", "Database:Provider=Oracle", "Database:Provider")]
    [InlineData("Development", "Database:Provider=PostgreSql", "ConnectionStrings:TeleFhir")]
    [InlineData("Development", "Search:MaxCount=0", "Search:MaxCount")]
    [InlineData("Development", "Search:PageTokenKey=short", "Search:PageTokenKey")]
    [InlineData("Development", "Fhir:PublicBaseUrl=ftp://x", "Fhir:PublicBaseUrl")]
    [InlineData("Development", "Limits:ResourceBytes=0", "Limits:ResourceBytes")]
    public async Task A_wrong_setting_stops_the_start_and_says_which(string environment, string setting, string message)
    {
        await using var factory = new WebApplicationFactory<Program>().WithWebHostBuilder(builder =>
        {
            builder.UseEnvironment(environment);
            builder.UseSetting(setting[..setting.IndexOf('=', StringComparison.Ordinal)], setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..]);
        });

        var fault = Assert.Throws<OptionsValidationException>(() => factory.CreateClient());

        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }
}
