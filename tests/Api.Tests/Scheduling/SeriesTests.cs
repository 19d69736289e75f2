using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>Weekly series: booked whole or not at all, at one local time, and given up in part or whole.</summary>
public abstract class SeriesTests(TelehealthHost host)
{
    private const string RecurrenceId = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.recurrenceId";

    [Theory]
    [InlineData("America/New_York", "2026-02-27", "14:00 14:00 13:00 13:00")]
    [InlineData("America/New_York", "2026-10-23", "13:00 13:00 14:00 14:00")]
    [InlineData("Australia/Sydney", "2026-03-26", "22:00 22:00 23:00 23:00")]
    [InlineData("Australia/Sydney", "2026-09-24", "23:00 23:00 22:00 22:00")]
    public async Task The_local_time_stays_when_the_clock_changes(string zone, string first, string hours)
    {
        var id = $"sl-{zone[^6..].Replace("_", "", StringComparison.Ordinal)}-{first}";
        var day = DateOnly.Parse(first, null);
        await host.CalendarAsync(id, zone, Clinic.Rule("mon tue wed thu fri sat sun", "09:00", "10:00", 30));
        await host.StoreAsync("Patient", $"{id}-p", "\"active\":true");
        await host.GenerateAsync(id, first, day.AddDays(40).ToString("yyyy-MM-dd", null));
        var slot = (await host.GetAsync($"/fhir/Slot?schedule=Schedule/{id}&_sort=start&_count=1")).EntryIds.Single();

        var booked = await SeriesAsync($"{id}-p", slot, 4);

        var members = Members(booked);
        Assert.Equal(hours, string.Join(' ', members.Select(member => member["start"]!.GetValue<DateTimeOffset>().UtcDateTime.ToString("HH:mm", null))));
        Assert.Equal([1, 2, 3, 4], members.Select(NumberOf));
        Assert.Single(members.Select(SeriesOf).Distinct());
        Assert.All(members, member => Assert.Equal("booked", member.Status()));
        Assert.Equal(["recurrenceTemplate"], members.SelectMany(member => member["extension"]!.AsArray()).Select(one => one!["url"]!.GetValue<string>().Split('.')[^1]).Where(name => name == "recurrenceTemplate"));
        foreach (var member in members)
        {
            Assert.Equal("busy", await host.StatusOfAsync(member["slot"]![0]!["reference"]!.GetValue<string>()));
            Assert.Equal("planned", Assert.Single(await host.VisitsAsync(member.IdOf())).Status());
        }
    }

    [Fact]
    public async Task All_or_none()
    {
        await FillAsync("sa", 12);
        (await host.BookAsync("sa-q", (await SlotsAsync("sa"))[3])).Appointment(HttpStatusCode.Created);
        var slots = await SlotsAsync("sa");

        (await SeriesAsync("sa-p", slots[0], 4)).IsUnavailable("sa-q");
        Assert.Equal((400, "occurrence-count"), (await SeriesAsync("sa-p", slots[0], 1)).Refused());
        Assert.Equal((400, "occurrence-count"), (await SeriesAsync("sa-p", slots[0], 13)).Refused());
        Assert.Empty((await host.GetAsync("/fhir/Appointment?patient=sa-p")).EntryIds);
        Assert.Equal("free", await host.StatusOfAsync($"Slot/{slots[0]}"));
        Assert.Equal(3, Members(await SeriesAsync("sa-p", slots[0], 3)).Count);
        (await SeriesAsync("sa-p", slots[10], 12)).IsUnavailable();
    }

    [Fact]
    public async Task Twelve_weeks_with_a_key_are_booked_once()
    {
        await FillAsync("st", 12);
        var slot = (await SlotsAsync("st"))[0];

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => SeriesAsync("st-p", slot, 12, "Idempotency-Key: st-1")));

        Assert.All(answers, answer => Assert.Equal(12, answer.Entries.Count));
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Equal(12, (await host.GetAsync("/fhir/Appointment?patient=st-p&_summary=count")).Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task One_this_and_following_or_all_are_given_up()
    {
        await FillAsync("sc", 8);
        var members = Members(await SeriesAsync("sc-p", (await SlotsAsync("sc"))[0], 8)).ConvertAll(member => member.IdOf());

        (await host.CancelAsync(members[1])).Appointment();
        Assert.Equal("0c234567", await LeftAsync());
        var following = await host.DoAsync($"{members[5]}/$cancel", Parameters(Reason, Part("scope", "Code", "\"this-and-following\"")), "If-Match: W/\"1\"");
        Assert.Equal(3, following.Entries.Count);
        Assert.Equal("0c234ccc", await LeftAsync());
        Assert.Equal((412, "-"), (await host.DoAsync($"{members[0]}/$cancel", Parameters(Reason, Part("scope", "Code", "\"all\"")), "If-Match: W/\"9\"")).Refused());
        var all = await host.DoAsync($"{members[2]}/$cancel", Parameters(Reason, Part("scope", "Code", "\"all\"")));
        Assert.Equal(4, all.Entries.Count);
        Assert.Equal("cccccccc", await LeftAsync());
        Assert.Equal(8, (await host.GetAsync("/fhir/Slot?schedule=Schedule/sc&status=free&_summary=count")).Json["total"]!.GetValue<int>());

        async Task<string> LeftAsync()
        {
            var states = await Task.WhenAll(members.Select(member => host.StatusOfAsync($"Appointment/{member}")));
            return string.Concat(states.Select((state, index) => state == "cancelled" ? "c" : $"{index}"));
        }
    }

    private async Task FillAsync(string id, int weeks)
    {
        await host.CalendarAsync(id, "America/New_York", Clinic.Rule("thu", "09:00", "09:30", 30));
        await host.GenerateAsync(id, "2026-06-04", new DateOnly(2026, 6, 4).AddDays((7 * weeks) - 1).ToString("yyyy-MM-dd", null));
        await host.StoreAsync("Patient", $"{id}-p", "\"active\":true");
        await host.StoreAsync("Patient", $"{id}-q", "\"active\":true");
    }

    private Task<Answer> SeriesAsync(string patient, string slot, int count, params string[] headers) => host.DoAsync(
        "$book", Parameters(Resource("appointment-resource", Wish(patient, slot)), Part("occurrence-count", "PositiveInt", $"{count}")), headers);

    private async Task<List<string>> SlotsAsync(string schedule) =>
        [.. (await host.GetAsync($"/fhir/Slot?schedule=Schedule/{schedule}&_sort=start&_count=100")).EntryIds];

    private static List<JsonNode> Members(Answer booked)
    {
        Assert.True(booked.Status == HttpStatusCode.Created, booked.Body);
        return [.. booked.Entries.Select(entry => entry!["resource"]!)];
    }

    private static int NumberOf(JsonNode member) =>
        member["extension"]!.AsArray().Single(one => one!["url"]!.GetValue<string>() == RecurrenceId)!["valuePositiveInt"]!.GetValue<int>();

    private static string SeriesOf(JsonNode member) =>
        member["identifier"]!.AsArray().Single(one => one!["system"]!.GetValue<string>() == $"{Clinic.Canonicals}/series")!["value"]!.GetValue<string>();
}

public sealed class SeriesOnSqliteTests(SqliteFindHost host) : SeriesTests(host), IClassFixture<SqliteFindHost>;

public sealed class SeriesOnPostgreSqlTests(PostgreSqlFindHost host) : SeriesTests(host), IClassFixture<PostgreSqlFindHost>;
