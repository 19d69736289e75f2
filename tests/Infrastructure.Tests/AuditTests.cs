using System.Text;
using Hl7.Fhir.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Audit;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>The log keeps everything once and in order, becomes AuditEvents, and tells when somebody had a hand in it.</summary>
public sealed class AuditTests
{
    private static readonly DateTimeOffset _then = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Entries_keep_their_order_and_each_becomes_one_AuditEvent(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        for (var i = 0; i < 700; i++)
        {
            await TrailOf(store).RecordAsync(Entry("read", $"p{i % 3}") with { RequestId = $"request-{i}" }, Token);
        }

        Assert.Equal(701, await MakeEventsAsync(store, 701));
        Assert.Equal(0, await WriterOf(store).RunOnceAsync(TimeSpan.Zero, Token));

        var records = (await PagesAsync(store)).SelectMany(page => page.Lines()).Select(entry => (entry.Number, Record: AuditRecordJson.Read(entry.Line))).ToList();
        Assert.Equal(Enumerable.Range(0, 701).Select(number => (long)number), records.Select(entry => entry.Number));
        Assert.Equal(Enumerable.Range(0, 700).Select(number => $"request-{number}"), records.Skip(1).Select(entry => entry.Record.RequestId));
        Assert.Equal((AuditKind.Trail, "start"), (records[0].Record.Kind, records[0].Record.Event));
        Assert.Equal(701, (await store.SearchAsync("AuditEvent?_total=accurate")).Total);
        Assert.Equal(234, (await store.SearchAsync("AuditEvent?patient=Patient/p0&_total=accurate")).Total);
        Assert.Empty((await VerifyAsync(store)).Faults);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_write_is_recorded_in_its_own_transaction_with_the_patient_before_and_after(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await WriteAsync(store, Put("Observation/o", """{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/a"}}"""));
        await WriteAsync(store, Put("Observation/o", """{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/b"}}"""));
        await WriteAsync(store, new DeleteChange(TestStore.KeyOf("Observation/o")));
        await WriteAsync(store, new DeleteChange(TestStore.KeyOf("Observation/o")));

        await MakeEventsAsync(store, 5);
        var records = await RecordsAsync(store);
        Assert.Equal([201, 200, 204, 200], records.Select(record => record.Status));
        Assert.Equal(["a"], records[0].Subjects.Select(subject => subject.Patient));
        Assert.Equal(["b", "a"], records[1].Subjects.Select(subject => subject.Patient));
        Assert.Equal(["Observation/o/_history/2"], records[1].Subjects[0].Resources);
        Assert.Equal(["b"], records[2].Subjects.Select(subject => subject.Patient));
        Assert.Equal(["Observation/o/_history/3"], records[2].Subjects[0].Resources);
        Assert.Empty(await IntakeAsync(store));

        // Two patients, two AuditEvents, neither of which names the other.
        var made = await store.SearchAsync("AuditEvent?entity=Observation/o&_sort=_id&_count=100");
        var second = made.Matches.Where(match => match.Key.Id.Contains("-2", StringComparison.Ordinal)).Select(match => Encoding.UTF8.GetString(match.Json.Span)).ToList();
        Assert.Equal(2, second.Count);
        Assert.All(second, json => Assert.NotEqual(json.Contains("Patient/a", StringComparison.Ordinal), json.Contains("Patient/b", StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_write_that_is_refused_leaves_no_record_of_its_own(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await WriteAsync(store, Put("Patient/p", """{"resourceType":"Patient","id":"p"}"""));

        await Assert.ThrowsAsync<FhirException>(() => WriteAsync(store, Put("Patient/p", """{"resourceType":"Patient","id":"p","active":true}""") with { IfMatch = [7] }));

        await MakeEventsAsync(store, 2);
        Assert.Single(await RecordsAsync(store));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task A_record_whose_process_died_is_adopted_once(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var line = Convert.ToHexString(AuditRecordJson.Write(AuditRecord.Of(Entry("create", "orphan"))));
        await ExecuteAsync(store, $"INSERT INTO audit_intake (key, recorded, payload) VALUES (7, 1, {(provider == DatabaseProvider.Sqlite ? $"x'{line}'" : $"'\\x{line}'")})");
        await using var other = store.Second();

        await Task.WhenAll(WriterOf(store).AdoptAsync(TimeSpan.Zero, Token), WriterOf(other).AdoptAsync(TimeSpan.Zero, Token));
        await store.Services.GetRequiredService<AuditTrail>().DisposeAsync();
        await other.Services.GetRequiredService<AuditTrail>().DisposeAsync();

        Assert.Empty(await IntakeAsync(store));
        Assert.Single((await AllRecordsAsync(store)), record => record.Subjects is [{ Patient: "orphan" }]);
        Assert.Empty((await VerifyAsync(store)).Faults);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Two_nodes_that_do_the_same_work_make_no_doubles(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using var other = store.Second();
        for (var i = 0; i < 300; i++)
        {
            await TrailOf(store).RecordAsync(Entry("read", "here"), Token);
            await TrailOf(other).RecordAsync(Entry("read", "there"), Token);
        }

        await WaitForAsync(async () => (await AllRecordsAsync(store)).Count == 602);
        await Task.WhenAll(DrainAsync(store), DrainAsync(other));

        Assert.Equal(602, (await store.SearchAsync("AuditEvent?_total=accurate")).Total);
        Assert.Empty((await VerifyAsync(store)).Faults);
        Assert.Equal(2, (await VerifyAsync(other)).Chains);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task What_waits_is_written_before_the_process_ends_and_the_chain_says_that_it_ended(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await using (var other = store.Second())
        {
            for (var i = 0; i < 5000; i++)
            {
                await TrailOf(other).RecordAsync(Entry("read", "p"), Token);
            }
        }

        var records = await AllRecordsAsync(store);
        Assert.Equal(5002, records.Count);
        Assert.Equal((AuditKind.Trail, "stop"), (records[^1].Kind, records[^1].Event));
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task The_log_refuses_to_be_changed(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await FillAsync(store);

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => ExecuteAsync(store, "UPDATE audit_log SET recorded = 1"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => ExecuteAsync(store, "DELETE FROM audit_log"));
        Assert.Empty((await VerifyAsync(store)).Faults);
    }

    public static TheoryData<DatabaseProvider, string> Tamperings
    {
        get
        {
            string[] tamperings =
            [
                "a changed byte", "a removed page", "two swapped pages", "a removed end", "a removed chain", "a changed AuditEvent",
                "a removed AuditEvent", "a forged AuditEvent", "a forgotten chain",
            ];
            var data = new TheoryData<DatabaseProvider, string>();
            foreach (var what in tamperings)
            {
                data.Add(DatabaseProvider.Sqlite, what);
                data.Add(DatabaseProvider.PostgreSql, what);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Tamperings))]
    public async Task Tampering_is_found(DatabaseProvider provider, string what)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await FillAsync(store);

        // A second process, whose start names where the first one ended.
        await using var other = store.Second();
        await store.Services.GetRequiredService<AuditTrail>().DisposeAsync();
        await TrailOf(other).RecordAsync(Entry("read", "later"), Token);
        await WaitForAsync(async () => (await AllRecordsAsync(store)).Exists(record => record.Subjects is [{ Patient: "later" }]));
        await DrainAsync(other);
        Assert.Empty((await VerifyAsync(other)).Faults);

        var chain = (await PagesAsync(store)).First(page => page.Next > 4).Chain;
        var last = (await PagesAsync(store)).Where(page => page.Chain == chain).Max(page => page.Sequence);
        await ExecuteAsync(store, provider == DatabaseProvider.Sqlite
            ? "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete"
            : "DROP TRIGGER audit_log_no_change ON audit_log");
        var id = (await store.SearchAsync("AuditEvent?patient=Patient/p2")).Matches[0].Key.Id;
        var raw = provider == DatabaseProvider.Sqlite ? "CAST(replace(CAST(raw AS TEXT), 'Patient/p2', 'Patient/p9') AS BLOB)" : "convert_to(replace(convert_from(raw, 'UTF8'), 'Patient/p2', 'Patient/p9'), 'UTF8')";
        var payload = raw.Replace("raw", "payload", StringComparison.Ordinal).Replace("Patient/", "", StringComparison.Ordinal);
        await ExecuteAsync(store, what switch
        {
            "a changed byte" => $"UPDATE audit_log SET payload = {payload} WHERE chain = '{chain}' AND sequence = 2",
            "a removed page" => $"DELETE FROM audit_log WHERE chain = '{chain}' AND sequence = 2",
            "two swapped pages" => $"UPDATE audit_log SET sequence = -1 WHERE chain = '{chain}' AND sequence = 2; UPDATE audit_log SET sequence = 2 WHERE chain = '{chain}' AND sequence = 3; UPDATE audit_log SET sequence = 3 WHERE sequence = -1",

            // The end is cut so that the chain is whole in itself: only the later chain knows.
            "a removed end" => $"DELETE FROM audit_log WHERE chain = '{chain}' AND sequence = {last}; UPDATE audit_chain SET next = {last}, hash = (SELECT hash FROM audit_log WHERE chain = '{chain}' AND sequence = {last - 1}) WHERE chain = '{chain}'; "
                + $"UPDATE audit_progress SET done = {last} WHERE chain = '{chain}'; DELETE FROM resource WHERE id = '{chain}-{last}'",
            "a removed chain" => $"DELETE FROM audit_log WHERE chain = '{chain}'; DELETE FROM audit_chain WHERE chain = '{chain}'; DELETE FROM audit_progress WHERE chain = '{chain}'; DELETE FROM resource WHERE id LIKE '{chain}-%'",
            "a changed AuditEvent" => $"UPDATE resource SET raw = {raw} WHERE id = '{id}'",
            "a removed AuditEvent" => $"DELETE FROM resource WHERE id = '{id}'",
            "a forged AuditEvent" => $"UPDATE resource SET id = '{chain}-1.7' WHERE key = (SELECT min(key) FROM resource WHERE id = 'innocent')",
            _ => $"DELETE FROM audit_chain WHERE chain = '{chain}'",
        });

        var verdict = await VerifyAsync(other);
        Assert.False(verdict.IsSound);
        Assert.Contains(what.EndsWith("AuditEvent", StringComparison.Ordinal) ? "AuditEvent" : chain, verdict.Faults[0], StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task An_emergency_access_opens_at_once_here_and_soon_elsewhere_and_ends(DatabaseProvider provider)
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(_then);
        await using var store = await TestStore.CreateAsync(provider, clock: clock);
        var here = store.Services.GetRequiredService<EmergencyAccess>();
        using var there = ActivatorUtilities.CreateInstance<EmergencyAccess>(store.Services);

        await here.GrantAsync(new EmergencyGrant("lee", "amy", "unconscious", _then, _then.AddMinutes(60)), Entry("start", "amy"), Token);
        Assert.Equal(["amy"], here.PatientsOf("lee"));
        Assert.Empty(here.PatientsOf("okoye"));
        Assert.Empty(there.PatientsOf("lee"));
        await there.RefreshAsync(Token);
        Assert.Equal(["amy"], there.PatientsOf("lee"));

        Assert.False(await there.EndAsync("okoye", "amy", Entry("stop", "amy"), Token));
        Assert.True(await there.EndAsync("lee", "amy", Entry("stop", "amy"), Token));
        Assert.Empty(there.PatientsOf("lee"));
        await here.RefreshAsync(Token);
        Assert.Empty(here.PatientsOf("lee"));
        Assert.False(await here.EndAsync("lee", "amy", Entry("stop", "amy"), Token));

        await here.GrantAsync(new EmergencyGrant("lee", "amy", "again", _then, _then.AddMinutes(1)), Entry("start", "amy"), Token);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["amy"], here.PatientsOf("lee"));
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(here.PatientsOf("lee"));
        await here.RefreshAsync(Token);
        Assert.Equal(["amy"], here.PatientsOf("lee"));
        clock.Advance(TimeSpan.FromSeconds(40));
        await here.RefreshAsync(Token);
        Assert.Empty(here.PatientsOf("lee"));
        await WaitForAsync(async () => (await AllRecordsAsync(store)).Count(record => record.Event is "start" or "stop" && record.Kind == AuditKind.Rest) == 3);
    }

    private static AuditEntry Entry(string name, string patient) =>
        new(AuditKind.Rest, name, _then) { Status = 200, UserId = "user", ClientId = "client", Patients = [patient], RemoteAddress = "192.0.2.1" };

    private static IAuditTrail TrailOf(TestStore store) => store.Services.GetRequiredService<IAuditTrail>();

    private static AuditEventWriter WriterOf(TestStore store) => store.Services.GetRequiredService<AuditEventWriter>();

    private static Task<AuditVerdict> VerifyAsync(TestStore store) => store.Services.GetRequiredService<IAuditVerifier>().VerifyAsync(Token);

    private static PutChange Put(string reference, string json) => new(TestStore.KeyOf(reference), TestStore.Content(json));

    private static Task<CommitResult> WriteAsync(TestStore store, Change change) =>
        store.Store.CommitAsync(TestStore.Caller, ChangeSet.Of(change) with { Audit = new AuditEntry(AuditKind.Rest, "write", _then) }, Token);

    /// <summary>Several pages, and their AuditEvents.</summary>
    private static async Task FillAsync(TestStore store)
    {
        await store.PutAsync("""{"resourceType":"AuditEvent","id":"innocent"}""");
        for (var i = 1; i <= 5; i++)
        {
            var before = (await AllRecordsAsync(store)).Count;
            await TrailOf(store).RecordAsync(Entry("read", $"p{i}"), Token);
            await WaitForAsync(async () => (await AllRecordsAsync(store)).Count > before);
        }

        await DrainAsync(store);
    }

    private static async Task<int> MakeEventsAsync(TestStore store, int expected)
    {
        await WaitForAsync(async () => (await AllRecordsAsync(store)).Count >= expected);
        return await DrainAsync(store);
    }

    private static async Task<int> DrainAsync(TestStore store)
    {
        var done = 0;
        while (await WriterOf(store).RunOnceAsync(TimeSpan.Zero, Token) is > 0 and var some)
        {
            done += some;
        }

        return done;
    }

    private static async Task WaitForAsync(Func<Task<bool>> condition)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 500, "It did not happen in time.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
    }

    private static async Task<List<AuditRecord>> RecordsAsync(TestStore store) =>
        [.. (await AllRecordsAsync(store)).Where(record => record.Kind != AuditKind.Trail)];

    private static async Task<List<AuditRecord>> AllRecordsAsync(TestStore store) =>
        [.. (await PagesAsync(store)).SelectMany(page => page.Lines()).Select(entry => AuditRecordJson.Read(entry.Line))];

    private static async Task<List<AuditPage>> PagesAsync(TestStore store)
    {
        await using var session = await store.Services.GetRequiredService<Persistence.Database>().OpenAsync(Token);
        var sql = new Persistence.SqlText().Append("SELECT chain, sequence, entries, recorded, payload, hash FROM audit_log ORDER BY chain, sequence");
        return await session.QueryAsync(
            sql,
            row => new AuditPage(row.GetString(0), row.GetInt64(1), row.GetInt32(2), row.GetInt64(3), row.GetFieldValue<byte[]>(4), row.GetFieldValue<byte[]>(5)),
            Token);
    }

    private static async Task<List<long>> IntakeAsync(TestStore store)
    {
        await using var session = await store.Services.GetRequiredService<Persistence.Database>().OpenAsync(Token);
        return await session.QueryAsync(new Persistence.SqlText().Append("SELECT key FROM audit_intake"), row => row.GetInt64(0), Token);
    }

    private static async Task ExecuteAsync(TestStore store, string sql)
    {
        await using System.Data.Common.DbConnection connection = store.Settings.Provider == DatabaseProvider.Sqlite
            ? new SqliteConnection(store.Settings.ConnectionString + ";Pooling=false")
            : new NpgsqlConnection(store.Settings.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A test has nobody to protect from.
        command.CommandText = sql;
#pragma warning restore CA2100 // As above.
        await command.ExecuteNonQueryAsync(Token);
    }
}
