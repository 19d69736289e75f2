using Microsoft.Playwright;

namespace TeleFhir.Browser.Tests;

/// <summary>Remote monitoring and e-consults, as clinicians see them.</summary>
public sealed partial class PortalTests
{
    [Fact]
    public async Task A_clinician_sees_an_alert_and_the_readings_and_reviews_them()
    {
        await using var scene = await Scene.StartAsync();
        var latest = (await scene.GetAsync("Observation?patient=demo-amy&code=85354-9&_sort=-date&_count=1"))["entry"]![0]!["resource"]!["id"]!.GetValue<string>();
        await scene.PutAsync("Goal/limits", """
            {"resourceType":"Goal","id":"limits","lifecycleStatus":"active","description":{"text":"Blood pressure at home"},"subject":{"reference":"Patient/demo-amy"},"target":[
              {"measure":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"detailRange":{"low":{"value":90,"system":"http://unitsofmeasure.org","code":"mm[Hg]"},"high":{"value":140,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}},
              {"measure":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"detailRange":{"high":{"value":90,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}]}
            """);
        await scene.PutAsync("Task/alert", $$"""
            {"resourceType":"Task","id":"alert","status":"requested","intent":"order","priority":"urgent","authoredOn":"2026-01-01T00:00:00Z",
             "code":{"coding":[{"system":"https://telefhir.dev/fhir/CodeSystem/task","code":"review-reading"}]},
             "focus":{"reference":"Observation/{{latest}}"},"for":{"reference":"Patient/demo-amy"} }
            """);
        var page = await scene.OpenAsync("clinician");
        await page.GetByRole(AriaRole.Link, new() { Name = "Monitoring" }).ClickAsync();
        await page.GetByText("1 alert is open.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show readings of Amy Rivera" }).ClickAsync();
        var chart = page.Locator("#chart");
        await page.GetByText("out of the range of the patient's goals").WaitForAsync();
        await chart.Locator("svg path").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        Assert.Matches("^Blood pressure of Amy Rivera. 90 readings, [1-9][0-9]* out of the range", await chart.GetAttributeAsync("aria-label"));
        Assert.True(await chart.Locator("svg path").CountAsync() > 180, "Every systolic and every diastolic value has its mark.");
        await ShowAsync(page, "monitoring");

        await page.GetByRole(AriaRole.Button, new() { Name = "Begin review: Amy Rivera" }).ClickAsync();
        await page.GetByText("You look at the readings of Amy Rivera.").WaitForAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Done: Amy Rivera" }).ClickAsync();
        await page.GetByText("Reviewed: Amy Rivera.").WaitForAsync();
        await page.GetByText("Nothing needs a look.").WaitForAsync();
        var task = await scene.GetAsync("Task/alert");
        Assert.Equal(("completed", "Practitioner/demo-lee"), (task["status"]!.GetValue<string>(), task["owner"]!["reference"]!.GetValue<string>()));
        Assert.NotNull(task["executionPeriod"]!["start"]);
        Assert.NotNull(task["executionPeriod"]!["end"]);
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task Charts_fit_a_phone_and_find_other_patients()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.OpenAsync("clinician", width: 390);
        await page.GetByRole(AriaRole.Link, new() { Name = "Monitoring" }).ClickAsync();
        await page.GetByLabel("Name").FillAsync("novak");
        await page.GetByRole(AriaRole.Button, new() { Name = "Find patients" }).ClickAsync();
        await page.GetByLabel("Measure").SelectOptionAsync("Weight");
        await page.GetByText("90 readings; no goal sets limits.").WaitForAsync();
        await page.Locator("#chart[aria-label^='Weight of Ben Novak'] svg path").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await AssertFitsAsync(page);
        await ShowAsync(page, "monitoring-narrow");
        await page.GetByText("As a table").ClickAsync();
        Assert.Equal(90, await page.Locator("#readings tr").CountAsync());
        scene.AssertNoFaults();
    }

    [Fact]
    public async Task A_clinician_takes_a_question_asks_back_and_answers()
    {
        await using var scene = await Scene.StartAsync();
        var page = await scene.OpenAsync("clinician");
        await page.GetByRole(AriaRole.Link, new() { Name = "E-consults" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take it: Cardiology e-consult" }).ClickAsync();
        await page.GetByText("It is yours.").WaitForAsync();
        await page.GetByText("Short of breath on exertion").WaitForAsync();
        await page.GetByText("Oxygen saturation: ").WaitForAsync();
        await ShowAsync(page, "consult");

        await page.GetByLabel("Your answer").FillAsync("Since when is he short of breath?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Ask back" }).ClickAsync();
        await page.GetByText("Your message is sent.").WaitForAsync();
        await page.GetByLabel("Your answer").FillAsync("Please do an echocardiogram first.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send the answer and close" }).ClickAsync();
        await page.GetByText("Answered: Cardiology e-consult.").WaitForAsync();
        await page.GetByText("No question is open.").WaitForAsync();

        var task = await scene.GetAsync("Task/demo-econsult");
        Assert.Equal("completed", task["status"]!.GetValue<string>());
        var answer = await scene.GetAsync(task["output"]![0]!["valueReference"]!["reference"]!.GetValue<string>());
        Assert.Equal("Please do an echocardiogram first.", answer["payload"]![0]!["contentString"]!.GetValue<string>());
        var asked = await scene.GetAsync(answer["inResponseTo"]![0]!["reference"]!.GetValue<string>());
        Assert.Equal("Since when is he short of breath?", asked["payload"]![0]!["contentString"]!.GetValue<string>());
        scene.AssertNoFaults();
    }
}
