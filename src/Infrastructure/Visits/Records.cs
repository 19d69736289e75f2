using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Infrastructure.Persistence;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>
/// The resources that the rules of one transaction look at: as they are stored and as they are to be. Whatever is to be changed is locked
/// first; what is only read is not.
/// </summary>
/// <param name="session">The transaction.</param>
/// <param name="database">Its database.</param>
/// <param name="catalog">Where references are indexed.</param>
/// <param name="index">What tells which references are to resources here.</param>
/// <param name="stored">The rows that are locked, by hash; those locked here are added.</param>
internal sealed class Records(
    Session session, Database database, SearchParameterCatalog catalog, IndexWriter index, Dictionary<long, ResourceRow> stored)
{
    private readonly Dictionary<ResourceKey, DomainResource?> _before = [];
    private readonly Dictionary<ResourceKey, DomainResource?> _now = [];
    private readonly Dictionary<ResourceKey, DomainResource?> _beside = [];

    /// <summary>All that is to be written, in the order in which it was first said; null for a deletion.</summary>
    public IReadOnlyDictionary<ResourceKey, DomainResource?> Changes => _now;

    /// <summary>The name of a resource that has an id.</summary>
    public static ResourceKey Name(DomainResource resource) => new(resource.TypeName, resource.Id!);

    /// <summary>The resource here that a reference names, without a version; null where it names none.</summary>
    public ResourceKey? KeyOf(ResourceReference? reference) =>
        reference?.Reference is { } text && index.LocalKey(text) is { } key ? new ResourceKey(key.Type, key.Id) : null;

    /// <summary>Locks rows in one statement, so that all who lock several do it in one order.</summary>
    public async Task LockAsync(IEnumerable<ResourceKey> keys, CancellationToken cancellationToken)
    {
        var hashes = keys.Select(key => StorageHash.OfReference(key.Type, key.Id)).Where(hash => !stored.ContainsKey(hash)).Distinct().ToList();
        if (hashes.Count > 0)
        {
            foreach (var (hash, row) in await session.LoadForUpdateAsync(hashes, cancellationToken))
            {
                stored[hash] = row;
            }
        }
    }

    /// <summary>As stored, of what has been locked; null where there is none.</summary>
    public T? Before<T>(ResourceKey key)
        where T : DomainResource
    {
        if (!_before.TryGetValue(key, out var resource))
        {
            resource = RowOf(key) is { Deleted: false } row ? (DomainResource)FhirJson.Parse(row.Raw) : null;
            _before[key] = resource;
        }

        return resource as T;
    }

    /// <summary>As it is to be.</summary>
    public T? Now<T>(ResourceKey key)
        where T : DomainResource => _now.TryGetValue(key, out var resource) ? resource as T : Before<T>(key);

    /// <summary>Says how a resource that was locked is to be; null deletes it.</summary>
    public void Set(ResourceKey key, DomainResource? resource) => _now[key] = resource;

    /// <summary>Tells of a resource that is written in the same change set and is not for the rules to change; null where it is deleted.</summary>
    public void Tell(ResourceKey key, DomainResource? resource) => _beside[key] = resource;

    /// <summary>Says how the other resources are to be, each under its own id.</summary>
    public void SetAll(IEnumerable<DomainResource> resources)
    {
        foreach (var resource in resources)
        {
            Set(Name(resource), resource);
        }
    }

    /// <summary>Reads without locking: what only informs a decision. Those not found are left out.</summary>
    public async Task<Dictionary<ResourceKey, DomainResource>> ReadAsync(IEnumerable<ResourceKey> keys, CancellationToken cancellationToken)
    {
        var found = new Dictionary<ResourceKey, DomainResource>();
        var unread = new List<long>();
        foreach (var key in keys.Distinct())
        {
            if (_now.TryGetValue(key, out var resource) || _beside.TryGetValue(key, out resource) || _before.TryGetValue(key, out resource))
            {
                if (resource is not null)
                {
                    found[key] = resource;
                }
            }
            else
            {
                unread.Add(StorageHash.OfReference(key.Type, key.Id));
            }
        }

        if (unread.Count > 0)
        {
            var sql = new SqlText();
            sql.Append($"SELECT {RowReader.StoredColumns} FROM resource r WHERE NOT r.deleted AND ").Append(database.AnyOf("r.id_hash", [.. unread.Order()], sql));
            foreach (var (key, resource) in await ParseAsync(sql, cancellationToken))
            {
                found[key] = resource;
            }
        }

        return found;
    }

    /// <summary>
    /// The resources of a type that name another one, as they are to be. They are not locked: lock what they name before asking, where
    /// it matters that no other comes in between.
    /// </summary>
    /// <param name="parameter">The search parameter under which they name it.</param>
    /// <param name="target">What they name.</param>
    /// <param name="references">The references that the parameter is of.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<List<T>> NamingAsync<T>(
        string parameter, ResourceKey target, Func<T, IEnumerable<ResourceReference>> references, CancellationToken cancellationToken)
        where T : DomainResource
    {
        var sources = catalog.Find(ModelInfo.GetFhirTypeNameForType(typeof(T))!, parameter)!.Sources.Select(source => (long)source.ParameterId);
        var sql = new SqlText();
        sql.Append($"SELECT {RowReader.StoredColumns} FROM ix_reference x JOIN resource r ON r.key = x.key WHERE ")
            .Append(database.AnyOf("x.param", [.. sources.Distinct()], sql))
            .Append($" AND x.hash = {sql.Value(StorageHash.OfReference(target.Type, target.Id))} AND NOT r.deleted ORDER BY r.key");
        var naming = (await ParseAsync(sql, cancellationToken))
            .Where(pair => !_now.ContainsKey(pair.Key) && !_beside.ContainsKey(pair.Key)).Select(pair => pair.Value);
        var changed = _now.Values.Concat(_beside.Values).OfType<T>().Where(resource => references(resource).Any(reference => KeyOf(reference) == target));
        return [.. naming.OfType<T>(), .. changed];
    }

    /// <summary>When the first version of what has been locked was stored; null of what is new.</summary>
    public async ValueTask<DateTimeOffset?> BornAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (RowOf(key) is not { } row)
        {
            return null;
        }

        var born = row.Updated;
        if (row.Version > 1)
        {
            var sql = new SqlText();
            sql.Append($"SELECT h.updated FROM history h WHERE h.key = {sql.Value(row.Key)} AND h.version = {sql.Value(1)}");
            born = (await session.QueryAsync(sql, first => first.GetInt64(0), cancellationToken)).FirstOrDefault(born);
        }

        return new DateTimeOffset(born, TimeSpan.Zero);
    }

    private async Task<List<KeyValuePair<ResourceKey, DomainResource>>> ParseAsync(SqlText sql, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync(sql, row => row.ReadStored(), cancellationToken);
        return
        [
            .. rows.DistinctBy(row => row.Key).Select(row => KeyValuePair.Create(
                new ResourceKey(row.Key.Type, row.Key.Id), (DomainResource)FhirJson.Parse(row.Json))),
        ];
    }

    private ResourceRow? RowOf(ResourceKey key) => stored.GetValueOrDefault(StorageHash.OfReference(key.Type, key.Id));
}
