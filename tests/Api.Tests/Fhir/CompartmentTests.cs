using System.Net;
using System.Text;

namespace TeleFhir.Api.Tests.Fhir;

public abstract class CompartmentTests(TelehealthHost host)
{
    /// <summary>What the audit trail adds to a compartment is not looked at here.</summary>
    private const string Types = "_type=Patient,Encounter,Observation,Practitioner,Organization";

    [Fact]
    public async Task A_compartment_holds_what_its_definition_says()
    {
        var (patient, practitioner, observation, encounter) = await FillAsync();
        await FillAsync();

        Assert.Equal([observation], await IdsAsync($"Patient/{patient}/Observation"));
        Assert.Equal([observation], await IdsAsync($"Patient/{patient}/Observation?status=final"));
        Assert.Empty(await IdsAsync($"Patient/{patient}/Observation?status=amended"));
        Assert.Equal([patient], await IdsAsync($"Patient/{patient}/Patient"));
        Assert.Equal(Sorted(patient, observation, encounter), await IdsAsync($"Patient/{patient}/*?{Types}"));
        Assert.Equal(Sorted(observation, encounter), await IdsAsync($"Patient/{patient}/*?_type=Observation,Encounter,Practitioner"));
        Assert.Equal([observation], await IdsAsync($"Encounter/{encounter}/Observation"));
        Assert.Equal(Sorted(encounter, observation), await IdsAsync($"Encounter/{encounter}/*?{Types}"));
        Assert.Equal(Sorted(patient, practitioner, observation), await IdsAsync($"Practitioner/{practitioner}/*?{Types}"));
        Assert.Empty(await IdsAsync($"Device/{patient}/*?{Types}"));
        Assert.Empty(await IdsAsync($"RelatedPerson/{patient}/Observation"));
        Assert.Empty(await IdsAsync($"Patient/{patient}/Organization"));
        Assert.Empty(await IdsAsync("Patient/nobody/Observation"));
    }

    [Fact]
    public async Task A_compartment_is_searched_by_form_page_by_page_and_in_a_bundle()
    {
        var (patient, _, observation, encounter) = await FillAsync();

        using var form = new StringContent("status=final", Encoding.UTF8, "application/x-www-form-urlencoded");
        var byForm = await Answer.OfAsync(await host.Client.PostAsync(
            new Uri($"/fhir/Patient/{patient}/Observation/_search", UriKind.Relative), form, TestContext.Current.CancellationToken));
        using var all = new StringContent($"_count=1&{Types}", Encoding.UTF8, "application/x-www-form-urlencoded");
        var page = await Answer.OfAsync(await host.Client.PostAsync(
            new Uri($"/fhir/Patient/{patient}/_search", UriKind.Relative), all, TestContext.Current.CancellationToken));
        var found = new List<string>(page.EntryIds);
        while (page.Link("next") is { } next)
        {
            page = await host.GetAsync(next);
            found.AddRange(page.EntryIds);
        }

        var batch = await host.PostAsync("/fhir", $$"""
            {"resourceType":"Bundle","type":"batch","entry":[
              {"request":{"method":"GET","url":"Patient/{{patient}}/Observation?status=final"} },
              {"request":{"method":"GET","url":"Patient/{{patient}}/*?{{Types}}"} }]}
            """);

        Assert.Equal([observation], byForm.EntryIds);
        Assert.Equal($"http://localhost/fhir/Patient/{patient}/Observation?status=final", byForm.Link("self"));
        Assert.Equal(Sorted(patient, observation, encounter), found.Order());
        Assert.Equal(1, batch.Entries[0]!["resource"]!["total"]!.GetValue<int>());
        Assert.Equal(3, batch.Entries[1]!["resource"]!["total"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("Patient/x/NotAType")]
    [InlineData("Observation/x/Patient")]
    [InlineData("Observation/x/*")]
    [InlineData("Patient/x/Observation/_search")]
    public async Task Where_there_is_no_compartment_there_is_nothing(string address)
    {
        var answer = await host.GetAsync($"/fhir/{address}");

        Assert.True(answer.Status is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed, $"{answer.Status}");
        Assert.Equal("OperationOutcome", answer.Json["resourceType"]!.GetValue<string>());
    }

    private static string[] Sorted(params string[] ids) => [.. ids.Order()];

    private async Task<string[]> IdsAsync(string address)
    {
        var answer = await host.GetAsync($"/fhir/{address}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(answer.EntryIds.Count(), answer.Json["total"]!.GetValue<int>());
        return [.. answer.EntryIds.Order()];
    }

    private async Task<(string Patient, string Practitioner, string Observation, string Encounter)> FillAsync()
    {
        var practitioner = (await host.PostAsync("/fhir/Practitioner", """{"resourceType":"Practitioner"}""")).Id;
        var patient = (await host.PostAsync(
            "/fhir/Patient", $$"""{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner/{{practitioner}}"}]}""")).Id;
        var encounter = (await host.PostAsync(
            "/fhir/Encounter",
            $$"""
            {"resourceType":"Encounter","status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR"},
             "subject":{"reference":"Patient/{{patient}}"} }
            """)).Id;
        var observation = (await host.PostAsync(
            "/fhir/Observation",
            $$"""
            {"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"},
             "encounter":{"reference":"Encounter/{{encounter}}"},"performer":[{"reference":"Practitioner/{{practitioner}}"}]}
            """)).Id;
        return (patient, practitioner, observation, encounter);
    }
}

public sealed class CompartmentTestsOnSqlite(TelehealthHost host) : CompartmentTests(host), IClassFixture<TelehealthHost>;

public sealed class CompartmentTestsOnPostgreSql(PostgreSqlHost host) : CompartmentTests(host), IClassFixture<PostgreSqlHost>;
