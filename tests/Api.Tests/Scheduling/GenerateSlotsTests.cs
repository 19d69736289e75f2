using System.Net;

namespace TeleFhir.Api.Tests.Scheduling;

public abstract class GenerateSlotsTests(TelehealthHost host)
{
    // The change days of 2026: what one local morning and one local night give.
    [Theory]
    [InlineData("America/New_York", "2026-03-08", "09:00", "11:00", "13:00 13:30 14:00 14:30")]
    [InlineData("America/New_York", "2026-03-07", "09:00", "11:00", "14:00 14:30 15:00 15:30")]
    [InlineData("America/New_York", "2026-03-08", "01:30", "03:30", "06:30 07:00")]
    [InlineData("America/New_York", "2026-11-01", "00:30", "02:30", "04:30 05:00 05:30 06:00 06:30 07:00")]
    [InlineData("America/New_York", "2026-11-01", "09:00", "11:00", "14:00 14:30 15:00 15:30")]
    [InlineData("Australia/Sydney", "2026-04-05", "01:30", "03:30", "14:30 15:00 15:30 16:00 16:30 17:00")]
    [InlineData("Australia/Sydney", "2026-04-05", "09:00", "10:00", "23:00 23:30")]
    [InlineData("Australia/Sydney", "2026-10-04", "01:30", "03:30", "15:30 16:00")]
    [InlineData("Australia/Sydney", "2026-10-04", "09:00", "10:00", "22:00 22:30")]
    public async Task A_local_day_becomes_slots_whatever_the_clock_does(string zone, string day, string from, string to, string expected)
    {
        var id = $"gd-{zone.Split('/')[1].Replace("_", "", StringComparison.Ordinal)}-{day}-{from[..2]}";
        await host.CalendarAsync(id, zone, Clinic.Rule("mon tue wed thu fri sat sun", from, to, 30));

        var made = await host.GenerateAsync(id, day, day);

        Assert.Equal(expected.Split(' ').Length, made.Created());
        Assert.Equal(expected, string.Join(' ', (await SlotsAsync(id)).Select(slot => slot.Start.UtcDateTime.ToString("HH:mm", null))));
        Assert.Equal(0, (await host.GenerateAsync(id, day, day)).Created());
    }

