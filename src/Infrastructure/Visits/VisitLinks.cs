using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Visits;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>The link of a resource's virtual service, sealed.</summary>
internal sealed class VisitLinkRow
{
    /// <summary>Storage key of the Appointment, Encounter or Location.</summary>
    public long Key { get; set; }

    public string Sealed { get; set; } = "";
}

/// <summary>The table of <see cref="VisitLinkRow"/>.</summary>
internal static class VisitLinkTable
{
    public static readonly Table<VisitLinkRow> Table = new(
        "visit_link",
        new Column<VisitLinkRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<VisitLinkRow, string>("sealed", NpgsqlDbType.Text, row => row.Sealed));

    public static void AddVisitLinks(this ModelBuilder modelBuilder) => modelBuilder.Entity<VisitLinkRow>(link =>
    {
        link.ToTable(Table.Name).HasKey(row => row.Key);
        link.Property(row => row.Key).ValueGeneratedNever();
    });
}

/// <inheritdoc cref="IVisitLinks" />
internal sealed class VisitLinks(Func<TeleFhirDb> open, ILinkSeal? seal = null) : IVisitLinks
{
    public async Task<string?> FindAsync(IReadOnlyList<ResourceKey> of, CancellationToken cancellationToken)
    {
        var hashes = of.Select(key => StorageHash.OfReference(key.Type, key.Id)).ToList();
        await using var db = open();
        var found = await db.Set<VisitLinkRow>()
            .Join(db.Resources, link => link.Key, resource => resource.Key, (link, resource) => new { resource.IdHash, link.Sealed })
            .Where(row => hashes.Contains(row.IdHash))
            .ToListAsync(cancellationToken);
        return found.OrderBy(row => hashes.IndexOf(row.IdHash)).FirstOrDefault() is { } first && seal is not null ? seal.Open(first.Sealed) : null;
    }
}
