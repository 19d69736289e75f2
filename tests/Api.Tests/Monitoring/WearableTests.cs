using System.Net;
using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>What the services of wearables send, written after their public descriptions, becomes readings like all others.</summary>
public abstract class WearableTests(TelehealthHost host)
{
    private const string OpenMobileHealth = """
        [{"header":{"id":"243c773b-8936-407e-9c23-270d0ea49cc4","creation_date_time":"2026-01-04T08:31:00-05:00","schema_id":{"namespace":"omh","name":"blood-pressure","version":"3.1"},"acquisition_provenance":{"source_name":"a cuff","modality":"sensed"}},
          "body":{"systolic_blood_pressure":{"value":121,"unit":"mmHg"},"diastolic_blood_pressure":{"value":79,"unit":"mmHg"},"effective_time_frame":{"date_time":"2026-01-04T08:30:00-05:00"},"body_posture":"sitting"}},
         {"header":{"id":"243c773b-8936-407e-9c23-270d0ea49cc5","schema_id":{"namespace":"omh","name":"heart-rate","version":"2.0"}},
          "body":{"heart_rate":{"value":64.5,"unit":"beats/min"},"effective_time_frame":{"time_interval":{"start_date_time":"2026-01-04T08:30:00Z","end_date_time":"2026-01-04T08:31:00Z"}}}},
         {"header":{"id":"243c773b-8936-407e-9c23-270d0ea49cc6","schema_id":{"namespace":"omh","name":"body-weight","version":"2.0"}},
          "body":{"body_weight":{"value":180,"unit":"lb"},"effective_time_frame":{"date_time":"2026-01-04T08:30:00Z"}}},
         {"header":{"id":"x","schema_id":{"namespace":"omh","name":"calories-burned","version":"2.0"}},"body":{}}]
        """;

    private const string GoogleHealth = """
        {"dataPoints":[
          {"name":"users/123/dataTypes/heart-rate/dataPoints/a1","dataSource":{"recordingMethod":"PASSIVELY_MEASURED","platform":"FITBIT"},
           "heartRate":{"sampleTime":{"physicalTime":"2026-01-04T12:00:05.123Z","utcOffset":"-18000s"},"beatsPerMinute":"72"}},
          {"name":"users/123/dataTypes/weight/dataPoints/a2","weight":{"sampleTime":{"physicalTime":"2026-01-04T12:00:00Z"},"weightGrams":78250}},
          {"name":"users/123/dataTypes/steps/dataPoints/a3","steps":{"interval":{"startTime":"2026-01-04T11:00:00Z","endTime":"2026-01-04T12:00:00Z"},"count":"812"}}],
         "nextPageToken":""}
        """;

    private const string AppleHealth = """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE HealthData [<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation)*)> <!ENTITY big "never looked at">]>
        <HealthData locale="en_US"><ExportDate value="2026-01-05 09:00:00 -0500"/>
         <Record type="HKQuantityTypeIdentifierHeartRate" sourceName="Watch" unit="count/min" creationDate="2026-01-04 08:31:00 -0500" startDate="2026-01-04 08:30:00 -0500" endDate="2026-01-04 08:30:00 -0500" value="71"><MetadataEntry key="HKMetadataKeyHeartRateMotionContext" value="1"/></Record>
         <Record type="HKQuantityTypeIdentifierOxygenSaturation" unit="%" startDate="2026-01-04 08:32:00 -0500" endDate="2026-01-04 08:32:15 -0500" value="0.97"/>
         <Record type="HKQuantityTypeIdentifierStepCount" unit="count" startDate="2026-01-04 08:00:00 -0500" endDate="2026-01-04 09:00:00 -0500" value="345"/>
         <Record type="HKCategoryTypeIdentifierSleepAnalysis" startDate="2026-01-04 00:00:00 -0500" endDate="2026-01-04 06:00:00 -0500" value="HKCategoryValueSleepAnalysisInBed"/>
         <Correlation type="HKCorrelationTypeIdentifierBloodPressure" startDate="2026-01-04 08:30:00 -0500" endDate="2026-01-04 08:30:00 -0500">
          <Record type="HKQuantityTypeIdentifierBloodPressureSystolic" unit="mmHg" startDate="2026-01-04 08:30:00 -0500" value="118"/>
          <Record type="HKQuantityTypeIdentifierBloodPressureDiastolic" unit="mmHg" startDate="2026-01-04 08:30:00 -0500" value="76"/></Correlation>
        </HealthData>
        """;

