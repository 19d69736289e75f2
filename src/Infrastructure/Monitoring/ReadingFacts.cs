using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Infrastructure.Persistence;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Monitoring;

/// <summary>What every write of a reading must keep, by whatever way it comes, and what is read for that: three queries for any number of readings.</summary>
internal sealed class ReadingFacts(Database database, SearchParameterCatalog catalog, IndexWriter index, MonitoringSettings settings)
{
    private readonly ImmutableArray<long> _usesByDevice = Sources(catalog, "DeviceUseStatement", "device");
    private readonly ImmutableArray<long> _consentsByPatient = Sources(catalog, "Consent", "patient");
    private readonly ImmutableArray<long> _consentCategories = Sources(catalog, "Consent", "category");

    /// <summary>An Observation that names a device; null for all others, of which nothing is asked.</summary>
    public Reading? ReadingOf(Resource resource) =>
        resource is Observation { Device: not null } observation ? Reading.Of(observation, index.LocalKey) : null;

    /// <summary>For each of these new readings why it is not taken; null where it is.</summary>
    public async Task<Refusal?[]> JudgeAsync(Session session, IReadOnlyList<Reading> readings, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var refusals = readings.Select(reading => ReadingRules.CheckContent(reading, now)).ToArray();
        var sound = readings.Where((_, at) => refusals[at] is null).ToList();
        var facts = await LoadAsync(session, sound, withConsents: settings.RequireConsent, cancellationToken);
        for (var at = 0; at < refusals.Length; at++)
        {
            refusals[at] ??= ReadingRules.CheckFacts(readings[at], facts, settings, now);
        }

        return refusals;
    }

    /// <summary>
    /// Throws 422 where a plain write is of a reading that cannot be. What is there already may be changed as before: a device that has gone on
    /// to somebody else keeps nobody from correcting what it measured.
    /// </summary>
    /// <param name="session">Where to read.</param>
    /// <param name="changes">What is written.</param>
    /// <param name="before">What is stored of a resource; null where nothing is.</param>
    /// <param name="now">The time of the write.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task DemandAsync(
        Session session, ChangeSet changes, Func<ResourceKey, StoredResource?> before, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var readings = changes.Changes.Select(change => (change.Source, Reading: Written(change, before))).Where(pair => pair.Reading is not null).ToList();
        if (readings.Count == 0)
        {
            return;
        }

        var facts = await LoadAsync(session, readings.Select(pair => pair.Reading!), withConsents: false, cancellationToken);
        var devices = new Dictionary<ResourceKey, AssignedDevice>(facts.Devices);
        foreach (var change in changes.Changes.Where(change => change.Key.Type == "Device"))
        {
            if (ContentOf(change)?.Resource is Device device)
            {
                devices[new("Device", change.Key.Id)] = Assigned(device);
            }
        }