    [Fact]
    public async Task What_is_there_stays_and_what_is_busy_is_left_alone()
    {
        await host.CalendarAsync("gb", "UTC", Clinic.Rule("mon", "09:00", "11:00", 30));
        await host.SlotAsync("gb", "gb-busy", "2026-06-01T09:15:00Z", "2026-06-01T09:45:00Z", "busy");
        await host.SlotAsync("gb", "gb-free", "2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z");
        await host.SlotAsync("gb", "gb-block", "2026-06-07T00:00:00Z", "2026-06-09T00:00:00Z", "busy-unavailable");

        var made = await host.GenerateAsync("gb", "2026-06-01", "2026-06-15");

        // Of 1 June 10:30 alone, nothing in the blocked days, all of 15 June.
        Assert.Equal(5, made.Created());
        Assert.Equal(["2026-06-01 09:15", "2026-06-01 10:00", "2026-06-01 10:30", "2026-06-07 00:00", "2026-06-15 09:00", "2026-06-15 09:30", "2026-06-15 10:00", "2026-06-15 10:30"],
            (await SlotsAsync("gb")).Select(slot => slot.Start.UtcDateTime.ToString("yyyy-MM-dd HH:mm", null)));
        Assert.Equal("1", (await host.GetAsync("/fhir/Slot/gb-busy")).Json["meta"]!["versionId"]!.GetValue<string>());
        var first = made.Json["parameter"]![1]!["valueReference"]!["reference"]!.GetValue<string>();
        Assert.Equal("free", (await host.GetAsync($"/fhir/{first}")).Json["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_slot_that_was_moved_keeps_its_id_and_one_that_was_deleted_is_made_again()
    {
        await host.CalendarAsync("gm", "UTC", Clinic.Rule("mon", "09:00", "10:00", 30));
        var made = await host.GenerateAsync("gm", "2026-06-01", "2026-06-01");
        var ids = (await SlotsAsync("gm")).Select(slot => slot.Id).ToList();
        Assert.Equal(2, made.Created());
        await host.SlotAsync("gm", ids[0], "2026-09-07T09:00:00Z", "2026-09-07T09:30:00Z");
        await host.DeleteAsync($"/fhir/Slot/{ids[1]}");

        Assert.Equal(1, (await host.GenerateAsync("gm", "2026-06-01", "2026-06-01")).Created());

        Assert.Equal("2026-09-07T09:00:00Z", (await host.GetAsync($"/fhir/Slot/{ids[0]}")).Json["start"]!.GetValue<string>());
        Assert.Equal([ids[1], ids[0]], (await SlotsAsync("gm")).Select(slot => slot.Id));
    }

    [Fact]
    public async Task Many_at_once_make_each_slot_once()
    {
        await host.CalendarAsync("gp", "America/New_York", Clinic.Rule("mon tue wed thu fri", "09:00", "17:00", 30));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => host.GenerateAsync("gp", "2026-06-01", "2026-07-10")));

        Assert.Equal(30 * 16, answers.Sum(answer => answer.Created()));
        var slots = await SlotsAsync("gp");
        Assert.Equal(30 * 16, slots.Count);
        Assert.Equal(30 * 16, slots.Select(slot => slot.Start).Distinct().Count());
        Assert.Equal("1", (await host.GetAsync($"/fhir/Slot/{slots[^1].Id}")).Json["meta"]!["versionId"]!.GetValue<string>());
    }

    [Fact]
    public async Task Rules_bring_buffers_exceptions_capacity_and_a_horizon()
    {
        var rule = Clinic.Rule("mon", "09:00", "12:00", 30,
            """,{"url":"bufferAfterMinutes","valueUnsignedInt":15},{"url":"http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity","valueInteger":3}""");
        var closed = $$"""{"url":"{{Clinic.Canonicals}}/StructureDefinition/schedule-exception","extension":[{"url":"during","valuePeriod":{"start":"2026-06-08"} }]}""";
        const string More = """
            ,"serviceType":[{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}],"planningHorizon":{"start":"2026-06-01","end":"2026-06-20"}
            """;
        await host.CalendarAsync("gr", "UTC", $"{rule},{closed}", More);

        Assert.Equal(8, (await host.GenerateAsync("gr", "2026-06-01", "2026-06-30")).Created());

        var slots = await SlotsAsync("gr");
        Assert.Equal(["01 09:00", "01 09:45", "01 10:30", "01 11:15", "15 09:00", "15 09:45", "15 10:30", "15 11:15"],
            slots.Select(slot => slot.Start.UtcDateTime.ToString("dd HH:mm", null)));
        var slot = (await host.GetAsync($"/fhir/Slot/{slots[0].Id}")).Json;
        Assert.Equal(3, slot["extension"]![0]!["valueInteger"]!.GetValue<int>());
        Assert.Equal("448337001", slot["serviceType"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"resourceType":"Parameters"}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"period","valueString":"2026"}]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"period","valuePeriod":{"start":"2026-06-02","end":"2026-06-01"}}]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"period","valuePeriod":{"start":"2026-06-01"}}]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"period","valuePeriod":{"start":"2026-01-01","end":"2027-06-01"}}]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"nonsense","valueString":"x"}]}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"resourceType":"Patient"}""", HttpStatusCode.BadRequest)]
    [InlineData("{", HttpStatusCode.BadRequest)]
    public async Task A_wrong_request_is_told_so(string body, HttpStatusCode expected)
    {
        await host.CalendarAsync("gw", "UTC", Clinic.Rule("mon", "09:00", "12:00", 30));
        var answer = await host.PostAsync("/fhir/Schedule/gw/$generate-slots", body);
        Assert.Equal((expected, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_schedule_that_cannot_be_read_as_hours_is_told_why()
    {
        await host.StoreAsync("Schedule", "gz", $$"""
            "extension":[{{Clinic.Rule("mon", "09:00", "12:00", 30)}}],"actor":[{"reference":"Practitioner/nobody"}]
            """);
        await host.CalendarAsync("gi", "UTC", Clinic.Rule("someday", "09:00", "12:00", 30));
        await host.CalendarAsync("gt", "UTC", Clinic.Rule("mon tue wed thu fri sat sun", "00:00", "00:00", 1));
        await host.CalendarAsync("ge", "UTC");

        Assert.Equal("timezone-missing", await CodeOfAsync("gz"));
        Assert.Equal("availability-invalid", await CodeOfAsync("gi"));
        Assert.Equal("too-many-slots", await CodeOfAsync("gt"));
        Assert.Equal(0, (await host.GenerateAsync("ge", "2026-06-01", "2026-06-30")).Created());
        Assert.Equal(HttpStatusCode.NotFound, (await host.GenerateAsync("nobodys", "2026-06-01", "2026-06-30")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await host.GetAsync("/fhir/Schedule/ge/$generate-slots")).Status);
    }

    private async Task<string?> CodeOfAsync(string schedule)
    {
        var answer = await host.GenerateAsync(schedule, "2026-06-01", "2026-06-30");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        return answer.Json["issue"]![0]!["details"]!["coding"]![0]!["code"]!.GetValue<string>();
    }

    private async Task<List<(string Id, DateTimeOffset Start)>> SlotsAsync(string schedule) =>
    [
        .. (await host.GetAsync($"/fhir/Slot?schedule=Schedule/{schedule}&_sort=start&_count=1000")).Entries
            .Select(entry => entry!["resource"]!)
            .Select(slot => (slot["id"]!.GetValue<string>(), slot["start"]!.GetValue<DateTimeOffset>())),
    ];
}

public sealed class GenerateSlotsOnSqliteTests(TelehealthHost host) : GenerateSlotsTests(host), IClassFixture<TelehealthHost>;

public sealed class GenerateSlotsOnPostgreSqlTests(PostgreSqlHost host) : GenerateSlotsTests(host), IClassFixture<PostgreSqlHost>;
