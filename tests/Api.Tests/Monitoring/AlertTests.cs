using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Api.Monitoring;
using TeleFhir.Api.Tests.Scheduling;
using TeleFhir.Domain.Changes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Tests.Monitoring;

/// <summary>Somebody is told of readings out of range, once for each patient and measure, and of devices that are silent.</summary>
public abstract class AlertTests(params TelehealthHost[] nodes)
{
    private const int Many = 20;
    private const int InOne = AlertTask.MostInputs + 1;

    private TelehealthHost Host => nodes[0];

    [Fact]
    public async Task Readings_out_of_range_make_one_task_that_grows()
    {
        await Host.PatientAsync("la");
        var first = (await Host.IngestAsync(Host.Pressure("la", 165, 80, Host.Now().AddMinutes(-50)))).Ids()[0];
        var task = await TaskAsync("la");
        var second = (await Host.IngestAsync(Host.Pressure("la", 190, 80, Host.Now().AddMinutes(-40)))).Ids()[0];
        var grown = await TaskAsync("la", one => one["input"] is not null);

        Assert.Equal(("requested", "order", "routine"), (task.Status(), task["intent"]!.GetValue<string>(), task["priority"]!.GetValue<string>()));
        Assert.Equal("review-reading", task["code"]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal(($"Observation/{first}", "Patient/la"), (Reference(task["focus"]), Reference(task["for"])));
        Assert.Null(task["owner"]);
        Assert.Equal(task.IdOf(), grown.IdOf());
        Assert.Equal($"Observation/{second}", Reference(Assert.Single(grown["input"]!.AsArray())!["valueReference"]));
        Assert.Equal("stat", grown["priority"]!.GetValue<string>());
    }

    [Fact]
    public async Task Each_measure_has_a_task_of_its_own_and_what_is_in_range_has_none()
    {
        await Host.PatientAsync("lb");
        await Host.IngestAsync(Host.Pressure("lb", 190, 130), Host.Reading("lb", 75), Host.Reading("lb", 85, code: "59408-5", unit: "%"));
        await UntilAsync(async () => (await TasksAsync("lb")).Count == 3);

        Assert.Equal(["Diastolic", "Oxygen", "Systolic"], (await TasksAsync("lb")).Select(task => task["description"]!.GetValue<string>().Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Goals_of_the_patient_say_what_is_in_range()
    {
        await Host.PatientAsync("lc");
        await Host.StoreAsync("Goal", "lc", """
            "lifecycleStatus":"active","description":{"text":"pulse"},"subject":{"reference":"Patient/lc"},"target":[{"measure":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
            "detailRange":{"low":{"value":60,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"},"high":{"value":80,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"} } }]
            """);

        await Host.IngestAsync(Host.Reading("lc", 60), Host.Reading("lc", 80));
        var id = (await Host.IngestAsync(Host.Reading("lc", 81))).Ids()[0];

        Assert.Equal($"Observation/{id}", Reference((await TaskAsync("lc"))["focus"]));
    }

    [Fact]
    public async Task What_comes_back_into_range_is_noted_and_closes_nothing()
    {
        await Host.PatientAsync("ld");
        await Host.IngestAsync(Host.Reading("ld", 140, at: Host.Now().AddMinutes(-30)));
        await TaskAsync("ld");
        await Host.IngestAsync(Host.Reading("ld", 70, at: Host.Now().AddMinutes(-40)), Host.Reading("ld", 72, at: Host.Now().AddMinutes(-20)), Host.Reading("ld", 74, at: Host.Now().AddMinutes(-10)));
        var noted = await TaskAsync("ld", one => one["note"] is not null);
        await Host.IngestAsync(Host.Reading("ld", 150, at: Host.Now().AddMinutes(-5)));
        await TaskAsync("ld", one => one["input"] is not null);
        await Host.IngestAsync(Host.Reading("ld", 73));
        var again = await TaskAsync("ld", one => one["note"]!.AsArray().Count > 1);

        Assert.Equal("requested", noted.Status());
        Assert.Contains("72 /min", Assert.Single(noted["note"]!.AsArray())!["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, again["note"]!.AsArray().Count);
    }

    [Fact]
    public async Task Old_readings_alert_nobody_and_one_after_a_closed_task_opens_another()
    {
        await Host.PatientAsync("le");
        await Host.IngestAsync(Host.Reading("le", 150, at: Host.Now().AddHours(-25)));
        await Host.IngestAsync(Host.Reading("le", 151, at: Host.Now().AddHours(-23)));
        var task = await TaskAsync("le");
        await Host.ChangeAsync($"Task/{task.IdOf()}", one => one["status"] = "completed");
        await Host.IngestAsync(Host.Reading("le", 152));
        await UntilAsync(async () => (await TasksAsync("le")).Count == 2);

        Assert.Contains("151", task["description"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(task["input"]);
    }

    [Fact]
    public async Task A_reading_that_was_an_error_is_taken_back()
    {
        await Host.PatientAsync("lf");
        await Host.PatientAsync("lf2");
        var ids = (await Host.IngestAsync(Host.Reading("lf", 150), Host.Reading("lf2", 150), Host.Reading("lf2", 155, identifier: "second"))).Ids();
        await TaskAsync("lf");
        await TaskAsync("lf2", one => one["input"] is not null);
        await Host.ChangeAsync($"Observation/{ids[0]}", one => one["status"] = "entered-in-error");
        await Host.ChangeAsync($"Observation/{ids[1]}", one => (one["status"], one["valueQuantity"]!["value"]) = ("corrected", 75));

        var cancelled = await TaskAsync("lf", one => one.Status() == "cancelled");
        var left = await TaskAsync("lf2", one => one["input"] is null);

        Assert.Contains("error", cancelled["note"]![0]!["text"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(("requested", $"Observation/{ids[2]}"), (left.Status(), Reference(left["focus"])));
    }

    [Fact]
    public async Task Told_of_readings_again_and_by_many_at_once_nothing_is_told_twice()
    {
        await Host.PatientAsync("lg");
        var ids = (await Host.IngestAsync(Enumerable.Range(0, 10).Select(at => Host.Reading("lg", 140 + at, identifier: $"{at}", at: Host.Now().AddMinutes(at - 10))))).Ids();
        await TaskAsync("lg", one => one["input"]?.AsArray().Count == 9);
        var before = await TaskAsync("lg");

        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => FollowAsync(nodes[i % nodes.Length], i % 2 == 0 ? ids : [.. ids.Reverse().Take(4)]))));
        await Host.ChangeAsync($"Task/{before.IdOf()}", one => one["status"] = "completed");
        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => FollowAsync(nodes[i % nodes.Length], ids))));

        Assert.Equal("completed", Assert.Single(await TasksAsync("lg")).Status());
        Assert.Equal(9, (await TaskAsync("lg"))["input"]!.AsArray().Count);
    }

    [Fact]
    public async Task Many_who_open_an_alert_at_once_open_one()
    {
        await Host.PatientAsync("lh");

        // Written by the server itself they are followed too; what counts is that all of these see none open.
        var ids = (await Host.IngestAsync(Enumerable.Range(0, Many).Select(at => Host.Reading("lh", 140 + at, identifier: $"{at}")))).Ids();
        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => FollowAsync(nodes[i % nodes.Length], [ids[i]]))));
        await TaskAsync("lh", one => one["input"]?.AsArray().Count == Many - 1);

        var task = Assert.Single(await TasksAsync("lh"));
        Assert.Equal(Many, task["input"]!.AsArray().Select(input => Reference(input!["valueReference"])).Append(Reference(task["focus"])).Distinct().Count());
    }

    [Fact]
    public async Task Many_who_find_a_task_full_open_one_more()
    {
        await Host.PatientAsync("lj");
        foreach (var part in Enumerable.Range(0, InOne).Chunk(150))
        {
            await Host.IngestAsync(part.Select(at => Host.Reading("lj", 150, identifier: $"{at}", at: Host.Now().AddSeconds(at - 3600))));
        }

        var full = await TaskAsync("lj", one => one["input"]?.AsArray().Count == InOne - 1);

        var ids = (await Host.IngestAsync(Enumerable.Range(0, Many).Select(at => Host.Reading("lj", 160, identifier: $"late{at}")))).Ids();
        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => FollowAsync(nodes[i % nodes.Length], [ids[i]]))));

        var tasks = await TasksAsync("lj");
        Assert.Equal(2, tasks.Count);
        var next = tasks.Single(task => task.IdOf() != full.IdOf());
        Assert.Equal($"Task/{full.IdOf()}", Reference(Assert.Single(next["partOf"]!.AsArray())));
        Assert.Equal(ids.Select(id => $"Observation/{id}").Order(), next["input"]!.AsArray().Select(input => Reference(input!["valueReference"])).Append(Reference(next["focus"])).Order());
        Assert.Equal(InOne - 1, tasks.Single(task => task.IdOf() == full.IdOf())["input"]!.AsArray().Count);
    }

    [Fact]
    public async Task Devices_that_are_silent_are_told_of_once()
    {
        var ids = (string[])["ma-silent", "ma-heard", "ma-refuses", "ma-returned", "ma-again"];
        foreach (var id in ids)
        {
            await Host.PatientAsync(id, agrees: id != "ma-refuses");
        }

        await Host.StoreAsync("DeviceUseStatement", "ma-use", $$"""
            "status":"completed","subject":{"reference":"Patient/ma-returned"},"device":{"reference":"Device/ma-returned"},"timingPeriod":{"end":"{{Host.Now().AddDays(1).Text()}}"}
            """);
        var jobs = nodes.Select(node => node.Services.GetRequiredService<MissingReadings>()).ToList();
        await jobs[0].RunAsync(TestContext.Current.CancellationToken);
        foreach (var id in ids)
        {
            Assert.Empty(await TasksAsync(id));
        }

        foreach (var node in nodes)
        {
            node.Advance(TimeSpan.FromDays(3) + TimeSpan.FromMinutes(1));
        }

        await Host.IngestAsync(Host.Reading("ma-heard", 70, at: Host.Now().AddDays(-2)));
        await Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => jobs[i % jobs.Count].RunAsync(TestContext.Current.CancellationToken))));

        var task = Assert.Single(await TasksAsync("ma-silent"));
        Assert.Equal("rpm-missing-data", task["code"]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("Device/ma-silent", Reference(task["focus"]));
        Assert.Single(await TasksAsync("ma-again"));
        foreach (var id in (string[])["ma-heard", "ma-refuses", "ma-returned"])
        {
            Assert.Empty(await TasksAsync(id));
        }

        await Host.IngestAsync(Host.Reading("ma-again", 70));
        var noted = await TaskAsync("ma-again", one => one["note"] is not null);
        Assert.Equal("requested", noted.Status());
    }

    private static string Reference(JsonNode? reference) => reference!["reference"]!.GetValue<string>();

    /// <summary>Tells a server of readings as if they had just been committed.</summary>
    private static async Task FollowAsync(TelehealthHost node, string?[] ids)
    {
        var store = node.Services.GetRequiredService<IResourceStore>();
        var follower = node.Services.GetServices<IChangeFollower>().Single(one => one.Name == "monitoring");
        var changes = new List<CommittedChange>();
        foreach (var id in ids)
        {
            var stored = await store.ReadAsync(Domain.Access.Caller.System("test"), new ResourceKey("Observation", id!), TestContext.Current.CancellationToken);
            changes.Add(new CommittedChange(changes.Count + 1, "", stored!, null));
        }

        await follower.FollowAsync([.. changes], TestContext.Current.CancellationToken);
    }

    private async Task<List<JsonNode>> TasksAsync(string patient)
    {
        var answer = await Host.GetAsync($"/fhir/Task?patient=Patient/{patient}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return [.. answer.Entries.Select(entry => entry!["resource"]!)];
    }

    /// <summary>The one Task of a patient, once it is as it is to be.</summary>
    private async Task<JsonNode> TaskAsync(string patient, Predicate<JsonNode>? isReady = null)
    {
        JsonNode? task = null;
        await UntilAsync(async () => (task = (await TasksAsync(patient)).SingleOrDefault()) is not null && isReady?.Invoke(task) != false);
        return task!;
    }

    private static async Task UntilAsync(Func<Task<bool>> isSoAsync)
    {
        for (var left = 300; !await isSoAsync(); left--)
        {
            Assert.True(left > 0, "It has not come to be.");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}

public sealed class AlertOnSqliteTests(SqliteFindHost host) : AlertTests(host), IClassFixture<SqliteFindHost>;

public sealed class AlertOnTwoNodesTests(TwoNodes nodes) : AlertTests(nodes, nodes.Second), IClassFixture<TwoNodes>;
