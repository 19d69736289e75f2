using System.Net;
using System.Text.Json.Nodes;
using static TeleFhir.Api.Tests.Scheduling.FrontDesk;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>
/// From every status to every status of an Appointment, an Encounter and a Slot, by every way of writing, as staff and as a patient. What may be
/// is written here again, as it is published, and not taken from the product.
/// </summary>
public abstract class TransitionTests(TokenHost host)
{
    private const string Error = "entered-in-error";

    private static readonly string[] _ways = ["PUT", "PATCH", "transaction", "batch"];

    private static readonly Dictionary<string, string> _appointments = new()
    {
        ["proposed"] = "pending booked cancelled waitlist",
        ["waitlist"] = "pending booked cancelled proposed",
        ["pending"] = "booked cancelled",
        ["booked"] = "arrived checked-in cancelled",
        ["missed"] = "arrived checked-in cancelled noshow",
        ["arrived"] = "checked-in fulfilled cancelled",
        ["checked-in"] = "fulfilled cancelled",
        ["noshow"] = "arrived",
        ["noshow-yesterday"] = "",
        ["fulfilled"] = "",
        ["cancelled"] = "",
        [Error] = "",
    };

    private static readonly Dictionary<string, string> _encounters = new()
    {
        ["planned"] = "arrived in-progress cancelled",
        ["arrived"] = "triaged in-progress cancelled",
        ["triaged"] = "in-progress cancelled",
        ["in-progress"] = "onleave finished",
        ["onleave"] = "in-progress finished",
        ["finished"] = "",
        ["cancelled"] = "",
        [Error] = "",
    };

    private static readonly Dictionary<string, string> _slots = new()
    {
        ["free"] = "busy-unavailable",
        ["busy-unavailable"] = "free",
        ["busy"] = "",
        ["busy-tentative"] = "",
        [Error] = "",
    };

    private static readonly string[] _appointmentStatuses =
        ["proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", Error, "checked-in", "waitlist"];

    private static int _number;

    public static TheoryData<string, string> Appointments => [.. _ways.SelectMany(way => _appointments.Keys.Select(from => (way, from)))];

    public static TheoryData<string, string> Encounters => [.. _ways.SelectMany(way => _encounters.Keys.Select(from => (way, from)))];

    public static TheoryData<string, string> Slots => [.. _ways.SelectMany(way => _slots.Keys.Select(from => (way, from)))];

    public static TheoryData<string> Froms => [.. _appointments.Keys];

