using System.Net;
using TeleFhir.Api.Tests.Smart.Leaks;

namespace TeleFhir.Api.Tests.Binaries;

/// <summary>A file is for whoever may read what it belongs to (https://hl7.org/fhir/R4/binary.html#security).</summary>
public sealed class FileAccessTests(LeakHost leaks) : IClassFixture<LeakHost>
{
    private const string Stranger = "another patient's app";
    private const string Elsewhere = "a clinician of elsewhere";

    [Fact]
    public async Task A_file_goes_with_what_it_belongs_to()
    {
        await PutAsync("DocumentReference", "goes", """ "status":"current","subject":{"reference":"Patient/hid-pat"},"content":[{"attachment":{"title":"x"}}] """);
        await PutAsync("Binary", "goes", File("DocumentReference/goes"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(LeakHost.Owner, "goes"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(LeakHost.Doctor, "goes"));
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(Stranger, "goes"));
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(Elsewhere, "goes"));

        // The document becomes another's: so does the file, though nobody touched it.
        await PutAsync("DocumentReference", "goes", """ "status":"current","subject":{"reference":"Patient/own-pat"},"content":[{"attachment":{"title":"x"}}] """);
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(LeakHost.Owner, "goes"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(Stranger, "goes"));

        // It is deleted: nobody reads the file any more but those from whom nothing is withheld.
        await leaks.SendAsync("the server's own", "DELETE", "/fhir/DocumentReference/goes", null);
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(Stranger, "goes"));
    }

    [Fact]
    public async Task A_file_of_nothing_is_for_staff_and_a_patient_stores_only_files_of_the_own_record()
    {
        await PutAsync("Binary", "nobodys", """ "contentType":"text/plain","data":"eA==" """);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(LeakHost.Doctor, "nobodys"));
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(LeakHost.Owner, "nobodys"));

        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(Stranger, """ "contentType":"text/plain","data":"eA==" """)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(Stranger, File("Patient/hid-pat"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(Stranger, File("Patient/nobody"))).Status);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync(Stranger, File("Patient/own-pat"))).Status);
    }

    [Fact]
    public async Task A_patient_stores_a_document_and_its_file_in_one_transaction()
    {
        string Bundle(string patient) => $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"fullUrl":"urn:uuid:5b1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b12","resource":{"resourceType":"DocumentReference","status":"current","subject":{"reference":"Patient/{{patient}}"},
               "content":[{"attachment":{"url":"urn:uuid:6b1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b13"} }]},"request":{"method":"POST","url":"DocumentReference"} },
             {"fullUrl":"urn:uuid:6b1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b13","resource":{"resourceType":"Binary","contentType":"text/plain","data":"eA==",
               "securityContext":{"reference":"urn:uuid:5b1b2a52-6a5d-4c1e-9d1f-0a6d0a7a1b12"} },"request":{"method":"POST","url":"Binary"} }]}
            """;

        var own = await leaks.SendAsync(Stranger, "POST", "/fhir", Bundle("own-pat"));

        Assert.True(own.Status == HttpStatusCode.OK, own.Body);
        var file = own.Entries[1]!["response"]!["location"]!.GetValue<string>().Split("Binary/")[1].Split('/')[0];
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(Stranger, file));
        Assert.Equal(HttpStatusCode.NotFound, await ReadAsync(LeakHost.Owner, file));
        Assert.Equal(HttpStatusCode.Forbidden, (await leaks.SendAsync(Stranger, "POST", "/fhir", Bundle("hid-pat"))).Status);
    }

    [Fact]
    public async Task A_search_shows_whose_files_they_are_and_a_scope_for_files_alone_opens_none()
    {
        await PutAsync("Binary", "of-hid", File("Observation/hid-obs"));
        await PutAsync("Binary", "of-own", File("Patient/own-pat"));

        Assert.Equal(["of-hid"], (await leaks.SendAsync(LeakHost.Owner, "GET", "/fhir/Binary?_id=of-hid,of-own", null)).EntryIds);
        Assert.Equal(["of-own"], (await leaks.SendAsync(Stranger, "GET", "/fhir/Binary?_id=of-hid,of-own", null)).EntryIds);
        Assert.Equal(HttpStatusCode.Forbidden, await ReadAsync("a scope for another type", "of-hid"));
    }

    [Fact]
    public async Task Who_was_shown_a_file_is_in_the_account_of_the_patient_it_is_of()
    {
        await PutAsync("Binary", "accounted", File("Observation/hid-obs"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(LeakHost.Doctor, "accounted"));

        await Eventually.TrueAsync(async () => (await leaks.SendAsync("the server's own", "GET", "/fhir/AuditEvent?patient=hid-pat&entity=Binary/accounted&action=R", null))
            .Entries.Count > 0);
    }

    private static string File(string context) => $$""" "contentType":"text/plain","securityContext":{"reference":"{{context}}"},"data":"eA==" """;

    private async Task PutAsync(string type, string id, string members)
    {
        var answer = await leaks.SendAsync("the server's own", "PUT", $"/fhir/{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }""");
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }

    private Task<Answer> PostAsync(string caller, string members) => leaks.SendAsync(caller, "POST", "/fhir/Binary", $$"""{"resourceType":"Binary",{{members}} }""");

    private async Task<HttpStatusCode> ReadAsync(string caller, string id) => (await leaks.SendAsync(caller, "GET", $"/fhir/Binary/{id}", null)).Status;
}
