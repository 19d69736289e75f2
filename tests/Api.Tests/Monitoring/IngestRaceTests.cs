using System.Text.Json.Nodes;
using TeleFhir.Api.Tests.Scheduling;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>The same readings from many at once, by every way there is: each is stored once, and everybody learns which it is.</summary>
public abstract class IngestRaceTests(params TelehealthHost[] nodes)
{
    private const int Many = 20;

    private TelehealthHost Host => nodes[0];

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public async Task The_same_batch_is_stored_once(int size)
    {
        var patient = $"ra{size}";
        await Host.PatientAsync(patient);
        JsonNode[] readings = [.. Enumerable.Range(0, size).Select(at => Host.Reading(patient, 60 + at, identifier: at % 2 == 0 ? $"{at}" : null))];

        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => nodes[i % nodes.Length].IngestAsync(readings.Select(one => one.DeepClone())))));

        Assert.Equal(size, await Host.CountAsync($"Observation?patient=Patient/{patient}"));
        for (var at = 0; at < size; at++)
        {
            Assert.Single(answers, answer => answer.Outcomes()[at] == "201");
            Assert.Equal(Many - 1, answers.Count(answer => answer.Outcomes()[at] == "200"));
            Assert.Single(answers.Select(answer => answer.Ids()[at]).Distinct());
        }
    }

    [Fact]
    public async Task Batches_that_overlap_store_each_reading_once()
    {
        await Host.PatientAsync("rb");
        JsonNode[] readings = [.. Enumerable.Range(0, 60).Select(at => Host.Reading("rb", 40 + at, identifier: $"{at}"))];

        // Each in an order of its own, and each a different part.
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => nodes[i % nodes.Length].IngestAsync(
            readings.Skip(2 * i).Take(22).OrderBy(one => HashCode.Combine(i, one["valueQuantity"]!["value"]!.GetValue<decimal>())).Select(one => one.DeepClone())))));

        Assert.All(answers, answer => Assert.All(answer.Outcomes(), outcome => Assert.Contains(outcome, (string[])["200", "201"])));
        Assert.Equal(60, answers.Sum(answer => answer.Outcomes().Count(outcome => outcome == "201")));
        Assert.Equal(60, await Host.CountAsync("Observation?patient=Patient/rb"));
    }
}

public sealed class IngestRaceOnSqliteTests(SqliteFindHost host) : IngestRaceTests(host), IClassFixture<SqliteFindHost>;

public sealed class IngestRaceOnTwoNodesTests(TwoNodes nodes) : IngestRaceTests(nodes, nodes.Second), IClassFixture<TwoNodes>;
