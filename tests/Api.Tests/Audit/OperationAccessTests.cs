using System.Net;

namespace TeleFhir.Api.Tests.Audit;

/// <summary>Validation and terminology show no more than a read or a search would, and leave the same trail.</summary>
public sealed class OperationAccessTests(AuditHost audit) : IClassFixture<AuditHost>
{
    private static int _requests;

    [Fact]
    public async Task A_patient_validates_the_own_record_and_not_another()
    {
        var amy = await audit.PatientAsync("amy");

        var (own, id) = await SendAsync("POST", "/fhir/Patient/amy/$validate?mode=delete", amy);
        Assert.Equal(HttpStatusCode.OK, own.Status);
        Assert.Equal("forbidden", own.IssueCode);
        Assert.Equal("$validate 0 Patient/amy Patient/amy/_history/1", AuditHost.Summary(await audit.EventAsync(id)));

        var (other, otherId) = await SendAsync("POST", "/fhir/Patient/ben/$validate", amy);
        Assert.Equal(HttpStatusCode.NotFound, other.Status);
        Assert.Equal("$validate 4 Patient/ben", AuditHost.Summary(await audit.EventAsync(otherId)));
    }

    [Fact]
    public async Task A_stored_value_set_is_known_to_whom_may_see_it()
    {
        var backend = await audit.BackendAsync();
        var created = await audit.Host.PutAsync(
            "/fhir/ValueSet/own",
            """{"resourceType":"ValueSet","id":"own","url":"http://own/vs","status":"active","compose":{"include":[{"system":"http://own/cs","concept":[{"code":"a"}]}]}}""",
            backend);
        Assert.Equal(HttpStatusCode.Created, created.Status);
        var without = await audit.BackendAsync("system/Patient.rs");

        var (seen, id) = await SendAsync("GET", "/fhir/ValueSet/$expand?url=http://own/vs", backend);
        Assert.Equal(HttpStatusCode.OK, seen.Status);
        Assert.Contains("ValueSet/own/_history/1", AuditHost.Summary(await audit.EventAsync(id)), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", "/fhir/ValueSet/$expand?url=http://own/vs", without)).Answer.Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", "/fhir/ValueSet/own/$expand", without)).Answer.Status);

        // What R4 defines is no secret.
        const string gender = "/fhir/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", gender, without)).Answer.Status);
    }

    private async Task<(Answer Answer, string RequestId)> SendAsync(string method, string address, string caller)
    {
        var id = $"operation-access-{Interlocked.Increment(ref _requests)}";
        return (await audit.Host.SendAsync(method, address, null, caller, $"X-Request-Id: {id}"), id);
    }
}
