using System.Net;
using TeleFhir.Api.Tests.CommandLine;

namespace TeleFhir.Api.Tests.Audit;

/// <summary>Every access and every denial under the FHIR base is in the audit trail, with who, what and whose.</summary>
public sealed class AuditTests(AuditHost audit) : IClassFixture<AuditHost>
{
    private static int _requests;

    private TelehealthHost Host => audit.Host;

    [Fact]
    public async Task A_read_is_recorded_with_user_client_address_and_patient()
    {
        var id = await PutObservationAsync("amy");
        var made = await RunAsync("GET", $"/fhir/Observation/{id}", await audit.ClinicianAsync());

        Assert.Equal($"read 0 Patient/amy Observation/{id}/_history/1", AuditHost.Summary(made));
        var agents = made["agent"]!.AsArray();
        Assert.NotNull(agents[0]!["altId"]);
        Assert.EndsWith("#lee", agents[1]!["altId"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("Practitioner/lee", agents[1]!["who"]!["reference"]!.GetValue<string>());
    }

    [Fact]
    public async Task Every_interaction_is_recorded_once_with_the_right_patient()
    {
        var backend = await audit.BackendAsync();
        var body = """{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ben"}}""";
        var created = await SendAsync("POST", "/fhir/Observation", backend, body);
        var id = created.Answer.Id;
        var name = $"Observation/{id}";
        Assert.Equal($"create 0 Patient/ben {name}/_history/1", AuditHost.Summary(await audit.EventAsync(created.RequestId)));
        Assert.Equal($"read 0 Patient/ben {name}/_history/1", AuditHost.Summary(await RunAsync("HEAD", $"/fhir/{name}", backend)));
        Assert.Equal($"vread 0 Patient/ben {name}/_history/1", AuditHost.Summary(await RunAsync("GET", $"/fhir/{name}/_history/1", backend)));
        var put = body.Replace("\"Observation\"", $"\"Observation\",\"id\":\"{id}\"", StringComparison.Ordinal);
        Assert.Equal($"update 0 Patient/ben {name}/_history/1", AuditHost.Summary(await RunAsync("PUT", $"/fhir/{name}", backend, put)));
        Assert.Equal(
            $"update 0 Patient/ben {name}/_history/2",
            AuditHost.Summary(await RunAsync("PUT", $"/fhir/{name}", backend, put.Replace("\"x\"", "\"y\"", StringComparison.Ordinal))));
        Assert.Equal(
            $"history-instance 0 Patient/ben {name}/_history/2 {name}/_history/1",
            AuditHost.Summary(await RunAsync("GET", $"/fhir/{name}/_history", backend)));

        var search = await RunAsync("GET", "/fhir/Observation?patient=ben&_id=" + id, backend);
        Assert.Equal($"search-type 0 Patient/ben {name}/_history/2", AuditHost.Summary(search));
        Assert.Equal("Observation?patient=ben&_id=" + id, AuditHost.QueryOf(search));
        Assert.Equal("search-type 0 Patient/ben", AuditHost.Summary(await RunAsync("GET", "/fhir/Observation?patient=ben&code=none", backend)));
        Assert.Equal($"search-system 0 Patient/ben {name}/_history/2", AuditHost.Summary(await RunAsync("GET", "/fhir?_type=Observation&_id=" + id, backend)));

        Assert.Equal($"delete 0 Patient/ben {name}/_history/3", AuditHost.Summary(await RunAsync("DELETE", $"/fhir/{name}", backend)));
        Assert.Equal($"read 4 {name}", AuditHost.Summary(await RunAsync("GET", $"/fhir/{name}", backend)));
    }

    [Fact]
    public async Task A_search_form_is_recorded_as_it_was_asked()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient/_search?_id=ben")
        {
            Content = new FormUrlEncodedContent([new("active:missing", "true")]),
        };
        request.Headers.TryAddWithoutValidation("Authorization", (await audit.BackendAsync())["Authorization: ".Length..]);
        request.Headers.Add("X-Request-Id", "form-1");
        Assert.Equal(HttpStatusCode.OK, (await Host.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);

        var made = await audit.EventAsync("form-1");
        Assert.Equal("search-type 0 Patient/ben Patient/ben/_history/1", AuditHost.Summary(made));
        Assert.Equal("Patient?_id=ben&active%3Amissing=true", AuditHost.QueryOf(made));
    }

    [Fact]
    public async Task Who_is_refused_is_recorded_too()
    {
        var nobody = await RunAsync("GET", "/fhir/Patient/amy", null, status: HttpStatusCode.Unauthorized);
        Assert.Equal("read 4 Patient/amy", AuditHost.Summary(nobody));
        Assert.StartsWith("HTTP 401", nobody["outcomeDesc"]!.GetValue<string>(), StringComparison.Ordinal);
        var forged = await RunAsync("GET", "/fhir/Patient/amy", "Authorization: Bearer nonsense", status: HttpStatusCode.Unauthorized);
        Assert.Equal("read 4 Patient/amy", AuditHost.Summary(forged));
        Assert.DoesNotContain("nonsense", forged.ToJsonString(), StringComparison.Ordinal);
        var scope = await RunAsync("GET", "/fhir/Patient/amy", await audit.ClinicianAsync("user/Observation.rs"), status: HttpStatusCode.Forbidden);
        Assert.Equal("read 4 Patient/amy", AuditHost.Summary(scope));
        Assert.Equal("Practitioner/lee", scope["agent"]![1]!["who"]!["reference"]!.GetValue<string>());
        var hidden = await RunAsync("GET", "/fhir/Patient/ben", await audit.ClinicianAsync(), status: HttpStatusCode.NotFound);
        Assert.Equal("read 4 Patient/ben", AuditHost.Summary(hidden));
        var stale = await RunAsync(
            "PUT", "/fhir/Patient/amy", await audit.BackendAsync(), """{"resourceType":"Patient","id":"amy","active":true}""", HttpStatusCode.PreconditionFailed, "If-Match: W/\"9\"");
        Assert.Equal("update 4 Patient/amy", AuditHost.Summary(stale));
        var inQuery = await RunAsync("GET", "/fhir/Patient?access_token=secret", await audit.BackendAsync(), status: HttpStatusCode.BadRequest);
        Assert.Null(AuditHost.QueryOf(inQuery));
    }

    [Fact]
    public async Task A_batch_is_recorded_entry_by_entry_and_a_transaction_as_one_with_its_reads()
    {
        var backend = await audit.BackendAsync();
        const string Entries = """
            "entry":[
              {"request":{"method":"GET","url":"Patient/amy"}},
              {"request":{"method":"GET","url":"Observation/none-such"}},
              {"request":{"method":"POST","url":"Observation"},"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/amy"}}},
              {"request":{"method":"POST","url":"Observation"},"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ben"}}}]}
            """;
        var batch = await SendAsync("POST", "/fhir", backend, """{"resourceType":"Bundle","type":"batch",""" + Entries);
        var single = (await audit.EventsAsync(batch.RequestId, 4)).Select(AuditHost.Summary).ToList();
        Assert.Equal(["read 0 Patient/amy", "read 4 Observation/none-such"], single.Where(made => made.StartsWith("read", StringComparison.Ordinal)).Select(WithoutVersion));
        Assert.Equal(2, single.Count(made => made.StartsWith("create 0 Patient/", StringComparison.Ordinal)));

        var transaction = await SendAsync(
            "POST", "/fhir", backend, """{"resourceType":"Bundle","type":"transaction",""" + Entries.Replace("""{"request":{"method":"GET","url":"Observation/none-such"}},""", "", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, transaction.Answer.Status);
        var whole = (await audit.EventsAsync(transaction.RequestId, 3)).Select(AuditHost.Summary).ToList();
        Assert.Equal(3, whole.Count);
        Assert.Equal(2, whole.Count(made => made.StartsWith("transaction 0 Patient/", StringComparison.Ordinal)));
        Assert.Single(whole, made => made.StartsWith("read 0 Patient/amy", StringComparison.Ordinal));

        var refused = await SendAsync("POST", "/fhir", backend, """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Patient/x"}}]}""");
        Assert.Equal("transaction 4", AuditHost.Summary(await audit.EventAsync(refused.RequestId)));
    }

    [Fact]
    public async Task Public_addresses_are_not_recorded_and_looking_at_the_trail_is()
    {
        await Host.GetAsync("/fhir/metadata", "X-Request-Id: public-1");
        await Host.GetAsync("/health/live", "X-Request-Id: public-2");
        await Host.GetAsync("/fhir/nothing/of/the/kind", "X-Request-Id: public-3");
        var look = await SendAsync("GET", "/fhir/AuditEvent?_count=1", await audit.BackendAsync());

        Assert.StartsWith("search-type 0", AuditHost.Summary((await audit.EventsAsync(look.RequestId))[0]), StringComparison.Ordinal);
        var all = (await Host.GetAsync("/fhir/AuditEvent?_count=1000", await audit.BackendAsync())).Entries;
        Assert.DoesNotContain(all, entry => AuditHost.RequestIdOf(entry!["resource"]!)?.StartsWith("public-", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task An_AuditEvent_is_never_changed_or_deleted_by_anybody()
    {
        var backend = await audit.BackendAsync();
        await RunAsync("GET", "/fhir/Patient/amy", backend);
        var id = (await Host.GetAsync("/fhir/AuditEvent?_count=1", backend)).EntryIds.First();
        var json = (await Host.GetAsync($"/fhir/AuditEvent/{id}", backend)).Body;

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Host.PutAsync($"/fhir/AuditEvent/{id}", json.Replace("\"TeleFhir\"", "\"x\"", StringComparison.Ordinal), backend)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Host.PutAsync("/fhir/AuditEvent/new-one", json.Replace(id, "new-one", StringComparison.Ordinal), backend)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Host.DeleteAsync($"/fhir/AuditEvent/{id}", backend)).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Host.DeleteAsync($"/fhir/AuditEvent?_id={id}", backend)).Status);
        var bundle = $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"AuditEvent/{{{id}}}"}}]}""";
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await Host.PostAsync("/fhir", bundle, backend)).Status);
        Assert.Equal(json, (await Host.GetAsync($"/fhir/AuditEvent/{id}", backend)).Body);

        var own = await Host.PostAsync("/fhir/AuditEvent", json, await audit.BackendAsync("system/AuditEvent.c"));
        Assert.Equal(HttpStatusCode.Created, own.Status);
        Assert.NotEqual(id, own.Id);
    }

    [Fact]
    public async Task Switched_off_it_records_nothing()
    {
        await using var off = await TelehealthHost.StartAsync(builder => builder.UseSetting("Audit:Enabled", "false"));
        await off.PutAsync("/fhir/Patient/p", """{"resourceType":"Patient","id":"p"}""");
        await off.GetAsync("/fhir/Patient/p");
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Empty((await off.GetAsync("/fhir/AuditEvent")).Entries);
    }

    [Fact]
    public async Task The_command_line_verifies_and_accounts()
    {
        using var commands = new CommandHost();
        Assert.Equal(2, (await commands.RunAsync("audit")).Code);
        Assert.Equal(2, (await commands.RunAsync("audit", "disclosures")).Code);
        await commands.RunAsync("migrate");
        var (code, output) = await commands.RunAsync("audit", "verify");
        Assert.Equal(0, code);
        Assert.Contains("as they were written", output, StringComparison.Ordinal);
        (code, output) = await commands.RunAsync("audit", "disclosures", "--patient", "amy", "--from", "2026-01-01");
        Assert.Equal(0, code);
        Assert.Contains("0 disclosures of Patient/amy", output, StringComparison.Ordinal);
        Assert.Equal(2, (await commands.RunAsync("audit", "disclosures", "--patient", "amy", "--from", "yesterday")).Code);
    }

    private static string WithoutVersion(string summary) => summary.Split(" Patient/amy/_history", 2)[0];

    private async Task<string> PutObservationAsync(string patient)
    {
        var body = $$$"""{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{{patient}}}"}}""";
        return (await Host.PostAsync("/fhir/Observation", body, await audit.BackendAsync())).Id;
    }

    private async Task<System.Text.Json.Nodes.JsonNode> RunAsync(
        string method, string address, string? caller, string? body = null, HttpStatusCode? status = null, params string[] headers)
    {
        var (answer, requestId) = await SendAsync(method, address, caller, body, headers);
        Assert.True(status is null || status == answer.Status, $"{answer.Status} {answer.Body}");
        return await audit.EventAsync(requestId);
    }

    private async Task<(Answer Answer, string RequestId)> SendAsync(string method, string address, string? caller, string? body = null, params string[] headers)
    {
        var requestId = $"test-{Interlocked.Increment(ref _requests)}";
        string[] all = [.. headers, $"X-Request-Id: {requestId}", .. caller is null ? [] : new[] { caller }];
        return (await Host.SendAsync(method, address, body, all), requestId);
    }
}
