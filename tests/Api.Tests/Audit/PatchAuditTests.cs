using System.Net;

namespace TeleFhir.Api.Tests.Audit;

/// <summary>Patches and operations as callers with tokens make them: what they may, what they are shown, what the trail has of it.</summary>
public sealed class PatchAuditTests(AuditHost audit) : IClassFixture<AuditHost>
{
    private const string Patch = """[{"op":"add","path":"/gender","value":"female"}]""";

    [Fact]
    public async Task A_patch_needs_the_scope_to_update_and_shows_what_the_caller_may_read()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await audit.Host.PatchAsync("/fhir/Patient/amy", Patch, await audit.BackendAsync("system/Patient.rs"))).Status);
        var blind = await audit.Host.PatchAsync("/fhir/Patient/amy", Patch, await audit.BackendAsync("system/Patient.u"), "X-Request-Id: patch-blind");
        Assert.Equal((HttpStatusCode.OK, ""), (blind.Status, blind.Body));
        Assert.Equal("patch 0 Patient/amy Patient/amy/_history/2", AuditHost.Summary(await audit.EventAsync("patch-blind")));

        var seeing = await audit.Host.PatchAsync("/fhir/Patient/amy", """[{"op":"remove","path":"/gender"}]""", await audit.BackendAsync("system/Patient.ru"));
        Assert.Equal("amy", seeing.Id);
    }

    [Fact]
    public async Task A_patch_cannot_lead_out_of_reach()
    {
        var clinician = await audit.ClinicianAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await audit.Host.PatchAsync("/fhir/Patient/ben", Patch, clinician)).Status);
        var backend = await audit.BackendAsync();
        await audit.Host.PutAsync("/fhir/Observation/moved", """{"resourceType":"Observation","id":"moved","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/amy"}}""", backend);
        var moved = await audit.Host.PatchAsync(
            "/fhir/Observation/moved", """[{"op":"replace","path":"/subject/reference","value":"Patient/ben"}]""", clinician);
        Assert.Equal(HttpStatusCode.Forbidden, moved.Status);
        Assert.Equal("W/\"1\"", (await audit.Host.GetAsync("/fhir/Observation/moved", backend)).ETag);
    }

    [Fact]
    public async Task Operations_are_in_the_trail()
    {
        var backend = await audit.BackendAsync();
        await audit.Host.PutAsync("/fhir/Patient/ops", """{"resourceType":"Patient","id":"ops"}""", backend);
        await audit.Host.GetAsync("/fhir/Patient/ops/$everything", backend, "X-Request-Id: ops-everything");
        await audit.Host.PostAsync(
            "/fhir/Patient/ops/$meta-add", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"t"}]}}]}""", backend, "X-Request-Id: ops-meta");
        Assert.StartsWith("$everything 0 Patient/ops", AuditHost.Summary(await audit.EventAsync("ops-everything")), StringComparison.Ordinal);
        Assert.StartsWith("$meta-add 0 Patient/ops", AuditHost.Summary(await audit.EventAsync("ops-meta")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_leaves_out_the_types_that_no_scope_names()
    {
        await audit.Host.PutAsync(
            "/fhir/Observation/left", """{"resourceType":"Observation","id":"left","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/amy"}}""", await audit.BackendAsync());
        var patient = await audit.Host.GetAsync("/fhir/Patient/amy/$everything", await audit.PatientAsync("amy", "patient/Patient.rs"));
        Assert.Equal(["amy"], patient.EntryIds);
        Assert.Contains("left", (await audit.Host.GetAsync("/fhir/Patient/amy/$everything", await audit.PatientAsync("amy"))).EntryIds);
        Assert.Equal(HttpStatusCode.Forbidden, (await audit.Host.GetAsync("/fhir/Patient/amy/$everything", await audit.PatientAsync("amy", "patient/Observation.rs"))).Status);
    }
}
