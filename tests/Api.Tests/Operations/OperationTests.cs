using System.Net;
using System.Text.Json.Nodes;

namespace TeleFhir.Api.Tests.Operations;

public abstract class OperationTests(TelehealthHost host)
{
    [Fact]
    public async Task Meta_is_told_added_to_and_taken_from()
    {
        await PutAsync("""{"resourceType":"Patient","id":"meta","meta":{"tag":[{"system":"urn:t","code":"a"}]},"active":true}""");
        Assert.Equal("a", MetaOf(await host.GetAsync("/fhir/Patient/meta/$meta"))["tag"]![0]!["code"]!.GetValue<string>());

        const string More = """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:t","code":"a"},{"system":"urn:t","code":"b"}],"profile":["urn:p"]}}]}""";
        var added = await host.PostAsync("/fhir/Patient/meta/$meta-add", More);
        Assert.Equal((HttpStatusCode.OK, "2", 2), (added.Status, MetaOf(added)["versionId"]!.GetValue<string>(), MetaOf(added)["tag"]!.AsArray().Count));
        Assert.Equal("meta", Assert.Single((await host.GetAsync("/fhir/Patient?_tag=urn:t|b")).EntryIds));
        Assert.Equal("2", MetaOf(await host.PostAsync("/fhir/Patient/meta/$meta-add", More))["versionId"]!.GetValue<string>());

        var less = MetaOf(await host.PostAsync("/fhir/Patient/meta/$meta-delete", More));
        Assert.Equal((null, null, "3"), (less["tag"], less["profile"], less["versionId"]!.GetValue<string>()));
        Assert.True((await host.GetAsync("/fhir/Patient/meta")).Json["active"]!.GetValue<bool>());

        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Patient/nobody/$meta")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.PostAsync("/fhir/Patient/nobody/$meta-add", More)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync("/fhir/Patient/meta/$meta-add", """{"resourceType":"Parameters"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Patient/meta/$meta?x=1")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await host.GetAsync("/fhir/Patient/meta/$meta-add")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await host.PostAsync("/fhir/AuditEvent/x/$meta-add", More)).Status);
    }

    [Fact]
    public async Task Everything_of_a_patient_is_the_compartment_and_what_it_refers_to_page_by_page()
    {
        await SeedAsync("ev");
        await PutAsync("""{"resourceType":"Patient","id":"ev-other"}""");
        await PutAsync("""{"resourceType":"Observation","id":"ev-foreign","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ev-other"}}""");

        var all = await host.GetAsync("/fhir/Patient/ev/$everything?_count=1000");
        Assert.Equal(
            ["Condition/ev-c", "Encounter/ev-e", "Observation/ev-o1", "Observation/ev-o2", "Observation/ev-o3", "Organization/ev-org", "Patient/ev", "Practitioner/ev-dr"],
            Names(all).Order());
        Assert.Equal("Patient/ev", Names(all)[0]);
        Assert.DoesNotContain(Names(await host.GetAsync("/fhir/Patient/ev/$everything?_type=Observation,AuditEvent")), name => name.StartsWith("Patient", StringComparison.Ordinal));
        Assert.Null(all.Link("next"));

        var matches = new List<string>();
        var link = (string?)"/fhir/Patient/ev/$everything?_count=2";
        for (var pages = 0; link is not null; pages++)
        {
            Assert.True(pages < 10);
            var page = await host.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            matches.AddRange(Names(page, "match"));
            Assert.True(Names(page, "match").Count is > 0 and <= 2);
            link = page.Link("next");
        }

        Assert.Equal(Names(all, "match"), matches);
    }

    [Fact]
    public async Task Everything_can_be_narrowed_by_dates_of_care_by_change_and_by_type()
    {
        await SeedAsync("en");
        var dated = Names(await host.GetAsync("/fhir/Patient/en/$everything?start=2026-01-02&end=2026-01-02&_type=Observation"));
        Assert.Equal(["Observation/en-o2"], dated);
        Assert.Equal(["Patient/en"], Names(await host.GetAsync("/fhir/Patient/en/$everything?_type=Patient")));
        Assert.Empty(Names(await host.GetAsync("/fhir/Patient/en/$everything?_since=2999-01-01")));
        var posted = await host.PostAsync("/fhir/Patient/en/$everything", """{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Condition"},{"name":"_count","valueInteger":5}]}""");
        Assert.Equal(["Condition/en-c"], Names(posted));

        foreach (var wrong in (string[])["_type=Nonsense", "start=x", "_count=0", "_count=x", "unknown=1", "_page=x", "start=2026-99"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Patient/en/$everything?{wrong}")).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Patient/nobody/$everything")).Status);
        await PutAsync("""{"resourceType":"Patient","id":"en-other"}""");
        var link = (await host.GetAsync("/fhir/Patient/en/$everything?_count=1")).Link("next")!;
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync(link.Replace("/en/", "/en-other/", StringComparison.Ordinal))).Status);
        var search = (await host.GetAsync("/fhir/Observation?_count=1")).Link("next")!;
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Patient/en/$everything?{search.Split('?')[1]}")).Status);
    }

    [Fact]
    public async Task Everything_of_an_encounter_has_its_patient_and_what_was_done_in_it()
    {
        await SeedAsync("ee");
        Assert.Equal(
            ["Encounter/ee-e", "Observation/ee-o1", "Organization/ee-org", "Patient/ee", "Practitioner/ee-dr"],
            Names(await host.GetAsync("/fhir/Encounter/ee-e/$everything")).Order());
        Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync("/fhir/Encounter/ee-e/$everything?start=2026")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Encounter/none/$everything")).Status);
    }

    [Fact]
    public async Task Lastn_gives_the_newest_of_each_code()
    {
        await PutAsync("""{"resourceType":"Patient","id":"ln"}""");
        for (var i = 1; i <= 4; i++)
        {
            await ObserveAsync($"ln-h{i}", "ln", "8867-4", $"2026-01-0{i}", 60 + i);
        }

        await ObserveAsync("ln-w1", "ln", "29463-7", "2025-01-01", 70);
        await PutAsync("""{"resourceType":"Observation","id":"ln-t","status":"final","code":{"text":"free"},"subject":{"reference":"Patient/ln"},"effectiveDateTime":"2024-01-01"}""");

        Assert.Equal(["ln-h4", "ln-w1"], (await host.GetAsync("/fhir/Observation/$lastn?patient=ln&code=http://loinc.org|8867-4,http://loinc.org|29463-7")).EntryIds);
        Assert.Equal(["ln-h4", "ln-h3", "ln-w1"], (await host.GetAsync("/fhir/Observation/$lastn?subject=Patient/ln&code:missing=false&max=2&code=8867-4,29463-7")).EntryIds);
        Assert.Equal(["ln-h4", "ln-w1", "ln-t"], (await host.GetAsync("/fhir/Observation/$lastn?patient=ln&code:not=1-1")).EntryIds);
        Assert.Equal(["ln-h4", "ln-h3", "ln-w1", "ln-t"], (await host.GetAsync("/fhir/Observation/$lastn?subject=Patient/ln&code:not=1-1&max=2")).EntryIds);
        Assert.Equal(["ln-h2", "ln-w1", "ln-t"], (await host.GetAsync("/fhir/Observation/$lastn?patient=ln&code:not=1-1&date=lt2026-01-03")).EntryIds);
        Assert.Empty((await host.GetAsync("/fhir/Observation/$lastn?patient=nobody&code:not=1-1")).EntryIds);
        var posted = await host.PostAsync("/fhir/Observation/$lastn", """{"resourceType":"Parameters","parameter":[{"name":"max","valuePositiveInt":1},{"name":"patient","valueString":"ln"},{"name":"code","valueString":"29463-7"}]}""");
        Assert.Equal(["ln-w1"], posted.EntryIds);
        foreach (var wrong in (string[])["patient=ln", "code=x", "patient=ln&code=x&max=0", "patient=ln&code=x&max=a", "patient=ln&code=x&nonsense=1", "patient=ln&code=x&_include=Observation:patient"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Observation/$lastn?{wrong}")).Status);
        }
    }

    [Fact]
    public async Task Lastn_gives_the_same_by_code_and_from_the_newest_on()
    {
        // Two patients in one question are read from the newest on, one alone by what is known of it. Codings are shared, missing and of two systems.
        string[][] codes = [["http://loinc.org|1"], ["http://loinc.org|1", "http://loinc.org|2"], ["http://loinc.org|2"], ["urn:x|3"], [], ["http://loinc.org|4", "urn:x|5"], ["urn:x|5"]];
        foreach (var patient in (string[])["lna", "lnb", "lnc"])
        {
            await PutAsync($$"""{"resourceType":"Patient","id":"{{patient}}"}""");
        }

        for (var n = 0; n < 60; n++)
        {
            var patient = n < 40 ? "lna" : "lnb";
            string[] names = n == 59 ? ["urn:y|3"] : codes[n * 7 % 11 % codes.Length];
            var codings = string.Join(',', names.Select(name => $$"""{"system":"{{name.Split('|')[0]}}","code":"{{name.Split('|')[1]}}"}"""));
            var coding = codings.Length > 0 ? $"\"coding\":[{codings}]," : "";
            await PutAsync($$"""
                {"resourceType":"Observation","id":"lnx-{{n:00}}","status":"final","code":{ {{coding}}"text":"t{{n % 2}}" },"subject":{"reference":"Patient/{{patient}}"},
                 "effectiveDateTime":"2026-01-01T{{n * 13 % 24:00}}:{{n * 29 % 60:00}}:00Z"}
                """);
        }

        foreach (var patient in (string[])["lna", "lnb"])
        {
            foreach (var asked in (string[])["code:not=none", "code:not=none&max=2", "code:not=none&max=5", "code=1,3", "code=urn:x|5", "code=urn:x|&max=3", "code:not=2", "code:text=t1&max=2"])
            {
                var alone = await host.GetAsync($"/fhir/Observation/$lastn?patient={patient}&{asked}");
                var together = await host.GetAsync($"/fhir/Observation/$lastn?patient={patient},lnc&{asked}");
                Assert.NotEmpty(alone.EntryIds);
                Assert.Equal(together.EntryIds, alone.EntryIds);
            }
        }
    }

    [Fact]
    public async Task Stats_are_computed_over_the_quantities_of_a_period()
    {
        await PutAsync("""{"resourceType":"Patient","id":"st"}""");
        foreach (var (day, value) in ((int, int)[])[(1, 60), (2, 70), (3, 80), (4, 200)])
        {
            await ObserveAsync($"st-{day}", "st", "8867-4", $"2026-01-0{day}", value);
        }

        var answer = await host.GetAsync("/fhir/Observation/$stats?subject=Patient/st&system=http://loinc.org&code=8867-4&period=2026-01-01,2026-01-03&statistic=average,maximum,minimum,count,median,std-dev&include=true");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        var result = answer.Json["parameter"]!.AsArray().Single(parameter => parameter!["name"]!.GetValue<string>() == "statistics")!["resource"]!;
        var values = result["component"]!.AsArray().ToDictionary(
            component => component!["code"]!["coding"]![0]!["code"]!.GetValue<string>(), component => component!["valueQuantity"]!["value"]!.GetValue<decimal>());
        Assert.Equal((70m, 80m, 60m, 3m, 70m, 10m), (values["average"], values["maximum"], values["minimum"], values["count"], values["median"], values["std-dev"]));
        Assert.Equal("/min", result["component"]![0]!["valueQuantity"]!["code"]!.GetValue<string>());
        Assert.Equal(3, answer.Json["parameter"]!.AsArray().Count(parameter => parameter!["name"]!.GetValue<string>() == "source"));

        var none = await host.PostAsync("/fhir/Observation/$stats", """{"resourceType":"Parameters","parameter":[{"name":"subject","valueUri":"Patient/st"},{"name":"coding","valueCoding":{"system":"urn:x","code":"none"}},{"name":"statistic","valueCode":"average"},{"name":"duration","valueDecimal":1}]}""");
        Assert.NotNull(none.Json["parameter"]![0]!["resource"]!["component"]![0]!["dataAbsentReason"]);

        await PutAsync("""{"resourceType":"Observation","id":"st-5","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/st"},"effectiveDateTime":"2026-01-05","valueQuantity":{"value":1,"unit":"Hz"}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await host.GetAsync("/fhir/Observation/$stats?subject=Patient/st&code=8867-4&statistic=average")).Status);
        foreach (var wrong in (string[])["code=x&statistic=sum", "subject=Patient/st&statistic=sum", "subject=Patient/st&code=x", "subject=Patient/st&code=x&statistic=regression", "subject=Patient/st&code=x&statistic=sum&period=2026", "subject=Patient/st&code=x&statistic=sum&duration=-1", "subject=Patient/st&code=x&statistic=sum&limit=0", "subject=Patient/st&code=x&statistic=sum&include=maybe"])
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await host.GetAsync($"/fhir/Observation/$stats?{wrong}")).Status);
        }
    }

    [Fact]
    public async Task A_document_holds_the_composition_first_and_what_it_refers_to()
    {
        await SeedAsync("doc");
        await PutAsync("""{"resourceType":"Composition","id":"doc-co","status":"final","type":{"text":"t"},"subject":{"reference":"Patient/doc"},"date":"2026-01-01","author":[{"reference":"Practitioner/doc-dr"}],"title":"T","section":[{"title":"S","entry":[{"reference":"Observation/doc-o1"},{"reference":"Observation/none"}]}]}""");
        var document = await host.GetAsync("/fhir/Composition/doc-co/$document");
        Assert.Equal("document", document.Json["type"]!.GetValue<string>());
        Assert.Equal(["Composition/doc-co", "Patient/doc", "Practitioner/doc-dr", "Observation/doc-o1"], Names(document));
        Assert.NotNull(document.Json["identifier"]);

        var kept = await host.PostAsync("/fhir/Composition/doc-co/$document?persist=true", "{\"resourceType\":\"Parameters\"}");
        Assert.Equal(HttpStatusCode.Created, kept.Status);
        Assert.Equal("document", (await host.GetAsync($"/fhir/Bundle/{kept.Id}")).Json["type"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Composition/none/$document")).Status);
    }

    [Fact]
    public async Task The_capability_statement_lists_them_with_their_definitions()
    {
        var resources = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray();
        string[] Operations(string type) => [.. resources.Single(resource => resource!["type"]!.GetValue<string>() == type)!["operation"]!.AsArray()
            .Select(operation => operation!["definition"]!.GetValue<string>()).Where(definition => definition.StartsWith("http://hl7.org", StringComparison.Ordinal)).Order()];
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Resource-meta", Operations("Flag"));
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Patient-everything", Operations("Patient"));
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Observation-lastn", Operations("Observation"));
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Observation-stats", Operations("Observation"));
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Composition-document", Operations("Composition"));
        Assert.Contains("http://hl7.org/fhir/OperationDefinition/Encounter-everything", Operations("Encounter"));
    }

    private static JsonNode MetaOf(Answer answer) => answer.Json["parameter"]![0]!["valueMeta"]!;

    private static List<string> Names(Answer answer, string? mode = null)
    {
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return [.. answer.Entries.Where(entry => mode is null || entry!["search"]!["mode"]!.GetValue<string>() == mode)
            .Select(entry => $"{entry!["resource"]!["resourceType"]}/{entry["resource"]!["id"]}")];
    }

    private async Task SeedAsync(string patient)
    {
        await PutAsync($$"""{"resourceType":"Organization","id":"{{patient}}-org","name":"O"}""");
        await PutAsync($$"""{"resourceType":"Practitioner","id":"{{patient}}-dr"}""");
        await PutAsync($$"""{"resourceType":"Patient","id":"{{patient}}","managingOrganization":{"reference":"Organization/{{patient}}-org"} }""");
        await PutAsync($$"""{"resourceType":"Encounter","id":"{{patient}}-e","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"VR"},"subject":{"reference":"Patient/{{patient}}"},"period":{"start":"2026-01-01T10:00:00Z","end":"2026-01-01T10:20:00Z"},"serviceProvider":{"reference":"Organization/{{patient}}-org"} }""");
        for (var i = 1; i <= 3; i++)
        {
            var encounter = i == 1 ? $$""","encounter":{"reference":"Encounter/{{patient}}-e"},"performer":[{"reference":"Practitioner/{{patient}}-dr"}]""" : "";
            await PutAsync($$"""{"resourceType":"Observation","id":"{{patient}}-o{{i}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"},"effectiveDateTime":"2026-01-0{{i}}"{{encounter}} }""");
        }

        await PutAsync($$"""{"resourceType":"Condition","id":"{{patient}}-c","subject":{"reference":"Patient/{{patient}}"} }""");
    }

    private Task ObserveAsync(string id, string patient, string code, string date, int value) => PutAsync(
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"{{code}}"}]},"subject":{"reference":"Patient/{{patient}}"},"effectiveDateTime":"{{date}}","valueQuantity":{"value":{{value}},"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"} }""");

    private async Task PutAsync(string json)
    {
        var resource = JsonNode.Parse(json)!;
        var answer = await host.PutAsync($"/fhir/{resource["resourceType"]}/{resource["id"]}", json);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
    }
}

public sealed class OperationTestsOnSqlite(TelehealthHost host) : OperationTests(host), IClassFixture<TelehealthHost>;

public sealed class OperationTestsOnPostgreSql(PostgreSqlHost host) : OperationTests(host), IClassFixture<PostgreSqlHost>;
