using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.CommandLine;

/// <summary>Transactions: all of a file or nothing, and never twice.</summary>
public sealed class ImportTransactionTests : IDisposable
{
    private readonly CommandHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_large_transaction_is_one_commit_and_a_second_import_passes_over_it(DatabaseProvider provider)
    {
        var database = provider == DatabaseProvider.PostgreSql ? await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync() : null;
        using var host = new CommandHost(provider.ToString(), database?.ConnectionString);
        var file = host.File("large.json", Record(1200));

        var (code, output) = await host.RunAsync("import", file);

        Assert.True(code == 0, output);
        Assert.Contains("1,201 resources stored, 0 rejected", output, StringComparison.Ordinal);
        var readings = await host.AllAsync("Observation");
        Assert.Equal(1200, readings.Count);
        Assert.Single(readings.Select(reading => reading.LastUpdated).Distinct());
        var patient = Assert.Single(await host.AllAsync("Patient"));
        Assert.All(readings, reading => Assert.Contains($"\"Patient/{patient.Key.Id}\"", Encoding.UTF8.GetString(reading.Json.Span), StringComparison.Ordinal));

        (code, output) = await host.RunAsync("import", file);

        Assert.Equal(0, code);
        Assert.Contains("imported before", output, StringComparison.Ordinal);
        Assert.Contains("0 resources stored, 0 rejected, 1 files passed over", output, StringComparison.Ordinal);
        Assert.Equal(1200, (await host.AllAsync("Observation")).Count);
        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task Cut_off_between_the_commit_and_the_note_of_it_nothing_is_stored_twice()
    {
        var file = _host.File("record.json", Record(3));
        await _host.RunAsync("import", file);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        await _host.WithAsync<IImportLog, int>(async log =>
        {
            Assert.Equal(1, await log.FindAsync(hash, TestContext.Current.CancellationToken));
            await log.RecordAsync(hash, 0, TestContext.Current.CancellationToken);
            return 0;
        });

        var (code, output) = await _host.RunAsync("import", file);

        Assert.True(code == 0, output);
        Assert.Equal(3, (await _host.AllAsync("Observation")).Count);
        Assert.Single(await _host.AllAsync("Patient"));
        Assert.Contains("passed over", (await _host.RunAsync("import", file)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_refers_to_another_by_search_waits_for_it()
    {
        _host.File("set/a-patient.json", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|42"}]},
               "request":{"method":"POST","url":"Patient"}}]}
            """);
        _host.File("set/z-practitioners.json", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Practitioner","id":"x","identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"42"}]},
               "request":{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=http://hl7.org/fhir/sid/us-npi|42"}}]}
            """);

        var (code, output) = await _host.RunAsync("import", _host.PathOf("set"), "--parallel", "1");

        Assert.True(code == 0, output);
        var practitioner = Assert.Single(await _host.AllAsync("Practitioner"));
        var patient = Assert.Single(await _host.AllAsync("Patient"));
        Assert.Contains($"\"Practitioner/{practitioner.Key.Id}\"", Encoding.UTF8.GetString(patient.Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_brings_is_rejected_in_the_end()
    {
        var file = _host.File("alone.json", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","generalPractitioner":[{"reference":"Practitioner?identifier=s|none"}]},"request":{"method":"POST","url":"Patient"}}]}
            """);

        var (code, output) = await _host.RunAsync("import", file);

        Assert.Equal(1, code);
        Assert.Contains("1 rejected", output, StringComparison.Ordinal);
        CommandHost.TakeRejections(output);
    }

    [Fact]
    public async Task A_faulty_entry_rejects_the_transaction_and_is_named()
    {
        var file = _host.File("faulty.json", """
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{"resourceType":"Patient","id":"good"},"request":{"method":"PUT","url":"Patient/good"}},
              {"resource":{"resourceType":"Patient","id":"bad","birthDate":"yesterday"},"request":{"method":"PUT","url":"Patient/bad"}}]}
            """);
        var other = _host.File("other.json", Record(1));

        var (code, output) = await _host.RunAsync("import", file, other);

        Assert.Equal(1, code);
        Assert.Contains("2 files, 2 resources stored, 1 rejected", output, StringComparison.Ordinal);
        Assert.Null(await _host.ReadAsync("Patient/good"));
        var rejected = JsonNode.Parse(Assert.Single(CommandHost.TakeRejections(output)))!;
        Assert.Equal(file, (string?)rejected["file"]);
        Assert.Equal("Bundle.entry[1]", (string?)rejected["entry"]);
        Assert.Equal("Bundle.entry[1].resource.birthDate", (string?)rejected["expression"]);
        Assert.NotEmpty((string?)rejected["issue"] ?? "");

        // Nothing of it was stored, so it is tried again; the other is not.
        (code, output) = await _host.RunAsync("import", file, other);
        CommandHost.TakeRejections(output);
        Assert.Equal(1, code);
        Assert.Contains("0 resources stored, 1 rejected, 1 files passed over", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":{}}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[null]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"document","entry":[]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":7}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:\ud800","resource":{"resourceType":"Patient","id":"\ud800"}}]}""")]
    [InlineData("""{"resourceType":"Bundle","type":"searchset","entry":[null,3,{}]}""")]
    [InlineData("""{"resourceType":"Nothing"}""")]
    public async Task Broken_files_are_rejected_and_do_not_stop_the_import(string content)
    {
        var broken = _host.File("broken.json", content);
        var (code, output) = await _host.RunAsync("import", broken, _host.File("fine.json", Record(1)));

        Assert.Equal(1, code);
        Assert.Contains("2 resources stored", output, StringComparison.Ordinal);
        Assert.All(CommandHost.TakeRejections(output), line => Assert.Equal(broken, (string?)JsonNode.Parse(line)!["file"]));
    }

    /// <summary>A record as generators write it: everything is created, and refers to its patient by the entry's address.</summary>
    private static string Record(int readings)
    {
        var entries = Enumerable.Range(0, readings).Select(number => string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            {"fullUrl":"urn:uuid:{{Guid.NewGuid()}}","resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
            "subject":{"reference":"urn:uuid:p"},"effectiveDateTime":"2026-01-01T00:00:00Z","valueQuantity":{"value":{{number}} } },
            "request":{"method":"POST","url":"Observation"} }
            """));
        return $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
            {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","name":[{"family":"Import"}]},"request":{"method":"POST","url":"Patient"} },
            {{string.Join(",\n", entries)}}]}
            """;
    }
}
