using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using TeleFhir.Api.CommandLine;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Tests.CommandLine;

/// <summary>Files whose resources stand on their own.</summary>
public sealed class ImportPartsTests : IDisposable
{
    private readonly CommandHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task Each_line_is_put_under_its_id_and_a_bad_one_stops_no_other()
    {
        var file = _host.File(
            "people.ndjson",
            "\uFEFF{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true}\r\n"
            + "\n"
            + "{\"resourceType\":\"Patient\",\"id\":\"b\",\"active\":\"perhaps\"}\n"
            + "not json\n"
            + "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"},\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\"}]}]}\n"
            + "{\"resourceType\":\"Patient\",\"id\":\"under_score\"}\n"
            + "{\"resourceType\":\"Patient\",\"id\":\"c\"}");

        var (code, output) = await _host.RunAsync("import", file);

        Assert.Equal(1, code);
        Assert.Contains("1 files, 2 resources stored, 4 rejected", output, StringComparison.Ordinal);
        var rejected = CommandHost.TakeRejections(output).Select(line => (string?)JsonNode.Parse(line)!["entry"]).Distinct();
        Assert.Equal(["line 3", "line 4", "line 5", "line 6"], rejected);
        Assert.Equal(["a", "c"], (await _host.AllAsync("Patient")).Select(patient => patient.Key.Id).Order());
    }

    [Fact]
    public async Task A_repeated_import_tells_again_what_is_still_wrong_and_stores_nothing_twice()
    {
        var file = _host.File("mixed.ndjson", """
            {"resourceType":"Patient","name":[{"family":"No id"}]}
            {"resourceType":"Patient","birthDate":"yesterday"}
            {"resourceType":"Patient","name":[{"family":"No id either"}]}
            """);
        var (_, first) = await _host.RunAsync("import", file);
        CommandHost.TakeRejections(first);

        var (code, output) = await _host.RunAsync("import", file);

        Assert.Equal(1, code);
        Assert.Contains("line 2", Assert.Single(CommandHost.TakeRejections(output)), StringComparison.Ordinal);
        var patients = await _host.AllAsync("Patient");
        Assert.Equal(2, patients.Count);
        Assert.All(patients, patient => Assert.Equal(1, patient.Key.Version));
    }

    [Fact]
    public async Task A_partly_done_file_goes_on_where_it_stopped()
    {
        var lines = Enumerable.Range(0, 1200).Select(number => $$"""{"resourceType":"Patient","id":"p{{number}}"}""");
        var file = _host.File("many.ndjson", string.Join('\n', lines));
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        await _host.RunAsync("migrate");
        await _host.WithAsync<IImportLog, int>(async log =>
        {
            await log.RecordAsync(hash, 1000, TestContext.Current.CancellationToken);
            return 0;
        });

        var (code, output) = await _host.RunAsync("import", file);

        Assert.True(code == 0, output);
        Assert.Contains("200 resources stored", output, StringComparison.Ordinal);
        Assert.Null(await _host.ReadAsync("Patient/p999"));
        Assert.NotNull(await _host.ReadAsync("Patient/p1000"));
        Assert.NotNull(await _host.ReadAsync("Patient/p1199"));
        Assert.Equal(1200, await _host.WithAsync<IImportLog, int>(log => log.FindAsync(hash, TestContext.Current.CancellationToken)));
        Assert.Contains("imported before", (await _host.RunAsync("import", file)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_progress_of_a_long_file_is_noted_on_the_way()
    {
        var lines = Enumerable.Range(0, 1100).Select(number => $$"""{"resourceType":"Patient","id":"p{{number}}"}""");
        var file = _host.File("long.ndjson", string.Join('\n', lines));
        await _host.RunAsync("migrate");
        var noted = new List<(int Done, int Stored)>();

        await _host.WithAsync<ImportPlanner, FileOutcome>(planner => new PartsImport(planner, file, "hash", parallel: 2).RunAsync(
            ImportFiles.LinesAsync(file, 0, TestContext.Current.CancellationToken),
            async (done, _) => noted.Add((done, (await _host.AllAsync("Patient")).Count)),
            TestContext.Current.CancellationToken));

        // Never more than is stored: what a crash cuts off is imported again.
        Assert.Equal([(500, 500), (1000, 1000), (1100, 1100)], noted);
    }

    [Fact]
    public async Task Of_two_lines_with_one_id_the_later_is_the_newer_version()
    {
        var file = _host.File("twice.ndjson", """
            {"resourceType":"Patient","id":"a","gender":"male"}
            {"resourceType":"Patient","id":"b"}
            {"resourceType":"Patient","id":"a","gender":"female"}
            """);

        var (code, output) = await _host.RunAsync("import", file);

        Assert.True(code == 0, output);
        Assert.Contains("\"versionId\":\"2\"", await _host.ReadAsync("Patient/a"), StringComparison.Ordinal);
        Assert.Contains("female", await _host.ReadAsync("Patient/a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_may_name_an_earlier_one_by_search()
    {
        var file = _host.File("refers.ndjson", """
            {"resourceType":"Practitioner","id":"doc","identifier":[{"system":"urn:s","value":"7"}]}
            {"resourceType":"Patient","id":"a","generalPractitioner":[{"reference":"Practitioner?identifier=urn:s|7"}]}
            """);

        var (code, output) = await _host.RunAsync("import", file);

        Assert.True(code == 0, output);
        Assert.Contains("\"Practitioner/doc\"", await _host.ReadAsync("Patient/a"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("collection")]
    [InlineData("batch")]
    [InlineData("searchset")]
    public async Task Entries_of_other_Bundles_are_stored_each_on_its_own(string type)
    {
        var file = _host.File("bundle.json", $$"""
            {"resourceType":"Bundle","type":"{{type}}","entry":[
              {"fullUrl":"urn:uuid:0c9e7a4c-6d0f-4a63-8a55-0a0f1a1b2c3d","resource":{"resourceType":"Patient","name":[{"family":"New"}]} },
              {"fullUrl":"http://elsewhere.example/fhir/Observation/kept","resource":{"resourceType":"Observation","id":"kept","status":"final","code":{"text":"x"},
                "subject":{"reference":"urn:uuid:0c9e7a4c-6d0f-4a63-8a55-0a0f1a1b2c3d"} } },
              {"resource":{"resourceType":"Observation","id":"wrong","code":{"text":"x"} } },
              {"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]},"search":{"mode":"outcome"} }]}
            """);

        var (code, output) = await _host.RunAsync("import", file);

        Assert.Equal(1, code);
        Assert.Contains("2 resources stored, 1 rejected", output, StringComparison.Ordinal);
        Assert.Contains("Bundle.entry[2]", Assert.Single(CommandHost.TakeRejections(output)), StringComparison.Ordinal);
        var patient = Assert.Single(await _host.AllAsync("Patient"));
        Assert.Contains($"\"Patient/{patient.Key.Id}\"", await _host.ReadAsync("Observation/kept"), StringComparison.Ordinal);
        Assert.Empty(await _host.AllAsync("OperationOutcome"));
    }

    [Fact]
    public async Task A_single_resource_is_a_file_too()
    {
        var (code, output) = await _host.RunAsync("import", _host.File("one.json", """{"resourceType":"Patient","id":"only"}"""));

        Assert.True(code == 0, output);
        Assert.NotNull(await _host.ReadAsync("Patient/only"));
    }

    [Fact]
    public async Task What_is_exported_can_be_imported_and_is_the_same()
    {
        var people = Enumerable.Range(0, 1203).Select(number => $$"""{"resourceType":"Patient","id":"p{{number}}","birthDate":"1990-01-01","name":[{"family":"Ümläut {{number}}"}]}""");
        await _host.RunAsync("import", _host.File("people.ndjson", string.Join('\n', people)), _host.File("org.json", """{"resourceType":"Organization","id":"o","name":"x"}"""));

        var (code, output) = await _host.RunAsync("export", _host.PathOf("out"));

        Assert.True(code == 0, output);
        Assert.Equal(["Organization.ndjson", "Patient.ndjson"], Directory.GetFiles(_host.PathOf("out")).Select(Path.GetFileName).Order());
        var lines = await File.ReadAllLinesAsync(_host.PathOf("out/Patient.ndjson"), Encoding.UTF8, TestContext.Current.CancellationToken);
        Assert.Equal(1203, lines.Select(line => (string)JsonNode.Parse(line)!["id"]!).Distinct().Count());
        Assert.Contains(await _host.ReadAsync("Patient/p17"), lines);

        using var other = new CommandHost();
        (code, output) = await other.RunAsync("import", _host.PathOf("out"));
        Assert.True(code == 0, output);
        Assert.Equal(1203, (await other.AllAsync("Patient")).Count);

        (code, _) = await _host.RunAsync("export", _host.PathOf("some"), "--type", "Organization", "--type", "Device");
        Assert.Equal(0, code);
        Assert.Equal(["Organization.ndjson"], Directory.GetFiles(_host.PathOf("some")).Select(Path.GetFileName));
    }
}
