using System.Data.Common;
using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TeleFhir.Api.Scheduling.Jobs;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Api.Tests.Scheduling;

/// <summary>What happens when nobody comes, and nobody asks.</summary>
public abstract class FrontDeskJobTests(TelehealthHost host)
{
    [Fact]
    public async Task A_hold_that_ran_out_is_ended_though_nobody_asks_for_its_time()
    {
        await host.CalendarAsync("job-hold");
        await host.PatientAsync("job-hold");
        var start = host.Now().AddDays(1);
        await host.SlotAsync("job-hold", "job-hold", $"{start:yyyy-MM-ddTHH:00:00Z}", $"{start:yyyy-MM-ddTHH:30:00Z}");
        var held = await host.PostAsync("/fhir/Appointment/$hold", """
            {"resourceType":"Parameters","parameter":[{"name":"appointment-resource","resource":{"resourceType":"Appointment","status":"proposed",
             "slot":[{"reference":"Slot/job-hold"}],"participant":[{"actor":{"reference":"Patient/job-hold"},"status":"accepted"}]}}]}
            """);
        Assert.True(held.Status == HttpStatusCode.OK, held.Body);
        var id = held.Entries[0]!["resource"]!["id"]!.GetValue<string>();
        await RunAsync<RunOutHolds>();
        Assert.Equal(("pending", "busy-tentative"), (await host.StatusAsync($"Appointment/{id}"), await host.StatusAsync("Slot/job-hold")));

        host.Advance(TimeSpan.FromMinutes(11));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync<RunOutHolds>()));

        var ended = (await host.GetAsync($"/fhir/Appointment/{id}")).Json;
        Assert.Equal("cancelled", ended["status"]!.GetValue<string>());
        Assert.Equal("hold-expired", ended["cancelationReason"]!["coding"]![0]!["code"]!.GetValue<string>());
        Assert.Equal("2", ended["meta"]!["versionId"]!.GetValue<string>());
        Assert.Equal("free", await host.StatusAsync("Slot/job-hold"));
        Assert.Empty(await host.Services.GetRequiredService<IHolds>().RunOutAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_does_not_come_has_missed_it_and_is_counted_once()
    {
        // All of it is within one day, whatever the time is.
        host.Advance(host.Now().UtcDateTime.Date.AddDays(1).AddHours(8) - host.Now().UtcDateTime);
        await host.PatientAsync("job-miss");
        await host.BookAsync("job-miss", TimeSpan.FromHours(1));
        await host.BookAsync("job-miss-2", TimeSpan.FromHours(2), patient: "job-miss");
        host.Advance(TimeSpan.FromMinutes(100));
        await RunAsync<MissedAppointments>();
        Assert.Equal("booked", await host.StatusAsync("Appointment/job-miss"));

        // The grace is over, also where several look at once.
        host.Advance(TimeSpan.FromMinutes(6));
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync<MissedAppointments>()));

        Assert.Equal("noshow", await host.StatusAsync("Appointment/job-miss"));
        var visit = (await host.GetAsync("/fhir/Encounter?appointment=Appointment/job-miss")).Entries.Single()!["resource"]!;
        Assert.Equal("cancelled", visit["status"]!.GetValue<string>());
        Assert.Equal(1, await CountAsync("job-miss"));
        host.Advance(TimeSpan.FromHours(1));
        await RunAsync<MissedAppointments>();
        await RunAsync<MissedAppointments>();
        Assert.Equal("noshow", await host.StatusAsync("Appointment/job-miss-2"));
        Assert.Equal(2, await CountAsync("job-miss"));

        // A patient who comes late after all.
        await host.ChangeAsync("Appointment/job-miss", appointment => appointment["status"] = "arrived");
        Assert.Equal("arrived", await host.StatusAsync("Appointment/job-miss"));
    }

    [Fact]
    public async Task Who_waited_for_a_clinician_that_did_not_come_has_missed_nothing()
    {
        await host.PatientAsync("job-wait");
        await host.PatientAsync("job-no");
        await host.BookAsync("job-wait", TimeSpan.FromMinutes(20));
        await host.BookAsync("job-no", TimeSpan.FromMinutes(20));
        var checkedIn = await host.PostAsync("/fhir/Appointment/job-wait/$check-in", """{"resourceType":"Parameters"}""");
        Assert.True(checkedIn.Status == HttpStatusCode.OK, checkedIn.Body);
        await host.ChangeAsync("Appointment/job-no", appointment => appointment["participant"]![1]!["status"] = "declined");

        host.Advance(TimeSpan.FromMinutes(66));
        await RunAsync<MissedAppointments>();

        foreach (var id in (string[])["job-wait", "job-no"])
        {
            var closed = (await host.GetAsync($"/fhir/Appointment/{id}")).Json;
            Assert.Equal(("cancelled", "prov"), (closed["status"]!.GetValue<string>(), closed["cancelationReason"]!["coding"]![0]!["code"]!.GetValue<string>()));
            Assert.Empty((await host.GetAsync($"/fhir/Flag?patient=Patient/{id}")).Entries);
            var visits = (await host.GetAsync($"/fhir/Encounter?appointment=Appointment/{id}")).Entries;
            Assert.All(visits, visit => Assert.Equal("cancelled", visit!["resource"]!["status"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task A_visit_that_took_place_is_left_as_it_is()
    {
        await host.PatientAsync("job-met");
        await host.BookAsync("job-met", TimeSpan.FromMinutes(20));
        var visit = (await host.GetAsync("/fhir/Encounter?appointment=Appointment/job-met")).EntryIds.Single();
        await host.ChangeAsync($"Encounter/{visit}", encounter => encounter["status"] = "in-progress");

        host.Advance(TimeSpan.FromMinutes(66));
        await RunAsync<MissedAppointments>();

        Assert.Equal(("booked", "in-progress"), (await host.StatusAsync("Appointment/job-met"), await host.StatusAsync($"Encounter/{visit}")));
    }

    [Fact]
    public async Task What_an_earlier_version_stored_takes_its_peoples_time_once_the_server_has_looked()
    {
        await host.PatientAsync("job-old");
        await host.PatientAsync("job-new");
        await host.BookAsync("job-old", TimeSpan.FromHours(3));
        var before = (await host.GetAsync("/fhir/Appointment/job-old")).Json["meta"]!["versionId"]!.GetValue<string>();
        await using (DbConnection connection = host is PostgreSqlDeskHost ? new NpgsqlConnection(host.Database) : new SqliteConnection(host.Database))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var forget = connection.CreateCommand();
            forget.CommandText = "DELETE FROM occupancy WHERE key IN (SELECT key FROM resource WHERE id = 'job-old')";
            Assert.True(await forget.ExecuteNonQueryAsync(TestContext.Current.CancellationToken) > 0);
        }

        Assert.Contains("job-old", (await host.Services.GetRequiredService<ITakenTimes>().MissingAsync(host.Now(), 0, TestContext.Current.CancellationToken)).Ids);
        await RunAsync<UntakenTimes>();
        Assert.DoesNotContain("job-old", (await host.Services.GetRequiredService<ITakenTimes>().MissingAsync(host.Now(), 0, TestContext.Current.CancellationToken)).Ids);
        await RunAsync<UntakenTimes>();

        var start = (await host.GetAsync("/fhir/Appointment/job-old")).Json["start"]!.GetValue<string>();
        var end = (await host.GetAsync("/fhir/Appointment/job-old")).Json["end"]!.GetValue<string>();
        var second = await host.PutAsync("/fhir/Appointment/job-new", $$"""
            {"resourceType":"Appointment","id":"job-new","status":"booked","start":"{{start}}","end":"{{end}}","participant":[
             {"actor":{"reference":"Patient/job-new"},"status":"accepted"},{"actor":{"reference":"Practitioner/job-old"},"status":"accepted"}]}
            """);
        Assert.Equal((409, "slot-unavailable"), second.Refused());
        Assert.Equal(before, (await host.GetAsync("/fhir/Appointment/job-old")).Json["meta"]!["versionId"]!.GetValue<string>());
    }

    private async Task<int> CountAsync(string patient)
    {
        var flag = Assert.Single((await host.GetAsync($"/fhir/Flag?patient=Patient/{patient}")).Entries)!["resource"]!;
        Assert.Equal("no-show", flag["code"]!["coding"]![0]!["code"]!.GetValue<string>());
        return flag["extension"]![0]!["valuePositiveInt"]!.GetValue<int>();
    }

    private Task RunAsync<TJob>()
        where TJob : notnull => host.Services.GetRequiredService<TJob>() switch
        {
            RunOutHolds holds => holds.RunAsync(TestContext.Current.CancellationToken),
            UntakenTimes untaken => untaken.RunAsync(TestContext.Current.CancellationToken),
            MissedAppointments missed => missed.RunAsync(TestContext.Current.CancellationToken),
            var other => throw new ArgumentException(other.ToString()),
        };
}

/// <inheritdoc />
public sealed class SqliteFrontDeskJobTests(SqliteDeskHost host) : FrontDeskJobTests(host), IClassFixture<SqliteDeskHost>;

/// <inheritdoc />
public sealed class PostgreSqlFrontDeskJobTests(PostgreSqlDeskHost host) : FrontDeskJobTests(host), IClassFixture<PostgreSqlDeskHost>;