        foreach (var (source, reading) in readings)
        {
            if (ReadingRules.CheckPlain(reading!, facts with { Devices = devices }, now) is { } refusal)
            {
                throw (source is null ? refusal : refusal with { Expression = $"{source}.resource" }).ToException(settings.Canonicals);
            }
        }
    }

    /// <summary>The stored readings that have these names, by the row's hash.</summary>
    public async Task<Dictionary<(long High, long Low), (long Key, StoredResource Resource)>> FindAsync(
        Session session, IReadOnlyCollection<ReadingRow> names, CancellationToken cancellationToken)
    {
        var found = new Dictionary<(long, long), (long, StoredResource)>();
        if (names.Count == 0)
        {
            return found;
        }

        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns}, n.high, n.low FROM reading n JOIN resource r ON r.key = n.key WHERE ")
            .Append(database.AnyOf("n.high", [.. names.Select(name => name.High).Distinct().Order()], sql));
        foreach (var row in await session.QueryAsync(
            sql, row => (Key: row.GetInt64(0), Resource: row.ReadStored(), High: row.GetInt64(7), Low: row.GetInt64(8)), cancellationToken))
        {
            found[(row.High, row.Low)] = (row.Key, row.Resource);
        }

        return found;
    }

    private Reading? Written(Change change, Func<ResourceKey, StoredResource?> before)
    {
        if (ContentOf(change)?.Resource is not { } resource || ReadingOf(resource) is not { } reading)
        {
            return null;
        }

        if (change is CreateChange || before(change.Key) is not { IsDeleted: false } stored)
        {
            return reading;
        }

        return FhirJson.Parse(stored.Json) is Observation was
            && (reading.Observation.Effective is null ? was.Effective is null : reading.Observation.Effective.IsExactly(was.Effective))
            && Reading.Of(was, index.LocalKey) is var known && known.Device == reading.Device && known.Patient == reading.Patient
            ? null
            : reading;
    }

    private async Task<MonitoringFacts> LoadAsync(
        Session session, IEnumerable<Reading> readings, bool withConsents, CancellationToken cancellationToken)
    {
        var (devices, patients) = (new Dictionary<long, ResourceKey>(), new Dictionary<long, ResourceKey>());
        foreach (var reading in readings)
        {
            if (reading is { Device: { } device, Patient: { } patient })
            {
                devices[StorageHash.OfReference(device.Type, device.Id)] = device;
                patients[StorageHash.OfReference(patient.Type, patient.Id)] = patient;
            }
        }

        if (devices.Count == 0)
        {
            return new MonitoringFacts(
                ImmutableDictionary<ResourceKey, AssignedDevice>.Empty, Array.Empty<DeviceUse>().ToLookup(_ => default(ResourceKey)), Array.Empty<Consent>().ToLookup(_ => default(ResourceKey)));
        }

        ImmutableArray<long> hashes = [.. devices.Keys.Order()];
        var found = new SqlText();
        found.Append($"SELECT {RowReader.StoredColumns} FROM resource r WHERE NOT r.deleted AND ").Append(database.AnyOf("r.id_hash", hashes, found));
        var assigned = (await ReadAsync<Device>(session, found, cancellationToken)).ToDictionary(device => new ResourceKey("Device", device.Id!), Assigned);

        var uses = (await ReadAsync<DeviceUseStatement>(session, Naming(_usesByDevice, hashes), cancellationToken))
            .Select(statement => (Device: statement.Device?.Reference is { } named ? index.LocalKey(named) : null, Use: DeviceUse.Of(statement, index.LocalKey)))
            .Where(pair => pair is { Device: not null, Use: not null })
            .ToLookup(pair => pair.Device!.Value, pair => pair.Use!);

        List<Consent> consents = [];
        if (withConsents)
        {
            var sql = Naming(_consentsByPatient, [.. patients.Keys.Order()]);
            sql.Append($" AND EXISTS (SELECT 1 FROM ix_token t WHERE t.key = r.key AND t.hash = {sql.Value(StorageHash.Of(ActiveConsent.Monitoring))} AND ")
                .Append(database.AnyOf("t.param", _consentCategories, sql)).Append(")");
            consents = await ReadAsync<Consent>(session, sql, cancellationToken);
        }

        return new MonitoringFacts(
            assigned,
            uses,
            consents.Select(consent => (Patient: consent.Patient?.Reference is { } named ? index.LocalKey(named) : null, Consent: consent))
                .Where(pair => pair.Patient is not null)
                .ToLookup(pair => pair.Patient!.Value, pair => pair.Consent));
    }

    /// <summary>The resources that name one of these, once for each time they do.</summary>
    private SqlText Naming(ImmutableArray<long> parameters, ImmutableArray<long> targets)
    {
        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns} FROM ix_reference x JOIN resource r ON r.key = x.key WHERE NOT r.deleted AND ")
            .Append(database.AnyOf("x.param", parameters, sql)).Append(" AND ").Append(database.AnyOf("x.hash", targets, sql));
        return sql;
    }

    private static async Task<List<T>> ReadAsync<T>(Session session, SqlText sql, CancellationToken cancellationToken)
        where T : Resource
    {
        var rows = await session.QueryAsync(sql, row => row.ReadStored(), cancellationToken);
        return [.. rows.DistinctBy(row => row.Key).Select(row => (T)FhirJson.Parse(row.Json))];
    }

    private AssignedDevice Assigned(Device device) => new(
        device.Patient?.Reference is { } whose && index.LocalKey(whose) is { Type: "Patient" } patient ? new ResourceKey(patient.Type, patient.Id) : null);

    private static ResourceContent? ContentOf(Change change) => change switch
    {
        CreateChange create => create.Content,
        PutChange put => put.Content,
        _ => null,
    };

    private static ImmutableArray<long> Sources(SearchParameterCatalog catalog, string type, string code) =>
        [.. catalog.Find(type, code)!.Sources.Select(source => (long)source.ParameterId).Distinct()];
}