    [Theory]
    [MemberData(nameof(Appointments))]
    public async Task An_appointment(string way, string from)
    {
        foreach (var who in (string[])["staff", "patient"])
        {
            foreach (var to in _appointmentStatuses.Where(to => to != Status(from)))
            {
                var made = await AppointmentAsync(from);
                var isStaff = who == "staff";

                // To call a visit done, missed or late after all, or an error, is not for patients.
                var may = (_appointments[from].Split(' ').Contains(to) && (isStaff || (to is not ("fulfilled" or "noshow") && from != "noshow")))
                    || (to == Error && from != Error && isStaff);

                var answer = await WriteAsync(way, made.Json, to, isStaff ? host.Staff : made.Patient);

                Expect(answer, way, may, $"{who}: {from} -> {to}");
                var after = await ReadAsync($"Appointment/{made.Id}");
                Assert.Equal(may ? to : Status(from), after.Status());
                if (made.Slot is { } slot)
                {
                    var expected = after.Status() switch
                    {
                        "pending" => "busy-tentative",
                        "booked" or "arrived" or "checked-in" or "fulfilled" => "busy",
                        _ => "free",
                    };
                    Assert.Equal(expected, (await ReadAsync($"Slot/{slot}")).Status());
                    foreach (var visit in await VisitsAsync(made.Id))
                    {
                        Assert.Equal(
                            after.Status() switch { "cancelled" or "noshow" or Error => "cancelled", "checked-in" => "arrived", _ => from == "checked-in" || (from, to) == ("fulfilled", to) ? visit.Status() : "planned" },
                            visit.Status());
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Froms))]
    public async Task An_appointment_by_its_operations(string from)
    {
        foreach (var who in (string[])["staff", "patient"])
        {
            string[] held = from is "proposed" or "waitlist" ? [from] : [];
            await ExpectAsync("$hold", Parameters(), held.Length > 0, "pending");
            await ExpectAsync("$book", Parameters(), from is "proposed" or "waitlist" or "pending", "booked");
            await ExpectAsync("$cancel", Parameters(Reason), from is "proposed" or "waitlist" or "pending" or "booked" or "missed" or "arrived" or "checked-in", "cancelled");

            async Task ExpectAsync(string operation, string parameters, bool may, string to)
            {
                var made = await AppointmentAsync(from);
                var answer = await host.Server.DoAsync($"{made.Id}/{operation}", parameters, who == "staff" ? host.Staff : made.Patient);
                Assert.True(
                    may ? answer.Status is HttpStatusCode.OK or HttpStatusCode.Created : answer.Refused() == (409, "invalid-transition"),
                    $"{who}: {operation} of {from}: {answer.Status} {answer.Body}");
                Assert.Equal(may ? to : Status(from), (await ReadAsync($"Appointment/{made.Id}")).Status());
            }

            var other = await AppointmentAsync(from);
            var slot = $"tr-{Interlocked.Increment(ref _number)}";
            await host.SlotAsync("tr", slot, StartOf(_number));
            var move = await host.Server.DoAsync(
                $"{other.Id}/$reschedule", Parameters(Reference("slot", $"Slot/{slot}")), who == "staff" ? host.Staff : other.Patient, $"If-Match: {other.Json.VersionOf()}");
            Assert.True(
                from is "booked" or "pending" or "missed" ? move.Status == HttpStatusCode.OK : move.Refused() == (409, "invalid-transition"), $"{who}: {from}: {move.Status} {move.Body}");
            var checkIn = await host.Server.DoAsync($"{(await AppointmentAsync(from)).Id}/$check-in", Parameters(), host.Staff);
            Assert.Equal(
                from is "booked" or "arrived" or "missed" ? "checkin-window" : from == "checked-in" ? null : "invalid-transition",
                checkIn.Status == HttpStatusCode.OK ? null : checkIn.Refused().Code);
        }
    }

    [Fact]
    public async Task An_appointment_is_created_as_what_it_may_begin_as()
    {
        await ClinicAsync();
        foreach (var status in _appointmentStatuses)
        {
            foreach (var who in (string[])["staff", "patient"])
            {
                foreach (var way in (string[])["POST", "PUT", "transaction"])
                {
                    var (slot, patient) = await NewAsync();
                    var token = who == "staff" ? host.Staff : await host.PatientAsync(patient);
                    var start = StartOf(int.Parse(slot[3..], null));
                    var json = Booked($"{slot}-a", patient, slot, Text(start), Text(start.AddMinutes(30)), status);
                    var answer = way switch
                    {
                        "POST" => await host.Server.PostAsync("/fhir/Appointment", json, token),
                        "PUT" => await host.Server.PutAsync($"/fhir/Appointment/{slot}-a", json, token),
                        _ => await host.Server.PostAsync("/fhir", Bundle("transaction", "POST", "Appointment", json), token),
                    };
                    var may = status is "proposed" or "booked" or "waitlist";
                    Assert.True(
                        may ? answer.Status is HttpStatusCode.Created or HttpStatusCode.OK : answer.Refused() == (409, "invalid-transition"),
                        $"{who} {way} {status}: {answer.Status} {answer.Body}");
                    Assert.Equal(status == "booked" ? "busy" : "free", (await ReadAsync($"Slot/{slot}")).Status());
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encounters))]
    public async Task An_encounter(string way, string from)
    {
        foreach (var who in (string[])["staff", "patient"])
        {
            foreach (var to in _encounters.Keys.Append("unknown").Where(to => to != from))
            {
                var id = $"te-{Interlocked.Increment(ref _number)}";
                var token = who == "staff" ? host.Staff : await host.PatientAsync($"{id}-p");
                await host.StoreAsync("Patient", $"{id}-p", "\"active\":true");
                await host.StoreAsync("Encounter", id, $$""" "status":"{{from}}","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/{{id}}-p"} """);
                var may = _encounters[from].Split(' ').Contains(to) || (to == Error && from != Error && who == "staff");

                var answer = await WriteAsync(way, await ReadAsync($"Encounter/{id}"), to, token);

                Expect(answer, way, may, $"{who}: {from} -> {to}");
                var after = await ReadAsync($"Encounter/{id}");
                Assert.Equal(may ? to : from, after.Status());
                if (may)
                {
                    var entry = Assert.Single(after["statusHistory"]!.AsArray())!;
                    Assert.Equal(from, entry["status"]!.GetValue<string>());
                    Assert.True(entry["period"]!["start"]!.GetValue<DateTimeOffset>() <= entry["period"]!["end"]!.GetValue<DateTimeOffset>());
                    Assert.True(to != "in-progress" || from == "onleave" || after["period"]?["start"] is not null, after.ToJsonString());
                    Assert.True(to != "finished" || (after["period"]?["end"] is not null), after.ToJsonString());
                }
            }
        }
    }

    [Fact]
    public async Task The_history_of_an_encounter_is_the_servers()
    {
        await host.StoreAsync("Patient", "th-p", "\"active\":true");
        await host.StoreAsync("Encounter", "th", """ "status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/th-p"},"statusHistory":[{"status":"arrived","period":{"start":"2020-01-01"}}] """);
        Assert.Null((await ReadAsync("Encounter/th"))["statusHistory"]);
        foreach (var to in (string[])["arrived", "in-progress", "finished"])
        {
            await WriteAsync("PATCH", await ReadAsync("Encounter/th"), to, host.Staff);
        }

        var visit = await ReadAsync("Encounter/th");
        var history = visit["statusHistory"]!.AsArray();
        Assert.Equal(["planned", "arrived", "in-progress"], history.Select(entry => entry!["status"]!.GetValue<string>()));
        Assert.Equal(history.Skip(1).Select(entry => entry!["period"]!["start"]!.GetValue<string>()), history.SkipLast(1).Select(entry => entry!["period"]!["end"]!.GetValue<string>()));
        Assert.NotNull(visit["length"]);
        Assert.NotNull(visit["period"]!["end"]);

        foreach (var way in (string[])["PUT", "transaction"])
        {
            var rewritten = visit.DeepClone();
            rewritten["statusHistory"]![0]!["status"] = "triaged";
            Assert.Equal((422, "history-immutable"), (await SendAsync(way, rewritten, host.Staff)).Refused());
            rewritten = visit.DeepClone();
            rewritten["statusHistory"]!.AsArray().RemoveAt(0);
            Assert.Equal((422, "history-immutable"), (await SendAsync(way, rewritten, host.Staff)).Refused());
            rewritten = visit.DeepClone();
            rewritten.AsObject().Remove("statusHistory");
            rewritten.AsObject().Remove("classHistory");
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(way, rewritten, host.Staff)).Status);
            Assert.Equal(3, (await ReadAsync("Encounter/th"))["statusHistory"]!.AsArray().Count);
        }

        Assert.Equal((422, "history-immutable"), (await host.Server.PatchAsync("/fhir/Encounter/th", """[{"op":"remove","path":"/statusHistory/1"}]""", host.Staff)).Refused());
        await host.StoreAsync("Encounter", "th-2", """ "status":"planned","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},"subject":{"reference":"Patient/th-p"} """);
        await host.Server.PatchAsync("/fhir/Encounter/th-2", """[{"op":"replace","path":"/class/code","value":"VR"}]""", host.Staff);
        var converted = await ReadAsync("Encounter/th-2");
        Assert.Equal("AMB", Assert.Single(converted["classHistory"]!.AsArray())!["class"]!["code"]!.GetValue<string>());
        Assert.NotNull(converted["classHistory"]![0]!["period"]!["end"]);
    }

    [Theory]
    [MemberData(nameof(Slots))]
    public async Task A_slot(string way, string from)
    {
        await ClinicAsync();
        var patient = await host.PatientAsync("tr-nobody");
        foreach (var to in _slots.Keys.Where(to => to != from))
        {
            var number = Interlocked.Increment(ref _number);
            await host.SlotAsync("tr", $"tr-{number}", StartOf(number), from);
            var slot = await ReadAsync($"Slot/tr-{number}");

            Assert.Contains((int)(await OneAsync(WriteAsync(way, slot, to, patient), way)).Status, (int[])[403, 404]);
            Assert.Equal(from, (await ReadAsync($"Slot/tr-{number}")).Status());
            var may = _slots[from].Split(' ').Contains(to) || (to == Error && from != Error);
            Expect(await WriteAsync(way, slot, to, host.Staff), way, may, $"{from} -> {to}");
            Assert.Equal(may ? to : from, (await ReadAsync($"Slot/tr-{number}")).Status());
        }
    }

    [Fact]
    public async Task A_slot_that_is_in_use_is_its_appointments()
    {
        foreach (var from in (string[])["pending", "booked", "arrived", "checked-in"])
        {
            var made = await AppointmentAsync(from);
            var slot = await ReadAsync($"Slot/{made.Slot}");
            foreach (var way in _ways)
            {
                foreach (var to in _slots.Keys.Where(to => to != slot.Status()))
                {
                    Assert.Equal((409, "slot-in-use"), (await OneAsync(WriteAsync(way, slot, to, host.Staff), way)).Refused());
                }
            }

            Assert.Equal((409, "slot-in-use"), (await host.Server.DeleteAsync($"/fhir/Slot/{made.Slot}", host.Staff)).Refused());
            Assert.Equal((409, "slot-in-use"), (await host.Server.PostAsync("/fhir", $$$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Slot/{{{made.Slot}}}"}}]}""", host.Staff)).Refused());
            var moved = slot.DeepClone();
            moved["start"] = "2090-01-01T00:00:00Z";
            moved["end"] = "2090-01-01T01:00:00Z";
            Assert.Equal((409, "slot-in-use"), (await SendAsync("PUT", moved, host.Staff)).Refused());
        }
    }

    private static string Status(string from) => from switch { "missed" => "booked", "noshow-yesterday" => "noshow", _ => from };

    private static DateTimeOffset StartOf(int number) => new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(30 * number);

    private static string Bundle(string type, string method, string url, string json) =>
        $$$"""{"resourceType":"Bundle","type":"{{{type}}}","entry":[{"request":{"method":"{{{method}}}","url":"{{{url}}}"},"resource":{{{json}}} }]}""";

    private static void Expect(Answer answer, string way, bool may, string what)
    {
        if (way == "batch")
        {
            var response = answer.Entries[0]!["response"]!;
            Assert.True(response["status"]!.GetValue<string>()[..3] == (may ? "200" : "409"), $"{way} {what}: {answer.Body}");
            Assert.True(may || response["outcome"]!.ToJsonString().Contains("invalid-transition", StringComparison.Ordinal), answer.Body);
            return;
        }

        Assert.True(may ? answer.Status == HttpStatusCode.OK : answer.Refused() == (409, "invalid-transition"), $"{way} {what}: {answer.Status} {answer.Body}");
    }

    /// <summary>An answer of a batch as if it had been asked alone.</summary>
    private static async Task<Answer> OneAsync(Task<Answer> asking, string way)
    {
        var answer = await asking;
        if (way != "batch")
        {
            return answer;
        }

        var response = answer.Entries[0]!["response"]!;
        return answer with { Status = (HttpStatusCode)int.Parse(response["status"]!.GetValue<string>()[..3], null), Body = response["outcome"]?.ToJsonString() ?? "{}" };
    }

    private Task<Answer> WriteAsync(string way, JsonNode resource, string to, string token)
    {
        if (way == "PATCH")
        {
            return host.Server.PatchAsync($"/fhir/{resource["resourceType"]}/{resource["id"]}", $$"""[{"op":"replace","path":"/status","value":"{{to}}"}]""", token);
        }

        var changed = resource.DeepClone();
        changed["status"] = to;
        return SendAsync(way, changed, token);
    }

    private Task<Answer> SendAsync(string way, JsonNode resource, string token)
    {
        var name = $"{resource["resourceType"]}/{resource["id"]}";
        return way == "PUT"
            ? host.Server.PutAsync($"/fhir/{name}", resource.ToJsonString(), token)
            : host.Server.PostAsync("/fhir", Bundle(way, "PUT", name, resource.ToJsonString()), token);
    }

    private async Task<JsonNode> ReadAsync(string reference)
    {
        var answer = await host.Server.GetAsync($"/fhir/{reference}", host.Staff);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    private async Task<List<JsonNode>> VisitsAsync(string appointment) =>
        [.. (await host.Server.GetAsync($"/fhir/Encounter?appointment=Appointment/{appointment}", host.Staff)).Entries.Select(entry => entry!["resource"]!)];

    private async Task ClinicAsync()
    {
        // Where it is about noon now, so that what was this morning was today.
        var ahead = 12 - TimeProvider.System.GetUtcNow().Hour;
        if ((await host.Server.GetAsync("/fhir/Schedule/tr", host.Staff)).Status != HttpStatusCode.OK)
        {
            await host.CalendarAsync("tr", $"Etc/GMT{(ahead > 0 ? "-" : "+")}{Math.Abs(ahead)}");
        }
    }

    private async Task<(string Slot, string Patient)> NewAsync()
    {
        var number = Interlocked.Increment(ref _number);
        await host.SlotAsync("tr", $"tr-{number}", StartOf(number));
        return ($"tr-{number}", $"tr-{number}-p");
    }

    /// <summary>A new Appointment in a status, reached as it is reached; those that are past are brought in.</summary>
    private async Task<(string Id, JsonNode Json, string? Slot, string Patient)> AppointmentAsync(string from)
    {
        await ClinicAsync();
        var (slot, patient) = await NewAsync();
        var id = $"{slot}-a";
        var start = from switch
        {
            "missed" or "noshow" => TimeProvider.System.GetUtcNow().AddMinutes(-90),
            "noshow-yesterday" => TimeProvider.System.GetUtcNow().AddHours(-25),
            _ => StartOf(int.Parse(slot[3..], null)),
        };
        var isPast = from is "missed" or "noshow" or "noshow-yesterday";
        var status = isPast ? Status(from) : from is "proposed" or "waitlist" ? from : "booked";
        if (from == "pending")
        {
            var held = await host.Server.HoldAsync(patient, slot, host.Staff);
            id = held.Appointment().IdOf();
        }
        else
        {
            // A calendar of its own where it names no Slot would be UTC's.
            var json = Booked(id, patient, isPast ? "" : slot, Text(start), Text(start.AddMinutes(30)), status);
            json = isPast ? json.Replace("\"participant\":[", "\"participant\":[{\"actor\":{\"reference\":\"Practitioner/tr\"},\"status\":\"accepted\"},", StringComparison.Ordinal) : json;
            var made = await host.Server.PutAsync($"/fhir/Appointment/{id}", json, host.Staff);
            Assert.True(made.Status == HttpStatusCode.Created, made.Body);
            string[] steps = from switch
            {
                "arrived" or "checked-in" or "cancelled" or Error => [from],
                "fulfilled" => ["arrived", "fulfilled"],
                _ => [],
            };
            foreach (var step in steps)
            {
                var answer = await WriteAsync("PATCH", made.Json, step, host.Staff);
                Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            }
        }

        return (id, await ReadAsync($"Appointment/{id}"), isPast ? null : slot, await host.PatientAsync(patient));
    }
}

public sealed class TransitionOnSqliteTests(SqliteTokenHost host) : TransitionTests(host), IClassFixture<SqliteTokenHost>;

public sealed class TransitionOnPostgreSqlTests(PostgreSqlTokenHost host) : TransitionTests(host), IClassFixture<PostgreSqlTokenHost>;
