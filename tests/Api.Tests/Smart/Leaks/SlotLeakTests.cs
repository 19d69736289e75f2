using System.Net;

namespace TeleFhir.Api.Tests.Smart.Leaks;

/// <summary>
/// Of calendars patients see what is free, by every way to ask: what is taken or blocked is to them like what never was. Clinicians see it all,
/// so that what is asked is known to be there.
/// </summary>
public sealed class SlotLeakTests(LeakHost leaks) : IClassFixture<LeakHost>, IAsyncLifetime
{
    private static readonly string[] _patients =
        [LeakHost.Owner, "another patient's app", "another patient's app with user scopes", "a scope for another type"];

    public async ValueTask InitializeAsync()
    {
        // Once for all tests: history is asked for too.
        if ((await leaks.StoredAsync("/fhir/Slot/open")).Status == HttpStatusCode.OK)
        {
            return;
        }

        await PutAsync("Schedule", "cal", """ "active":true,"actor":[{"reference":"Practitioner/doc"}] """);
        foreach (var (id, status, hour) in (ValueTuple<string, string, string>[])[("hid-busy", "busy", "09"), ("hid-held", "busy-tentative", "10"), ("hid-block", "busy-unavailable", "11")])
        {
            await PutAsync("Slot", id, $$"""
                "schedule":{"reference":"Schedule/cal"},"status":"{{status}}","comment":"{{LeakHost.Secret}}","start":"2100-01-03T{{hour}}:00:00Z","end":"2100-01-03T{{hour}}:30:00Z"
                """);
        }

        // What was blocked and is free again, and the other way round.
        await PutAsync("Slot", "open", Slot("busy-unavailable", LeakHost.Secret));
        await PutAsync("Slot", "open", Slot("free", "mine"));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("GET", "/Slot/{x}-busy")]
    [InlineData("GET", "/Slot/{x}-held")]
    [InlineData("GET", "/Slot/{x}-block")]
    [InlineData("HEAD", "/Slot/{x}-busy")]
    [InlineData("GET", "/Slot/{x}-busy/_history/1")]
    [InlineData("GET", "/Slot/{x}-busy/_history")]
    [InlineData("GET", "/Slot/{x}-busy/$meta")]
    [InlineData("GET", "/Slot?_id={x}-busy,{x}-held,{x}-block&_total=accurate")]
    [InlineData("GET", "/Slot?_id={x}-busy,{x}-held,{x}-block&_summary=count")]
    [InlineData("GET", "/Slot?_id={x}-busy&status:not=free")]
    [InlineData("GET", "/Slot?_filter=_id%20eq%20{x}-busy")]
    [InlineData("GET", "?_type=Slot,Schedule&_id={x}-busy")]
    [InlineData("GET", "/Practitioner?_id=doc&_has:Schedule:actor:_has:Slot:schedule:_id={x}-busy&_summary=count")]
    [InlineData("GET", "/Schedule?_has:Slot:schedule:_id={x}-busy")]
    public async Task What_is_taken_is_to_patients_as_if_it_never_was(string method, string address)
    {
        foreach (var patient in _patients)
        {
            var existing = await AskAsync(patient, method, address, "hid");
            var never = await AskAsync(patient, method, address, "nil");

            Assert.DoesNotContain(LeakHost.Secret, existing.Body, StringComparison.Ordinal);
            Assert.Equal(Told(never), Told(existing));
        }

        Assert.NotEqual(Told(await AskAsync(LeakHost.Doctor, method, address, "nil")), Told(await AskAsync(LeakHost.Doctor, method, address, "hid")));
    }

    [Theory]
    [InlineData("/Slot?schedule=Schedule/cal&_total=accurate", 1)]
    [InlineData("/Slot?status=busy,busy-tentative,busy-unavailable", 0)]
    [InlineData("/Slot/_history?_count=1000", 1)]
    [InlineData("/Slot/open/_history", 1)]
    [InlineData("/Schedule?_id=cal&_revinclude=Slot:schedule", 1)]
    public async Task What_is_shown_of_many_is_what_is_free(string address, int slots)
    {
        foreach (var patient in _patients.Where(one => address.StartsWith("/Slot", StringComparison.Ordinal) || one != "a scope for another type"))
        {
            var answer = await AskAsync(patient, "GET", address, "hid");

            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.DoesNotContain(LeakHost.Secret, answer.Body, StringComparison.Ordinal);
            Assert.Equal(slots, answer.Entries.Count(entry => entry!["resource"]?["resourceType"]?.GetValue<string>() == "Slot"));
            Assert.Equal(answer.Json["total"]?.GetValue<int>() ?? slots, address.StartsWith("/Slot", StringComparison.Ordinal) ? slots : 1);
        }

        Assert.Contains(LeakHost.Secret, (await AskAsync(LeakHost.Doctor, "GET", address, "hid")).Body, StringComparison.Ordinal);
    }

    private static string Slot(string status, string comment) => $$"""
        "schedule":{"reference":"Schedule/cal"},"status":"{{status}}","comment":"{{comment}}","start":"2100-01-03T12:00:00Z","end":"2100-01-03T12:30:00Z"
        """;

    private static string Told(Answer answer) => string.Join(
        '\n',
        answer.Status,
        answer.Body.StartsWith("{\"resourceType\":\"Bundle\"", StringComparison.Ordinal)
            ? $"{answer.Json["total"]} {string.Concat(answer.Entries.Select(entry => entry!.ToJsonString()))}"
            : answer.Body.Replace("hid-", "nil-", StringComparison.Ordinal));

    private Task<Answer> AskAsync(string caller, string method, string address, string what) =>
        leaks.SendAsync(caller, method, $"/fhir{address.Replace("{x}", what, StringComparison.Ordinal)}", null);

    private async Task PutAsync(string type, string id, string members)
    {
        var answer = await leaks.SendAsync("the server's own", "PUT", $"/fhir/{type}/{id}", $$"""{"resourceType":"{{type}}","id":"{{id}}",{{members}} }""");
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Body);
    }
}
