using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>Readings of devices come in, each once.</summary>
public abstract class IngestTests(TelehealthHost host)
{
    [Fact]
    public async Task Readings_are_stored_once_however_often_they_are_sent()
    {
        await host.PatientAsync("ia");
        JsonNode[] readings = [host.Reading("ia", 71, identifier: "1"), host.Reading("ia", 72), host.Pressure("ia", 120, 80), host.Reading("ia", 71, identifier: "1")];

        var first = await host.IngestAsync(readings);
        var second = await host.IngestAsync(readings);

        Assert.Equal("transaction-response", first.Json["type"]!.GetValue<string>());
        Assert.Equal(["201", "201", "201", "200"], first.Outcomes());
        Assert.Equal(["200", "200", "200", "200"], second.Outcomes());
        Assert.Equal(first.Ids(), second.Ids());
        Assert.Equal(first.Ids()[0], first.Ids()[3]);
        Assert.Equal(3, await host.CountAsync("Observation?patient=Patient/ia"));
    }

    [Fact]
    public async Task What_a_reading_lacks_is_added_and_its_own_members_stay()
    {
        await host.PatientAsync("ib");
        var sent = host.Reading("ib", 61);
        var told = host.Reading("ib", 62, identifier: "own");
        told["issued"] = "2025-01-01T00:00:00Z";

        var ids = (await host.IngestAsync(sent, told)).Ids();
        var (stored, kept) = ((await host.GetAsync($"/fhir/Observation/{ids[0]}")).Json, (await host.GetAsync($"/fhir/Observation/{ids[1]}")).Json);

        Assert.Equal($"{Clinic.Canonicals}/dedupe", stored["identifier"]![0]!["system"]!.GetValue<string>());
        Assert.Equal(64, stored["identifier"]![0]!["value"]!.GetValue<string>().Length);
        Assert.EndsWith("Z", stored["issued"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(sent["valueQuantity"]!.ToJsonString(), stored["valueQuantity"]!.ToJsonString());
        Assert.Equal(ids[0], Assert.Single((await host.GetAsync($"/fhir/Observation?identifier={stored["identifier"]![0]!["value"]}")).EntryIds));
        Assert.Equal("2025-01-01T00:00:00Z", kept["issued"]!.GetValue<string>());
        Assert.Equal("own", Assert.Single(kept["identifier"]!.AsArray())!["value"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_same_reading_written_otherwise_is_the_same()
    {
        await host.PatientAsync("ic");
        var reading = host.Reading("ic", 65, at: new(2025, 12, 1, 12, 0, 0, TimeSpan.Zero));
        var otherwise = reading.DeepClone();
        otherwise["effectiveDateTime"] = "2025-12-01T07:00:00-05:00";
        otherwise["valueQuantity"]!["value"] = JsonNode.Parse("65.0");
        var later = reading.DeepClone();
        later["effectiveDateTime"] = "2025-12-01T12:00:01Z";

        Assert.Equal(["201", "200", "201"], (await host.IngestAsync(reading, otherwise, later)).Outcomes());
    }

    [Fact]
    public async Task What_was_written_in_the_plain_way_is_known()
    {
        await host.PatientAsync("id");
        var reading = host.Reading("id", 65, identifier: "plain");
        var created = await host.PostAsync("/fhir/Observation", reading.ToJsonString());

        var answer = await host.IngestAsync(reading);

        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal(["200"], answer.Outcomes());
        Assert.Equal([created.Id], answer.Ids());
    }

    [Fact]
    public async Task One_that_is_refused_keeps_no_other_out()
    {
        await host.PatientAsync("ie");
        await host.PatientAsync("ie2");
        var noTime = host.Reading("ie");
        noTime["effectiveDateTime"] = host.Now().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        var notFinal = host.Reading("ie");
        notFinal["status"] = "nonsense";
        var noUnit = host.Reading("ie", 70);
        noUnit["valueQuantity"]!["system"] = "urn:units";
        var noDevice = host.Reading("ie");
        noDevice.Remove("device");
        var pounds = host.Pressure("ie", 120, 80);
        pounds["component"]![1]!["valueQuantity"]!["code"] = "[psi]";

        var answer = await host.IngestAsync(
            host.Reading("ie", 1), noTime, notFinal, noUnit, noDevice, pounds,
            host.Reading("ie", 2, device: "ie2"),
            host.Reading("ie", 3, device: "nobodys"),
            host.Reading("ie", 4, at: host.Now().AddMinutes(6)),
            host.Reading("ie", 5, at: host.Now().AddMinutes(4)),
            host.Reading("ie", 70, code: "29463-7", unit: "/min"),
            host.Reading("ie", 5.5m, code: "15074-8", unit: "mg/dL"),
            host.Reading("ie", 5.5m, code: "15074-8", unit: "mmol/L"),
            JsonNode.Parse("""{"resourceType":"Patient"}""")!);

        Assert.Equal(
            ["201", "422 effective-time", "400 code-invalid", "422 unit-mismatch", "422 device-not-assigned", "422 unit-mismatch", "422 device-not-assigned",
                "422 device-not-assigned", "422 effective-in-future", "201", "422 unit-mismatch", "422 unit-mismatch", "201", "400 invalid"],
            answer.Outcomes());
        Assert.Equal(3, await host.CountAsync("Observation?patient=Patient/ie"));
    }

    [Fact]
    public async Task A_device_is_a_patients_for_as_endlessas_it_is_used()
    {
        await host.PatientAsync("if");
        await host.StoreAsync("DeviceUseStatement", "if-use", $$"""
            "status":"active","subject":{"reference":"Patient/if"},"device":{"reference":"Device/if"},
            "timingPeriod":{"start":"{{host.Now().AddDays(-10).Text()}}","end":"{{host.Now().AddDays(-5).Text()}}"}
            """);
        await host.StoreAsync("DeviceUseStatement", "if-other", """
            "status":"active","subject":{"reference":"Patient/somebody"},"device":{"reference":"Device/if"},"timingPeriod":{"start":"2020-01-01"}
            """);

        var answer = await host.IngestAsync(
            host.Reading("if", 1, at: host.Now().AddDays(-11)), host.Reading("if", 2, at: host.Now().AddDays(-7)), host.Reading("if", 3));
        var plain = await host.PostAsync("/fhir/Observation", host.Reading("if", 4).ToJsonString());

        Assert.Equal(["422 device-not-assigned", "201", "422 device-not-assigned"], answer.Outcomes());
        Assert.Equal((422, "device-not-assigned"), plain.Refused());
    }

    [Fact]
    public async Task Without_consent_nothing_is_taken()
    {
        await host.PatientAsync("ig", agrees: false);
        await host.PatientAsync("ig2");
        await host.StoreAsync("Consent", "ig-a", Home.Consent("ig", status: "inactive"));
        await host.StoreAsync("Consent", "ig-b", Home.Consent("ig", category: "telehealth-visit"));
        await host.StoreAsync("Consent", "ig-c", Home.Consent("ig", provision: "deny"));
        await host.StoreAsync("Consent", "ig-d", Home.Consent("ig").Replace("\"type\":\"permit\"", "\"type\":\"permit\",\"period\":{\"end\":\"2025-12-31\"}", StringComparison.Ordinal));

        var none = await host.IngestAsync(host.Reading("ig", 1), host.Reading("ig", 2));
        var some = await host.IngestAsync(host.Reading("ig", 1), host.Reading("ig2", 2));
        var plain = await host.PostAsync("/fhir/Observation", host.Reading("ig", 4).ToJsonString());

        Assert.Equal((403, "consent-missing"), none.Refused());
        Assert.Equal(["403 consent-missing", "201"], some.Outcomes());
        Assert.Equal(HttpStatusCode.Created, plain.Status);
    }

    [Fact]
    public async Task Plain_writes_of_readings_keep_the_same_rules()
    {
        await host.PatientAsync("ih");
        await host.PatientAsync("ih2");
        await host.StoreAsync("Device", "ih-ward", "\"status\":\"active\"");
        var foreign = host.Reading("ih", 1, device: "ih2").ToJsonString();
        string Transaction(string patient) => $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"request":{"method":"PUT","url":"Device/ih-new"},"resource":{"resourceType":"Device","id":"ih-new","patient":{"reference":"Patient/{{patient}}"} } },
              {"request":{"method":"POST","url":"Observation"},"resource":{{host.Reading("ih", 8, device: "ih-new").ToJsonString()}} }]}
            """;

        Assert.Equal((422, "device-not-assigned"), (await host.PostAsync("/fhir/Observation", foreign)).Refused());
        Assert.Equal((422, "device-not-assigned"), (await host.PutAsync("/fhir/Observation/ih-put", foreign.Replace("{\"resourceType", "{\"id\":\"ih-put\",\"resourceType", StringComparison.Ordinal))).Refused());
        Assert.Equal((422, "effective-in-future"), (await host.PostAsync("/fhir/Observation", host.Reading("ih", at: host.Now().AddMinutes(6)).ToJsonString())).Refused());
        Assert.Equal(HttpStatusCode.Created, (await host.PostAsync("/fhir/Observation", host.Reading("ih", 2, device: "ih-ward").ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.Created, (await host.PostAsync("/fhir/Observation", host.Reading("ih", 3, device: "ih-elsewhere").ToJsonString())).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.PostAsync("/fhir", Transaction("ih"))).Status);
        Assert.Equal((422, "device-not-assigned"), (await host.PostAsync("/fhir", Transaction("ih2"))).Refused());
    }

    [Fact]
    public async Task What_a_device_measured_can_be_corrected_when_it_has_gone_on()
    {
        await host.PatientAsync("ii");
        var id = (await host.IngestAsync(host.Reading("ii", 50, identifier: "1"))).Ids()[0];
        await host.StoreAsync("Device", "ii", """ "patient":{"reference":"Patient/somebody"} """);

        var corrected = await host.PatchAsync($"/fhir/Observation/{id}", """[{"op":"replace","path":"/status","value":"entered-in-error"}]""");

        Assert.Equal(HttpStatusCode.OK, corrected.Status);
        Assert.Equal((422, "device-not-assigned"), (await host.PatchAsync($"/fhir/Observation/{id}", $$"""[{"op":"replace","path":"/effectiveDateTime","value":"{{host.Now().AddDays(-1).Text()}}"}]""")).Refused());
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("[]", 400)]
    [InlineData("""{"resourceType":"Observation"}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"transaction"}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":{}}""", 400)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"resource":[]}]}""", 200)]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:2d0d1f5c-8d5c-4f5e-9d0a-0d2c3b4a5e6f"}]}""", 200)]
    [InlineData("""{"resourceType":"Bundle","type":"collection"}""", 200)]
    public async Task Content_that_is_none_is_told_so(string content, int status)
    {
        var answer = await host.PostAsync("/fhir/Observation/$ingest", content);

        Assert.Equal(status, (int)answer.Status);
        Assert.All(answer.Entries, entry => Assert.StartsWith("400", entry!["response"]!["status"]!.GetValue<string>(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_thousand_are_taken_and_one_more_is_too_many()
    {
        await host.PatientAsync("ij");
        var readings = Enumerable.Range(0, 1001).Select(at => (JsonNode)host.Reading("ij", 60 + (at % 40), identifier: $"{at}", at: host.Now().AddMinutes(-at))).ToList();
        static string Whole(IEnumerable<JsonNode> many) => Home.Collection(many).Replace(
            "\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\"}]}],", "", StringComparison.Ordinal);
        await using var large = await OtherAsync(host, builder => builder.UseSetting("Limits:ResourceBytes", "16000000"));

        var tooMany = await large.PostAsync("/fhir/Observation/$ingest", Whole(readings));
        var answer = await large.PostAsync("/fhir/Observation/$ingest", Whole(readings.Take(1000)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooMany.Status);
        Assert.All(answer.Outcomes(), outcome => Assert.Equal("201", outcome));
        Assert.Equal(1000, await host.CountAsync("Observation?patient=Patient/ij"));
    }

    [Fact]
    public async Task Lines_are_answered_by_lines()
    {
        await host.PatientAsync("ik");
        var reading = host.Reading("ik", 66, identifier: "1");
        string[] lines = [reading.ToJsonString(), "", "nonsense", host.Reading("ik", 67, device: "nobodys").ToJsonString() + "\r", reading.ToJsonString()];

        var answer = await host.PostAsync(
            "/fhir/Observation/$ingest", string.Join('\n', lines), "Content-Type: application/fhir+ndjson", "Accept: application/fhir+ndjson");
        var answers = answer.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonNode.Parse(line)!["entry"]![0]!["response"]!["status"]!.GetValue<string>()[..3]);

        Assert.Equal("application/fhir+ndjson", answer.ContentHeaders.ContentType!.MediaType);
        Assert.Equal(["201", "400", "422", "200"], answers);
    }

    [Fact]
    public async Task A_stream_that_is_too_endlessor_no_text_ends_with_why()
    {
        await host.PatientAsync("il");
        var endless = await host.PostAsync("/fhir/Observation/$ingest", host.Reading("il", 66).ToJsonString() + "\n" + new string('x', 200_000), "Content-Type: application/fhir+ndjson");
        using var zipped = new HttpRequestMessage(HttpMethod.Post, "/fhir/Observation/$ingest") { Content = new StringContent("no gzip") };
        zipped.Content.Headers.ContentType = new("application/fhir+ndjson");
        zipped.Content.Headers.ContentEncoding.Add("gzip");
        var garbage = await Answer.OfAsync(await host.Client.SendAsync(zipped, TestContext.Current.CancellationToken));

        Assert.Equal(["201", "413"], endless.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!["entry"]![0]!["response"]!["status"]!.GetValue<string>()[..3]));
        Assert.Contains("\"400", garbage.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_finds_no_room_is_told_at_once_and_the_others_are_served()
    {
        const int Room = 3, Many = 30;
        await host.PatientAsync("im");
        await using var small = await OtherAsync(host, builder => builder.UseSetting("Monitoring:MostWaiting", $"{Room}").UseSetting("Monitoring:MostRunning", "1"));
        await small.GetAsync("/fhir/metadata");
        Task<Answer>[] all;
        await using (await HoldUpAsync(host))
        {
            all = [.. Enumerable.Range(0, Many).Select(at => small.IngestAsync(host.Reading("im", at)))];
            while (all.Count(one => one.IsCompleted) < Many - Room)
            {
                await Task.WhenAny(all.Where(one => !one.IsCompleted));
            }

            var refused = await Task.WhenAll(all.Where(one => one.IsCompleted));
            Assert.All(refused, answer => Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status));
            Assert.All(refused, answer => Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)));
        }

        Assert.Equal(Room, (await Task.WhenAll(all)).Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Equal(["201"], (await small.IngestAsync(host.Reading("im", 99))).Outcomes());
        Assert.Equal(Room + 1, await host.CountAsync("Observation?patient=Patient/im"));
    }

    /// <summary>Another server on the same database.</summary>
    private static Task<TelehealthHost> OtherAsync(TelehealthHost host, Action<IWebHostBuilder> configure) => TelehealthHost.StartAsync(builder =>
    {
        builder.UseSetting("Database:Provider", host is PostgreSqlHost ? "PostgreSql" : "Sqlite").UseSetting("ConnectionStrings:TeleFhir", host.Database);
        FindClock.Set(builder);
        configure(builder);
    });

    /// <summary>Keeps everybody from writing readings until it is disposed.</summary>
    private static async Task<IAsyncDisposable> HoldUpAsync(TelehealthHost host)
    {
        System.Data.Common.DbConnection connection = host is PostgreSqlHost ? new NpgsqlConnection(host.Database) : new SqliteConnection(host.Database + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = host is PostgreSqlHost ? "BEGIN; LOCK TABLE reading IN ACCESS EXCLUSIVE MODE" : "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return connection;
    }
}

public sealed class IngestOnSqliteTests(SqliteFindHost host) : IngestTests(host), IClassFixture<SqliteFindHost>;

public sealed class IngestOnPostgreSqlTests(PostgreSqlFindHost host) : IngestTests(host), IClassFixture<PostgreSqlFindHost>;
