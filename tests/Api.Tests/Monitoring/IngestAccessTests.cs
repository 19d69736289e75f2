using System.Net;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>Who may send readings: a patient's app those of its patient, and whoever may write Observations of all.</summary>
public abstract class IngestAccessTests(TokenHost host)
{
    [Fact]
    public async Task An_app_sends_for_its_patient_and_for_nobody_else()
    {
        var app = await AppAsync("aa", "patient/Observation.c");
        await AppAsync("ab");

        var mixed = await SendAsync(app, host.Server.Reading("aa", 1), host.Server.Reading("ab", 2), host.Server.Reading("ab", 3, device: "aa"));
        var foreign = await SendAsync(app, host.Server.Reading("ab", 2));
        var staff = await SendAsync(host.Staff, host.Server.Reading("aa", 4), host.Server.Reading("ab", 5));

        Assert.Equal(["201", "403 forbidden", "403 forbidden"], mixed.Outcomes());
        Assert.Equal(HttpStatusCode.Forbidden, foreign.Status);
        Assert.Equal(["201", "201"], staff.Outcomes());
    }

    [Fact]
    public async Task What_another_sent_is_not_told()
    {
        var app = await AppAsync("ac", "patient/Observation.c");
        await AppAsync("ad");
        var reading = host.Server.Reading("ad", 2, identifier: "same");
        await SendAsync(host.Staff, reading);
        var own = host.Server.Reading("ac", 2, identifier: "same");

        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(app, reading.DeepClone())).Status);
        Assert.Equal(["201"], (await SendAsync(app, own)).Outcomes());
    }

    [Theory]
    [InlineData("patient/Observation.rs")]
    [InlineData("patient/Patient.c")]
    public async Task Without_the_right_to_create_nothing_is_taken(string scopes)
    {
        var app = await AppAsync("ae", scopes);

        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(app, host.Server.Reading("ae", 1))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.Server.PostAsync("/fhir/Observation/$ingest", host.Server.Reading("ae", 1).ToJsonString(), app, "Content-Type: application/fhir+ndjson")).Status);
    }

    private Task<Answer> SendAsync(string who, params IEnumerable<System.Text.Json.Nodes.JsonNode> readings) =>
        host.Server.PostAsync("/fhir/Observation/$ingest", Home.Collection(readings), who);

    private async Task<string> AppAsync(string id, string scopes = "patient/*.cruds")
    {
        await host.StoreAsync("Patient", id, "\"active\":true");
        await host.StoreAsync("Device", id, $$""" "patient":{"reference":"Patient/{{id}}"} """);
        await host.StoreAsync("Consent", $"{id}-rpm", Home.Consent(id));
        return await host.PatientAsync(id, scopes);
    }
}

public sealed class IngestAccessOnSqliteTests(SqliteTokenHost host) : IngestAccessTests(host), IClassFixture<SqliteTokenHost>;

public sealed class IngestAccessOnPostgreSqlTests(PostgreSqlTokenHost host) : IngestAccessTests(host), IClassFixture<PostgreSqlTokenHost>;
