using System.Diagnostics;
using TeleFhir.Api.Hosting;

namespace TeleFhir.Api.Tests.Hosting;

public sealed class StartBannerTests
{
    [Fact]
    public void It_names_the_places_and_a_request_that_works()
    {
        var options = new TeleFhirOptions();
        options.ConnectionStrings.TeleFhir = "Data Source=data/some.db";
        options.Auth.Mode = "None";

        var text = string.Join('\n', StartBanner.Lines(options, "http://localhost:5080", "http://localhost:5080/fhir", hasDemo: true));

        Assert.Contains("http://localhost:5080/\n", text, StringComparison.Ordinal);
        Assert.Contains("http://localhost:5080/swagger", text, StringComparison.Ordinal);
        Assert.Contains(Path.GetFullPath("data/some.db"), text, StringComparison.Ordinal);
        Assert.Contains("curl 'http://localhost:5080/fhir/Patient/demo-amy'", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_access_control_its_request_gets_a_token_first()
    {
        var line = StartBanner.Lines(new TeleFhirOptions(), "http://localhost:5080", "http://localhost:5080/fhir", hasDemo: true)[^1];

        // A shell with a curl that answers as the token endpoint does and otherwise tells how it was called.
        const string curl = """
            curl() { case "$*" in *grant_type*) echo "$*" >&2; echo '{"token_type":"Bearer","access_token":"a.b-c_d.e","expires_in":300}';; *) echo "$*";; esac; }
            """;
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"{curl}\n{line[line.IndexOf("curl", StringComparison.Ordinal)..]}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var asked = shell.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            "-H Authorization: Bearer a.b-c_d.e http://localhost:5080/fhir/Patient/demo-amy\n",
            await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(
            "-s -u demo-backend:demo-backend-secret -d grant_type=client_credentials -d scope=system/*.rs http://localhost:5080/auth/token\n", await asked);
    }

    [Fact]
    public void It_shows_no_password_and_no_patient_who_is_not_there()
    {
        var options = new TeleFhirOptions();
        options.Database.Provider = "PostgreSql";
        options.ConnectionStrings.TeleFhir = "Host=db;Database=telefhir;Username=me;Password=hush";

        var text = string.Join('\n', StartBanner.Lines(options, "http://localhost:5080", "http://localhost:5080/fhir", hasDemo: false));

        Assert.Contains("PostgreSQL db/telefhir", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", text, StringComparison.Ordinal);
        Assert.DoesNotContain("demo-amy", text, StringComparison.Ordinal);
        Assert.Contains("curl 'http://localhost:5080/fhir/metadata'", text, StringComparison.Ordinal);
    }
}
