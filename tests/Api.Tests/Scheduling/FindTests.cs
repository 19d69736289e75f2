using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary><c>$find</c> in a clinic of its own: every question names a calendar, so that tests do not see each other's.</summary>
public abstract class FindTests(TelehealthHost host)
{
    private const string Video = """{"coding":[{"system":"http://snomed.info/sct","code":"448337001"}]}""";
    private const string Cardiology = "http://snomed.info/sct|394579002";

    public static TheoryData<string, string, string, string, string> ClockChanges => new()
    {
        // Zone, day, local hours, and the UTC starts of half-hour slots that the day has.
        { "America/New_York", "2026-03-07", "09:00", "10:00", "14:00 14:30" },
        { "America/New_York", "2026-03-08", "09:00", "10:00", "13:00 13:30" },
        { "America/New_York", "2026-03-08", "01:30", "03:30", "06:30 07:00" },
        { "America/New_York", "2026-11-01", "00:30", "02:30", "04:30 05:00 05:30 06:00 06:30 07:00" },
        { "America/New_York", "2026-11-01", "23:00", "00:00", "04:00 04:30" },
        { "Australia/Sydney", "2026-04-05", "01:30", "03:30", "14:30 15:00 15:30 16:00 16:30 17:00" },
        { "Australia/Sydney", "2026-04-05", "09:00", "10:00", "23:00 23:30" },
        { "Australia/Sydney", "2026-10-04", "01:30", "03:30", "15:30 16:00" },
        { "Australia/Sydney", "2026-10-04", "23:00", "00:00", "12:00 12:30" },
    };

    [Theory]
    [MemberData(nameof(ClockChanges))]
    public async Task A_day_is_the_local_day_of_the_calendar(string zone, string day, string from, string to, string expected)
    {
        var id = $"fd-{zone[^6..].Replace("_", "", StringComparison.Ordinal)}-{day}-{from[..2]}";
        await host.CalendarAsync(id, zone, Clinic.Rule("mon tue wed thu fri sat sun", from, to, 30));
        await host.GenerateAsync(id, DateOnly.Parse(day, null).AddDays(-2).ToString("yyyy-MM-dd", null), DateOnly.Parse(day, null).AddDays(2).ToString("yyyy-MM-dd", null));

        var found = await FindAsync($"practitioner=Practitioner/{id}&start={day}&end={day}");

        Assert.Equal(expected, string.Join(' ', Starts(found).Select(start => start.UtcDateTime.ToString("HH:mm", null))));
    }