    private const string Withings = """
        {"status":0,"body":{"updatetime":1767528000,"timezone":"America/New_York","measuregrps":[
          {"grpid":12,"attrib":0,"date":1767527400,"created":1767527500,"category":1,"deviceid":"abc","measures":[{"value":79,"type":9,"unit":0},{"value":1230,"type":10,"unit":-1},{"value":66,"type":11,"unit":0}]},
          {"grpid":13,"attrib":0,"date":1767527460,"category":1,"measures":[{"value":80325,"type":1,"unit":-3}]},
          {"grpid":14,"date":1767527460,"category":2,"measures":[{"value":75,"type":1,"unit":0}]}]}}
        """;

    [Theory]
    [InlineData("open-mhealth", OpenMobileHealth, "85354-9 2026-01-04T13:30:00Z 8480-6=121mm[Hg] 8462-4=79mm[Hg]", "8867-4 2026-01-04T08:30:00Z/2026-01-04T08:31:00Z 64.5/min", "29463-7 2026-01-04T08:30:00Z 180[lb_av]")]
    [InlineData("google-health", GoogleHealth, "8867-4 2026-01-04T12:00:05.123Z 72/min", "29463-7 2026-01-04T12:00:00Z 78250g", "55423-8 2026-01-04T11:00:00Z/2026-01-04T12:00:00Z 812{steps}")]
    [InlineData("apple-health", AppleHealth, "85354-9 2026-01-04T13:30:00Z 8480-6=118mm[Hg] 8462-4=76mm[Hg]", "8867-4 2026-01-04T13:30:00Z 71/min", "59408-5 2026-01-04T13:32:00Z 97%", "55423-8 2026-01-04T13:00:00Z/2026-01-04T14:00:00Z 345{steps}")]
    [InlineData("withings", Withings, "85354-9 2026-01-04T11:50:00Z 8480-6=123mm[Hg] 8462-4=79mm[Hg]", "8867-4 2026-01-04T11:50:00Z 66/min", "29463-7 2026-01-04T11:51:00Z 80.325kg")]
    public async Task A_payload_becomes_readings_once(string source, string payload, params string[] readings)
    {
        var patient = $"w-{source}";
        await host.PatientAsync(patient);

        var first = await SendAsync(source, patient, payload);
        var second = await SendAsync(source, patient, payload);
        var stored = new List<string>();
        foreach (var id in first.Ids())
        {
            stored.Add(Line((await host.GetAsync($"/fhir/Observation/{id}")).Json));
        }

        Assert.All(first.Outcomes(), outcome => Assert.Equal("201", outcome));
        Assert.All(second.Outcomes(), outcome => Assert.Equal("200", outcome));
        Assert.Equal(first.Ids(), second.Ids());
        Assert.Equal(readings, stored);
    }

