using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using TeleFhir.Api.Tests.Architecture;

namespace TeleFhir.Api.Tests.Smart.Bearer;

/// <summary>The settings in <c>docs/external-issuers.md</c> can be copied.</summary>
public sealed partial class DocumentedIssuersTests
{
    public static TheoryData<string> Examples =>
        [.. Example().Matches(RepositoryFiles.Read("docs/external-issuers.md")).Select(match => match.Groups[1].Value)];

    [Theory, MemberData(nameof(Examples))]
    public async Task The_server_takes_them_in_Production(string json)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = ["--Fhir:PublicBaseUrl=https://fhir.clinic.example/fhir"],
            EnvironmentName = "Production",
            ContentRootPath = AppContext.BaseDirectory,
        });
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        builder.Configuration.AddJsonStream(stream);
        builder.AddTeleFhir();
        await using var app = builder.Build();

        app.Services.GetRequiredService<IStartupValidator>().Validate();

        Assert.Single(app.Services.GetRequiredService<TeleFhirOptions>().Auth.Issuers);
    }

    [GeneratedRegex(@"^```json\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();
}
