using TeleFhir.Api.Hosting;

namespace TeleFhir.Api.Tests.Hosting;

public sealed class StartBannerTests
{
    [Fact]
    public void It_names_the_places_and_a_request_that_works()
    {
        var options = new TeleFhirOptions();
        options.ConnectionStrings.TeleFhir = "Data Source=data/some.db";

        var text = string.Join('\n', StartBanner.Lines(options, "http://localhost:5080", "http://localhost:5080/fhir", hasDemo: true));

        Assert.Contains("http://localhost:5080/\n", text, StringComparison.Ordinal);
        Assert.Contains("http://localhost:5080/swagger", text, StringComparison.Ordinal);
        Assert.Contains(Path.GetFullPath("data/some.db"), text, StringComparison.Ordinal);
        Assert.Contains("curl 'http://localhost:5080/fhir/Patient/demo-amy'", text, StringComparison.Ordinal);
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