    [Theory]
    [InlineData("practitioner=Practitioner/ft-lee", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("practitioner=ft-lee", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("practitioner=http://localhost/fhir/Practitioner/ft-lee", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("practitioner=PractitionerRole/ft-lee-role", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("practitioner=Practitioner/ft-oko", "oko 09:00, oko 10:00")]
    // The calendar of a role is the person's.
    [InlineData("practitioner=Practitioner/ft-rol", "rol 09:00")]
    // Alternatives in order of preference, the earliest first.
    [InlineData("practitioner=Practitioner/ft-lee&practitioner=Practitioner/ft-oko", "lee 09:00, oko 09:00, lee 10:00, oko 10:00, lee 11:00")]
    [InlineData("practitioner=Practitioner/ft-oko&practitioner=Practitioner/ft-lee", "oko 09:00, lee 09:00, oko 10:00, lee 10:00, lee 11:00")]
    [InlineData("practitioner=Practitioner/ft-oko,Practitioner/ft-lee&_count=3", "oko 09:00, lee 09:00, oko 10:00")]
    [InlineData("organization=Organization/ft-org", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("organization=Organization/ft-org&practitioner=Practitioner/ft-oko", "")]
    [InlineData("specialty=http://snomed.info/sct|394579002&organization=Organization/ft-org", "lee 09:00, lee 10:00, lee 11:00")]
    [InlineData("specialty=http://snomed.info/sct|394579002&practitioner=Practitioner/ft-oko", "")]
    [InlineData("specialty=urn:ft|own&practitioner=Practitioner/ft-oko", "oko 09:00, oko 10:00")]
    [InlineData("visit-type=urn:ft|long&practitioner=Practitioner/ft-lee", "lee 11:00")]
    [InlineData("visit-type=urn:ft|long&visit-type=urn:ft|checkup&practitioner=Practitioner/ft-lee", "lee 10:00, lee 11:00")]
    [InlineData("visit-type=FOLLOWUP&practitioner=Practitioner/ft-lee", "lee 10:00")]
    [InlineData("visit-type=urn:ft|nothing&practitioner=Practitioner/ft-lee", "")]
    [InlineData("modality=VR&practitioner=Practitioner/ft-lee", "lee 09:00")]
    [InlineData("modality=AMB&practitioner=Practitioner/ft-lee", "lee 10:00, lee 11:00")]
    // A clinician and a room: at the same time in both calendars.
    [InlineData("location-reference=Location/ft-room", "room 09:00, room 11:00")]
    [InlineData("practitioner=Practitioner/ft-lee&location-reference=Location/ft-room", "lee+room 09:00, lee+room 11:00")]
    [InlineData("practitioner=Practitioner/ft-oko&location-reference=Location/ft-room", "oko+room 09:00")]
    [InlineData("practitioner=Practitioner/ft-lee&location-string=Ft Springfield", "lee+room 09:00, lee+room 11:00")]
    [InlineData("practitioner=Practitioner/ft-lee&location-string=Ft Nowhere", "")]
    [InlineData("practitioner=Practitioner/ft-lee&practitioner=Practitioner/ft-oko&location-reference=Location/ft-room", "lee+room 09:00, oko+room 09:00, lee+room 11:00")]
    // A calendar of a clinician in a room needs no other.
    [InlineData("location-reference=Location/ft-both", "two 09:00")]
    [InlineData("practitioner=Practitioner/ft-two&location-reference=Location/ft-both", "two 09:00")]
    [InlineData("practitioner=Practitioner/nobody", "")]
    [InlineData("reason=Cough&practitioner=Practitioner/ft-oko", "oko 09:00, oko 10:00")]
    public async Task What_is_free_for_all_who_are_wished_for_is_proposed(string wish, string expected)
    {
        await FillAsync();

        var found = await FindAsync($"start=2026-06-01T00:00:00Z&end=2026-06-02T00:00:00Z&{wish}");

        Assert.Equal(expected, string.Join(", ", Proposals(found).Select(Told)));
        Assert.Equal(found.EntryIds.Count(), found.Json["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_proposal_is_as_complete_as_can_be_and_can_be_read_for_a_while_by_id_alone()
    {
        await FillAsync();
        await host.StoreAsync("Patient", "ft-pat", "\"active\":true");
        const string Wish = """
            {"resourceType":"Parameters","parameter":[
             {"name":"start","valueDateTime":"2026-06-01T09:00:00Z"},{"name":"end","valueDateTime":"2026-06-01T17:00:00Z"},
             {"name":"practitioner","valueReference":{"identifier":{"system":"urn:ft","value":"lee"}}},
             {"name":"patient-reference","valueReference":{"reference":"Patient/ft-pat"}},
             {"name":"visit-type","valueString":"FOLLOWUP"},{"name":"reason","valueString":"http://snomed.info/sct|38341003"},
             {"name":"referral-identifier","valueIdentifier":{"system":"urn:r","value":"r1"}},{"name":"_count","valueInteger":5}]}
            """;

        var found = await host.PostAsync("/fhir/Appointment/$find", Wish);

        Assert.True(found.Status == HttpStatusCode.OK, found.Body);
        var (id, proposal) = (Assert.Single(found.EntryIds), Proposals(found)[0]);
        Assert.Equal(("searchset", "outcome"), (found.Json["type"]!.GetValue<string>(), found.Entries[^1]!["search"]!["mode"]!.GetValue<string>()));
        Assert.Equal(
            ("proposed", "2026-06-01T10:00:00+00:00", "2026-06-01T10:30:00+00:00", 30, "Slot/ft-lee-10"),
            (proposal["status"]!.GetValue<string>(), proposal["start"]!.GetValue<string>(), proposal["end"]!.GetValue<string>(), proposal["minutesDuration"]!.GetValue<int>(), proposal["slot"]![0]!["reference"]!.GetValue<string>()));
        Assert.Equal(["Patient/ft-pat", "Practitioner/ft-lee"], proposal["participant"]!.AsArray().Select(one => one!["actor"]!["reference"]!.GetValue<string>()));
        Assert.Equal("Dr. ft-lee", proposal["participant"]![1]!["actor"]!["display"]!.GetValue<string>());
        Assert.Equal("38341003", proposal["reasonCode"]![0]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("r1", proposal["basedOn"]![0]!["identifier"]!["value"]!.GetValue<string>());
        Assert.Equal("FOLLOWUP", proposal["appointmentType"]!["coding"]![0]!["code"]!.GetValue<string>());

        var read = await host.GetAsync($"/fhir/Appointment/{id}");
        Assert.Equal(proposal.ToJsonString(), read.Json.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"/fhir/Appointment/{id}", "Accept: application/fhir+xml")).Status);
        Assert.Empty((await host.GetAsync($"/fhir/Appointment?_id={id}")).EntryIds);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/fhir/Appointment/{id}/_history")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/fhir/Appointment/{id}/_history/1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync($"/fhir/Appointment/{id[..^1]}7")).Status);
        Assert.DoesNotContain(id, (await host.GetAsync("/fhir/Appointment/_history")).Body, StringComparison.Ordinal);

        var batch = await host.PostAsync("/fhir", $$$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Appointment/{{{id}}}"}}]}""");
        Assert.Equal("proposed", batch.Entries[0]!["resource"]!["status"]!.GetValue<string>());
    }

    [Fact]
    public async Task What_is_held_busy_blocked_past_or_outside_is_never_proposed()
    {
        await host.CalendarAsync("fn", "UTC");
        foreach (var (hour, status) in (ValueTuple<string, string>[])[("09", "busy"), ("10", "busy-tentative"), ("11", "busy-unavailable"), ("12", "entered-in-error"), ("13", "free")])
        {
            await host.SlotAsync("fn", $"fn-{hour}", $"2026-06-01T{hour}:00:00Z", $"2026-06-01T{hour}:30:00Z", status);
        }

        await host.SlotAsync("fn", "fn-past", "2026-01-01T09:00:00Z", "2026-01-01T09:30:00Z");

        Assert.Equal(["13:00"], Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01&end=2026-06-01")));
        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fn&start=2025-12-31&end=2026-01-03")));
        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01T13:15:00Z&end=2026-06-02T00:00:00Z")));
        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01T00:00:00Z&end=2026-06-01T13:15:00Z")));
        Assert.Equal(["13:00"], Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01T13:00:00Z&end=2026-06-01T13:30:00Z")));
        Assert.Equal(["13:00"], Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01T15:00:00%2B02:00&end=2026-06-01T16:00:00+02:00")));

        await host.StoreAsync("Schedule", "fn", "\"active\":false,\"actor\":[{\"reference\":\"Practitioner/fn\"}]");
        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fn&start=2026-06-01&end=2026-06-01")));
    }

    [Fact]
    public async Task Preferred_times_are_local()
    {
        await host.CalendarAsync("fp", "America/New_York", Clinic.Rule("mon tue wed thu fri", "09:00", "17:00", 60));
        await host.GenerateAsync("fp", "2026-06-01", "2026-06-30");

        async Task<string> OfAsync(string repeat) => string.Join(' ', Starts(await FindAsync("", $$"""
            {"resourceType":"Parameters","parameter":[{"name":"practitioner","valueReference":{"reference":"Practitioner/fp"} },
             {"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueDateTime":"2026-06-05"},{"name":"timing","valueTiming":{"repeat":{{repeat}} } }]}
            """)).Select(start => start.UtcDateTime.ToString("dd-HH", null)));

        Assert.Equal("02-13 02-14 02-15 02-16 02-17 02-18 02-19 02-20", await OfAsync("""{"dayOfWeek":["tue"]}"""));
        Assert.Equal("02-13 04-13", await OfAsync("""{"dayOfWeek":["tue","thu"],"timeOfDay":["09:00:00"]}"""));
        Assert.Equal("03-13 03-14 03-15", await OfAsync("""{"dayOfWeek":["wed"],"when":["MORN"]}"""));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.PostAsync("/fhir/Appointment/$find", """
            {"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueDateTime":"2026-06-05"},
             {"name":"timing","valueTiming":{"repeat":{"frequency":2,"period":1,"periodUnit":"wk"}}}]}
            """)).Status);
    }

    [Fact]
    public async Task A_series_is_proposed_where_every_week_is_free_at_the_same_local_time()
    {
        await host.CalendarAsync("fs", "America/New_York", Clinic.Rule("fri", "09:00", "12:00", 60));
        await host.GenerateAsync("fs", "2026-02-20", "2026-03-20");

        // 09:00 is there in all weeks, whatever the offset; 10:00 is taken in the third, 11:00 in the last.
        await BlockAsync("fs", "2026-03-06T15:00:00");
        await BlockAsync("fs", "2026-03-13T15:00:00");

        Assert.Equal(["14:00", "15:00", "16:00"], Hours(await FindAsync("practitioner=Practitioner/fs&start=2026-02-27&end=2026-02-27")));
        var three = await FindAsync("practitioner=Practitioner/fs&start=2026-02-27&end=2026-02-27&occurrence-count=3");
        Assert.Equal(["14:00"], Hours(three));
        var first = Proposals(three)[0];
        var template = first["extension"]!.AsArray().Single(one => one!["url"]!.GetValue<string>().EndsWith(".recurrenceTemplate", StringComparison.Ordinal))!;
        Assert.Contains(template["extension"]!.AsArray(), one => one!["url"]!.GetValue<string>() == "occurrenceCount" && one["valuePositiveInt"]!.GetValue<int>() == 3);
        Assert.Equal(["14:00", "16:00"], Hours(await FindAsync("practitioner=Practitioner/fs&start=2026-02-27&end=2026-02-27&occurrence-count=2")));
        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fs&start=2026-02-27&end=2026-02-27&occurrence-count=12")));
    }

    [Fact]
    public async Task The_time_of_an_appointment_does_not_stand_in_its_own_way()
    {
        await host.CalendarAsync("fi", "UTC");
        await host.SlotAsync("fi", "fi-1", "2026-06-01T09:00:00Z", "2026-06-01T09:30:00Z");
        await host.SlotAsync("fi", "fi-2", "2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z", "busy");
        await host.SlotAsync("fi", "fi-3", "2026-06-01T11:00:00Z", "2026-06-01T11:30:00Z");
        await host.StoreAsync("Appointment", "fi-app", """
            "status":"booked","start":"2026-06-01T09:00:00Z","end":"2026-06-01T09:30:00Z","slot":[{"reference":"Slot/fi-1"}],
            "participant":[{"actor":{"reference":"Practitioner/fi"},"status":"accepted"}]
            """);

        Assert.Equal(["11:00"], Hours(await FindAsync("practitioner=Practitioner/fi&start=2026-06-01&end=2026-06-01")));
        Assert.Equal(["09:00", "11:00"], Hours(await FindAsync("practitioner=Practitioner/fi&start=2026-06-01&end=2026-06-01&ignore-appointment=Appointment/fi-app")));
        Assert.Equal(HttpStatusCode.NotFound, (await host.GetAsync("/fhir/Appointment/$find?start=2026-06-01&end=2026-06-01&ignore-appointment=Appointment/nobodys")).Status);
    }

    [Fact]
    public async Task A_calendar_without_a_zone_is_refused_or_left_out()
    {
        await host.StoreAsync("Practitioner", "fz", "\"active\":true");
        await host.StoreAsync("Schedule", "fz", "\"actor\":[{\"reference\":\"Practitioner/fz\"}]");
        await host.SlotAsync("fz", "fz-1", "2026-06-01T09:00:00Z", "2026-06-01T09:30:00Z");
        await host.CalendarAsync("fy", "UTC");
        await host.SlotAsync("fy", "fy-1", "2026-06-01T09:00:00Z", "2026-06-01T09:30:00Z");

        var refused = await host.GetAsync("/fhir/Appointment/$find?practitioner=Practitioner/fz&start=2026-06-01&end=2026-06-01");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "timezone-missing"), (refused.Status, CodeOf(refused)));
        var both = await FindAsync("practitioner=Practitioner/fz&practitioner=Practitioner/fy&start=2026-06-01&end=2026-06-01");
        Assert.Equal("Slot/fy-1", Proposals(both).Single()["slot"]![0]!["reference"]!.GetValue<string>());
        Assert.Equal("warning", both.Entries[^1]!["resource"]!["issue"]![1]!["severity"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("", 400)]
    [InlineData("start=2026-06-01", 400)]
    [InlineData("start=2026-06-02&end=2026-06-01", 400, "window-invalid")]
    [InlineData("start=2026-06-01T09:00:00Z&end=2026-06-01T09:00:00Z", 400, "window-invalid")]
    [InlineData("start=2026-06-01T09:00:00&end=2026-06-02T09:00:00", 400)]
    [InlineData("start=2026-06-01&end=2026-07-03", 400, "window-too-long")]
    [InlineData("start=2026-06-01T00:00:00Z&end=2026-07-02T00:00:01Z", 400, "window-too-long")]
    [InlineData("start=2026-06-01T00:00:00Z&end=2026-07-02T00:00:00Z&practitioner=Practitioner/nobody", 200)]
    [InlineData("start=2026-06-01&end=2026-07-01&practitioner=Practitioner/nobody", 200)]
    [InlineData("start=2026&end=2026", 400, "window-too-long")]
    [InlineData("start=2026-13-01&end=2026-13-02", 400)]
    [InlineData("start=junk&end=2026-06-02", 400)]
    [InlineData("start=2026-06-01T25:00:00Z&end=2026-06-02", 400)]
    [InlineData("start=2026-06-01&start=2026-06-02&end=2026-06-03", 400)]
    [InlineData("start=0001-01-01&end=0001-01-02&practitioner=Practitioner/nobody", 200)]
    [InlineData("start=9999-12-31&end=9999-12-31", 400)]
    [InlineData("start=0000-01-01&end=0000-01-02", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&_count=0", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&_count=-1", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&_count=99999999999", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&_count=x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&modality=XX", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&occurrence-count=1", 400, "occurrence-count")]
    [InlineData("start=2026-06-01&end=2026-06-02&occurrence-count=13", 400, "occurrence-count")]
    [InlineData("start=2026-06-01&end=2026-06-02&occurrence-count=two", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&practitioner=Patient/x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&practitioner=", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&practitioner=http://elsewhere/fhir/Practitioner/1", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&practitioner=Practitioner/../x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&patient-reference=Practitioner/x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&patient-reference=Patient/nobody", 422, "patient-unknown")]
    [InlineData("start=2026-06-01&end=2026-06-02&insurance-reference=Patient/x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&patient-resource=x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&timing=morning", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&specialty=a|b|c", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&visit-type=|", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&reason=%00", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&specialty=%00", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&location-string=%00", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&location-string=,\\&practitioner=Practitioner/nobody", 200)]
    [InlineData("start=2026-06-01&end=2026-06-02&referral-identifier=a|b|c", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&ignore-appointment=Slot/x", 400)]
    [InlineData("start=2026-06-01&end=2026-06-02&nonsense=1", 400)]
    public async Task Wrong_parameters_are_told_clearly(string query, int status, string? code = null)
    {
        var answer = await host.GetAsync($"/fhir/Appointment/$find?{query}");
        Assert.True((int)answer.Status == status, answer.Body);
        if (status != 200)
        {
            Assert.Equal("OperationOutcome", answer.Json["resourceType"]!.GetValue<string>());
            Assert.True(code is null || CodeOf(answer) == code, answer.Body);
        }
    }

    [Theory]
    [InlineData("""{"resourceType":"Patient"}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueReference":{"reference":"Patient/x"}}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueDateTime":"2026-06-02"},{"name":"practitioner","resource":{"resourceType":"Patient"}}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueDateTime":"2026-06-02"},{"name":"patient-resource","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"}}}]}""")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"start","valueDateTime":"2026-06-01"},{"name":"end","valueDateTime":"2026-06-02"},{"name":"referral-identifier","valueBoolean":true},{"name":"referral-identifier","valueBoolean":true}]}""")]
    [InlineData("[]")]
    public async Task Wrong_content_is_told_clearly(string body)
    {
        var answer = await host.PostAsync("/fhir/Appointment/$find", body);
        Assert.Equal((HttpStatusCode.BadRequest, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_human_has_one_calendar_however_many_schedules()
    {
        await host.CalendarAsync("fo", "UTC");
        await host.StoreAsync("PractitionerRole", "fo-role", "\"practitioner\":{\"reference\":\"Practitioner/fo\"}");
        await host.StoreAsync("Schedule", "fo-other", $$"""
            "extension":[{{Clinic.Zone("UTC")}}],"actor":[{"reference":"PractitionerRole/fo-role"}]
            """);
        await host.StoreAsync("Patient", "fo-pat", "\"active\":true");
        foreach (var hour in (string[])["09", "10", "11", "12"])
        {
            await host.SlotAsync("fo", $"fo-{hour}", $"2026-06-01T{hour}:00:00Z", $"2026-06-01T{hour}:30:00Z");
        }

        await host.SlotAsync("fo-other", "fo-other-09", "2026-06-01T09:15:00Z", "2026-06-01T09:45:00Z");
        const string Practitioner = """{"actor":{"reference":"Practitioner/fo"},"status":"accepted"}""";
        const string Patient = """{"actor":{"reference":"Patient/fo-pat"},"status":"accepted"}""";
        await BookAsync("fo-a", "09:15", "09:45", "\"slot\":[{\"reference\":\"Slot/fo-other-09\"}],", Practitioner);
        await BookAsync("fo-b", "10:15", "10:20", "", Practitioner);
        await BookAsync("fo-c", "12:00", "12:10", "", Patient);

        Assert.Equal(["11:00", "12:00"], Hours(await FindAsync("practitioner=Practitioner/fo&start=2026-06-01&end=2026-06-01")));
        Assert.Equal(["11:00"], Hours(await FindAsync("practitioner=Practitioner/fo&start=2026-06-01&end=2026-06-01&patient-reference=Patient/fo-pat")));
        Assert.Equal(["09:00", "09:15", "11:00", "12:00"], Hours(await FindAsync("practitioner=Practitioner/fo&start=2026-06-01&end=2026-06-01&ignore-appointment=fo-a")));
        Assert.Equal(["10:00", "11:00", "12:00"], Hours(await FindAsync("practitioner=Practitioner/fo&start=2026-06-01&end=2026-06-01&ignore-appointment=Appointment/fo-b")));
    }

    [Fact]
    public async Task A_group_has_its_time_until_the_last_seat_is_taken()
    {
        await host.CalendarAsync("fg", "UTC");
        await host.SlotAsync("fg", "fg-1", "2026-06-01T09:00:00Z", "2026-06-01T10:00:00Z", more: """
            "extension":[{"url":"http://fhir-registry.smarthealthit.org/StructureDefinition/slot-capacity","valueInteger":2}],
            """);
        for (var seat = 1; seat <= 2; seat++)
        {
            Assert.Equal(["09:00"], Hours(await FindAsync("practitioner=Practitioner/fg&start=2026-06-01&end=2026-06-01")));
            await host.StoreAsync("Patient", $"fg-pat-{seat}", "\"active\":true");
            await BookAsync($"fg-{seat}", "09:00", "10:00", "\"slot\":[{\"reference\":\"Slot/fg-1\"}],", $$"""
                {"actor":{"reference":"Patient/fg-pat-{{seat}}"},"status":"accepted"}
                """);
        }

        Assert.Empty(Hours(await FindAsync("practitioner=Practitioner/fg&start=2026-06-01&end=2026-06-01")));
    }

    [Fact]
    public async Task A_proposal_runs_out()
    {
        await FillAsync();
        var id = (await FindAsync("practitioner=Practitioner/ft-oko&start=2026-06-01&end=2026-06-01")).EntryIds.First();

        host.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"/fhir/Appointment/{id}")).Status);
        host.Advance(TimeSpan.FromMinutes(2));
        var gone = await host.GetAsync($"/fhir/Appointment/{id}");
        Assert.Equal((HttpStatusCode.Gone, "proposal-expired"), (gone.Status, CodeOf(gone)));
    }

    [Fact]
    public async Task The_capability_statement_names_the_definition_of_ihe()
    {
        var appointment = (await host.GetAsync("/fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray().Single(one => one!["type"]!.GetValue<string>() == "Appointment")!;
        var find = appointment["operation"]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == "find")!;
        Assert.Equal("https://profiles.ihe.net/ITI/Scheduling/OperationDefinition/appointment-find", find["definition"]!.GetValue<string>());
    }

    [Fact]
    public async Task Pages_are_read_on_until_there_are_enough()
    {
        await host.CalendarAsync("fq", "UTC", Clinic.Rule("mon tue wed thu fri sat sun", "00:00", "00:00", 15));
        await host.GenerateAsync("fq", "2026-07-01", "2026-07-20");

        var all = await FindAsync("practitioner=Practitioner/fq&start=2026-07-01&end=2026-07-31&_count=1000");
        Assert.Equal(1000, all.EntryIds.Count());
        Assert.Equal(1000, Starts(all).Distinct().Count());
        Assert.Equal(Starts(all).Order(), Starts(all));
        Assert.Equal(new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(15 * 999), Starts(all)[^1]);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync($"/fhir/Appointment/{all.EntryIds.Last()}")).Status);
    }

    [Fact]
    public async Task A_slot_may_be_of_another_specialty_than_its_calendar()
    {
        await host.CalendarAsync("fsp-own", "UTC", more: ""","specialty":[{"coding":[{"system":"urn:fsp","code":"heart"}]}]""");
        await host.CalendarAsync("fsp-none", "UTC");
        const string Skin = """ "specialty":[{"coding":[{"system":"urn:fsp","code":"skin"}]}], """;
        await host.SlotAsync("fsp-own", "fsp-own-heart", "2026-06-01T09:00:00Z", "2026-06-01T09:30:00Z");
        await host.SlotAsync("fsp-own", "fsp-own-skin", "2026-06-01T10:00:00Z", "2026-06-01T10:30:00Z", more: Skin);
        await host.SlotAsync("fsp-none", "fsp-none-any", "2026-06-01T11:00:00Z", "2026-06-01T11:30:00Z");
        await host.SlotAsync("fsp-none", "fsp-none-skin", "2026-06-01T12:00:00Z", "2026-06-01T12:30:00Z", more: Skin);

        const string June = "start=2026-06-01&end=2026-06-01&specialty=urn:fsp";
        Assert.Equal(["09:00"], Hours(await FindAsync($"{June}|heart")));
        Assert.Equal(["10:00", "12:00"], Hours(await FindAsync($"{June}|skin")));
        Assert.Equal(["09:00", "10:00", "12:00"], Hours(await FindAsync($"{June}|skin&specialty=urn:fsp|heart")));
        Assert.Equal(["12:00"], Hours(await FindAsync($"{June}|skin&practitioner=Practitioner/fsp-none")));
        Assert.Equal(["11:00", "12:00"], Hours(await FindAsync("start=2026-06-01&end=2026-06-01&practitioner=Practitioner/fsp-none")));
    }

    [Fact]
    public async Task An_insurance_is_taken_by_who_is_in_its_network()
    {
        foreach (var who in (string[])["in", "out"])
        {
            await host.CalendarAsync($"fin-{who}", "UTC");
            await host.SlotAsync($"fin-{who}", $"fin-{who}", "2026-06-01T09:00:00Z", "2026-06-01T09:30:00Z");
            await host.StoreAsync("Organization", $"fin-{who}", "\"name\":\"Clinic\"");
            await host.StoreAsync("PractitionerRole", $"fin-{who}", $$""" "practitioner":{"reference":"Practitioner/fin-{{who}}"},"organization":{"reference":"Organization/fin-{{who}}"} """);
        }

        await host.StoreAsync("Organization", "fin-payor", "\"name\":\"Payor\"");
        await host.StoreAsync("Organization", "fin-net", "\"name\":\"Network\"");
        await host.StoreAsync("InsurancePlan", "fin-plan", """ "status":"active","name":"Gold","ownedBy":{"reference":"Organization/fin-payor"},"network":[{"reference":"Organization/fin-net"}] """);
        await host.StoreAsync("InsurancePlan", "fin-bare", """ "status":"active","name":"Bare" """);
        await host.StoreAsync("OrganizationAffiliation", "fin-in", """ "active":true,"network":[{"reference":"Organization/fin-net"}],"participatingOrganization":{"reference":"Organization/fin-in"} """);
        await host.StoreAsync("OrganizationAffiliation", "fin-over", """ "period":{"end":"2025-12-31"},"network":[{"reference":"Organization/fin-net"}],"participatingOrganization":{"reference":"Organization/fin-out"} """);
        await host.StoreAsync("Patient", "fin-pat", "\"active\":true");
        await host.StoreAsync("Coverage", "fin-cover", """ "status":"active","beneficiary":{"reference":"Patient/fin-pat"},"payor":[{"reference":"Organization/fin-payor"}] """);

        const string June = "start=2026-06-01&end=2026-06-01&practitioner=Practitioner/fin-in,Practitioner/fin-out&insurance-reference=";
        Assert.Equal("Practitioner/fin-in", Assert.Single(Proposals(await FindAsync($"{June}InsurancePlan/fin-plan")))["participant"]![0]!["actor"]!["reference"]!.GetValue<string>());
        Assert.Equal("Practitioner/fin-in", Assert.Single(Proposals(await FindAsync($"{June}Coverage/fin-cover")))["participant"]![0]!["actor"]!["reference"]!.GetValue<string>());
        var unknown = await FindAsync($"{June}InsurancePlan/fin-bare");
        Assert.Equal(2, Proposals(unknown).Count);
        Assert.Contains("does not narrow", unknown.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_clinic_lets_patients_have_two_things_at_once_it_is_told()
    {
        await host.DayAsync("fov", new DateTimeOffset(2026, 6, 1, 14, 0, 0, TimeSpan.Zero), 2);
        await host.DayAsync("fow", new DateTimeOffset(2026, 6, 1, 14, 0, 0, TimeSpan.Zero), 1, patients: "");
        await using var lenient = await StartAsync(builder =>
        {
            FindClock.Set(builder);
            builder.UseSetting("Scheduling:PatientOverlap", "Warn");
        });
        (await lenient.BookAsync("fov-amy", "fov-0")).Appointment(HttpStatusCode.Created);
        const string Wish = "/fhir/Appointment/$find?start=2026-06-01&end=2026-06-01&practitioner=Practitioner/fow&patient-reference=Patient/";

        var strict = await host.GetAsync($"{Wish}fov-amy");
        var warned = await lenient.GetAsync($"{Wish}fov-amy");
        var other = await lenient.GetAsync($"{Wish}fov-ben");

        Assert.Empty(Proposals(strict));
        Assert.Single(Proposals(warned));
        Assert.Contains("has another appointment", warned.Body, StringComparison.Ordinal);
        Assert.Single(Proposals(other));
        Assert.DoesNotContain("has another appointment", other.Body, StringComparison.Ordinal);
        Assert.Equal((422, "patient-overlap"), (await host.BookAsync("fov-amy", "fow-0")).Refused());
        var booked = await lenient.BookAsync("fov-amy", "fow-0");
        Assert.Equal(HttpStatusCode.Created, booked.Status);
        Assert.Contains("patient-overlap", booked.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("patient-overlap", (await lenient.BookAsync("fov-ben", "fov-1")).Body, StringComparison.Ordinal);
    }

    /// <summary>Another server on the same database.</summary>
    private Task<TelehealthHost> StartAsync(Action<IWebHostBuilder> configure) => TelehealthHost.StartAsync(builder =>
    {
        var options = host.Services.GetRequiredService<TeleFhirOptions>();
        builder.UseSetting("Database:Provider", options.Database.Provider).UseSetting("ConnectionStrings:TeleFhir", options.ConnectionStrings.TeleFhir);
        configure(builder);
    });

    private static string CodeOf(Answer answer) => answer.Json["issue"]![0]!["details"]!["coding"]?[0]!["code"]!.GetValue<string>() ?? "";

    private static List<JsonNode> Proposals(Answer answer) =>
        [.. answer.Entries.Where(entry => entry!["search"]!["mode"]!.GetValue<string>() == "match").Select(entry => entry!["resource"]!)];

    private static List<DateTimeOffset> Starts(Answer answer) => [.. Proposals(answer).Select(proposal => proposal["start"]!.GetValue<DateTimeOffset>())];

    private static IEnumerable<string> Hours(Answer answer) => Starts(answer).Select(start => start.UtcDateTime.ToString("HH:mm", null));

    /// <summary>The calendars of a proposal, by their short names, and its hour.</summary>
    private static string Told(JsonNode proposal) =>
        $"{string.Join('+', proposal["slot"]!.AsArray().Select(slot => slot!["reference"]!.GetValue<string>().Split('-')[1]))} {proposal["start"]!.GetValue<DateTimeOffset>().UtcDateTime:HH:mm}";

    private async Task<Answer> FindAsync(string query, string? body = null)
    {
        var answer = body is null ? await host.GetAsync($"/fhir/Appointment/$find?{query}") : await host.PostAsync($"/fhir/Appointment/$find?{query}", body);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer;
    }

    private Task BookAsync(string id, string from, string to, string slot, string participant) => host.StoreAsync(
        "Appointment", id, $$"""
        "status":"booked",{{slot}}"start":"2026-06-01T{{from}}:00Z","end":"2026-06-01T{{to}}:00Z","participant":[{{participant}}]
        """);

    private async Task BlockAsync(string schedule, string start)
    {
        var slot = (await host.GetAsync($"/fhir/Slot?schedule=Schedule/{schedule}&start={start}Z")).Entries.Single()!["resource"]!;
        slot["status"] = "busy-unavailable";
        Assert.Equal(HttpStatusCode.OK, (await host.PutAsync($"/fhir/Slot/{slot["id"]}", slot.ToJsonString())).Status);
    }

    /// <summary>
    /// Lee, a cardiologist of an organization: 09:00 by video, 10:00 a follow-up or check-up, 11:00 a long one. Okoye: 09:00 and 10:00. A
    /// person whose calendar names a role alone. A room: 09:00 and 11:00. Somebody with a calendar together with a room.
    /// </summary>
    private async Task FillAsync()
    {
        if ((await host.GetAsync("/fhir/Slot/ft-two-09")).Status == HttpStatusCode.OK)
        {
            return;
        }

        await host.StoreAsync("Organization", "ft-org", "\"name\":\"Clinic\"");
        await host.CalendarAsync("ft-lee", "UTC");
        await host.StoreAsync("Practitioner", "ft-lee", $$"""
            "active":true,"extension":[{{Clinic.Zone("UTC")}}],"identifier":[{"system":"urn:ft","value":"lee"}]
            """);
        await host.StoreAsync("PractitionerRole", "ft-lee-role", $$"""
            "practitioner":{"reference":"Practitioner/ft-lee"},"organization":{"reference":"Organization/ft-org"},
            "specialty":[{"coding":[{"system":"http://snomed.info/sct","code":"{{Cardiology.Split('|')[1]}}"}]}]
            """);
        await host.CalendarAsync("ft-oko", "UTC", more: ""","specialty":[{"coding":[{"system":"urn:ft","code":"own"}]}]""");
        await host.StoreAsync("Practitioner", "ft-rol", $"\"active\":true,\"extension\":[{Clinic.Zone("UTC")}]");
        await host.StoreAsync("PractitionerRole", "ft-rol-role", "\"practitioner\":{\"reference\":\"Practitioner/ft-rol\"}");
        await host.StoreAsync("Schedule", "ft-rol", "\"actor\":[{\"reference\":\"PractitionerRole/ft-rol-role\"}]");
        await host.StoreAsync("Location", "ft-room", $$"""
            "name":"Room","extension":[{{Clinic.Zone("UTC")}}],"address":{"city":"Ft Springfield"},"physicalType":{"coding":[{"code":"ro"}]}
            """);
        await host.StoreAsync("Schedule", "ft-room", "\"actor\":[{\"reference\":\"Location/ft-room\"}]");
        await host.StoreAsync("Location", "ft-both", "\"name\":\"Booth\"");
        await host.CalendarAsync("ft-two", "UTC");
        await host.StoreAsync("Schedule", "ft-two", "\"actor\":[{\"reference\":\"Practitioner/ft-two\"},{\"reference\":\"Location/ft-both\"}]");

        const string Office = """
            "serviceType":[{"coding":[{"system":"urn:ft","code":"checkup"}]}],
            "appointmentType":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0276","code":"FOLLOWUP"}]},
            """;
        const string Long = """
            "serviceType":[{"coding":[{"system":"urn:ft","code":"long"}]}],
            """;
        foreach (var (who, hour, more) in (ValueTuple<string, string, string>[])
        [
            ("lee", "09", $"\"serviceType\":[{Video}],"), ("lee", "10", Office), ("lee", "11", Long), ("oko", "09", ""), ("oko", "10", ""), ("rol", "09", ""),
            ("room", "09", ""), ("room", "11", ""), ("two", "09", ""),
        ])
        {
            await host.SlotAsync($"ft-{who}", $"ft-{who}-{hour}", $"2026-06-01T{hour}:00:00Z", $"2026-06-01T{hour}:30:00Z", more: more);
        }
    }
}

public sealed class FindOnSqliteTests(SqliteFindHost host) : FindTests(host), IClassFixture<SqliteFindHost>;

public sealed class FindOnPostgreSqlTests(PostgreSqlFindHost host) : FindTests(host), IClassFixture<PostgreSqlFindHost>;