    [Theory]
    [InlineData("withings", "", 400)]
    [InlineData("withings", "nonsense", 400)]
    [InlineData("withings", "[]", 422)]
    [InlineData("withings", "7", 422)]
    [InlineData("withings", """{"body":{"measuregrps":{"measures":7}}}""", 422)]
    [InlineData("withings", """{"body":"\ud800"}""", 400)]
    [InlineData("nobodys", "{}", 400)]
    [InlineData("apple-health", "<a", 400)]
    [InlineData("apple-health", "<a/>", 422)]
    [InlineData("apple-health", "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;\">]><a b=\"&y;\">&y;</a>", 400)]
    [InlineData("apple-health", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><HealthData><Record type='HKQuantityTypeIdentifierHeartRate' value='7'/></HealthData>", 200)]
    public async Task A_payload_that_is_none_is_refused(string source, string payload, int status)
    {
        await host.PatientAsync("wx");

        var answer = await SendAsync(source, "wx", payload);

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(0, await host.CountAsync("Observation?patient=Patient/wx"));
    }

    [Theory]
    [InlineData("""{"category":1,"date":1767527400,"measures":[{"value":"x","type":11,"unit":0}]}""", "422 unit-mismatch")]
    [InlineData("""{"category":1,"date":1767527400,"measures":[{"value":1e28,"type":11,"unit":12}]}""", "422 unit-mismatch")]
    [InlineData("""{"category":1,"date":1767527400,"measures":[{"value":7,"type":11,"unit":-99999999999}]}""", "422 unit-mismatch")]
    [InlineData("""{"category":1,"date":"yesterday","measures":[{"value":7,"type":11,"unit":0}]}""", "422 effective-time")]
    [InlineData("""{"category":1,"date":"2026-01-04T08:30:00","measures":[{"value":7,"type":11,"unit":0}]}""", "422 effective-time")]
    [InlineData("""{"category":1,"date":99999999999999999999,"measures":[{"value":7,"type":11,"unit":0}]}""", "422 effective-time")]
    [InlineData("""{"category":1,"measures":[{"value":7,"type":11,"unit":0}]}""", "422 effective-time")]
    [InlineData("""{"category":1,"date":1999999999,"measures":[{"value":7,"type":11,"unit":0}]}""", "422 effective-in-future")]
    public async Task A_reading_that_cannot_be_is_refused_for_itself(string group, string outcome)
    {
        await host.PatientAsync("wy");

        var answer = await SendAsync("withings", "wy", $$"""{"body":{"measuregrps":[{{group}}]} }""");

        Assert.Equal([outcome], answer.Outcomes());
    }

    [Theory]
    [InlineData("patient=wz&device=wz")]
    [InlineData("source=withings&device=wz")]
    [InlineData("source=withings&patient=wz")]
    [InlineData("source=withings&patient=Device/wz&device=wz")]
    [InlineData("source=withings&patient=wz&device=https://elsewhere.example/Device/wz")]
    [InlineData("source=withings&patient=wz&device=wz&zone=x")]
    public async Task Whose_it_is_must_be_said(string query)
    {
        await host.PatientAsync("wz");

        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync($"/fhir/Observation/$ingest-payload?{query}", Withings, "Content-Type: application/json")).Status);
    }

    private Task<Answer> SendAsync(string source, string patient, string payload) => host.PostAsync(
        $"/fhir/Observation/$ingest-payload?source={source}&patient={patient}&device=Device/{patient}",
        payload,
        source == "apple-health" ? "Content-Type: application/xml" : "Content-Type: application/json",
        "Accept: application/fhir+json");

    private static string Line(JsonNode reading)
    {
        static string Value(JsonNode part) => $"{part["valueQuantity"]!["value"]}{part["valueQuantity"]!["code"]}";
        static string Code(JsonNode part) => part["code"]!["coding"]![0]!["code"]!.GetValue<string>();
        var time = reading["effectiveDateTime"]?.GetValue<string>() ?? $"{reading["effectivePeriod"]!["start"]}/{reading["effectivePeriod"]!["end"]}";
        return $"{Code(reading)} {time} {(reading["component"] is { } parts ? string.Join(' ', parts.AsArray().Select(part => $"{Code(part!)}={Value(part!)}")) : Value(reading))}";
    }
}

public sealed class WearableOnSqliteTests(SqliteFindHost host) : WearableTests(host), IClassFixture<SqliteFindHost>;

public sealed class WearableOnPostgreSqlTests(PostgreSqlFindHost host) : WearableTests(host), IClassFixture<PostgreSqlFindHost>;
