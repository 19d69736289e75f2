using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>
/// Time of one actor that an Appointment or a blocked Slot takes. Rows of an actor that overlap must be of one session and have different
/// seats in it: PostgreSQL holds that by an exclusion constraint, SQLite by having one writer, who looks first.
/// </summary>
internal sealed class OccupancyRow
{
    /// <summary>The session of all blocks: they do not exclude each other.</summary>
    public const long Blocks = 0;

    /// <summary>Storage key of the Appointment or Slot.</summary>
    public long Key { get; set; }

    /// <summary>Hash of the human or room.</summary>
    public long Actor { get; set; }

    /// <summary>What may share the time: the Appointment's own key, the same number for all of a group, <see cref="Blocks"/>.</summary>
    public long Session { get; set; }

    /// <summary>Which seat of the session, from 1; of blocks their own key.</summary>
    public long Seat { get; set; }

    /// <summary>How many seats the session has.</summary>
    public int Capacity { get; set; }

    /// <summary>From when, UTC ticks.</summary>
    public long Low { get; set; }

    /// <summary>Until when, UTC ticks, exclusive.</summary>
    public long High { get; set; }

    /// <summary>When a hold runs out, UTC ticks; 0 for what does not.</summary>
    public long Expires { get; set; }
}

/// <summary>The table of <see cref="OccupancyRow"/>.</summary>
internal static class OccupancyTable
{
    public static readonly Table<OccupancyRow> Table = new(
        "occupancy",
        new Column<OccupancyRow, long>("key", NpgsqlDbType.Bigint, row => row.Key),
        new Column<OccupancyRow, long>("actor", NpgsqlDbType.Bigint, row => row.Actor),
        new Column<OccupancyRow, long>("session", NpgsqlDbType.Bigint, row => row.Session),
        new Column<OccupancyRow, long>("seat", NpgsqlDbType.Bigint, row => row.Seat),
        new Column<OccupancyRow, int>("capacity", NpgsqlDbType.Integer, row => row.Capacity),
        new Column<OccupancyRow, long>("low", NpgsqlDbType.Bigint, row => row.Low),
        new Column<OccupancyRow, long>("high", NpgsqlDbType.Bigint, row => row.High),
        new Column<OccupancyRow, long>("expires", NpgsqlDbType.Bigint, row => row.Expires));

    public static void AddOccupancy(this ModelBuilder modelBuilder) => modelBuilder.Entity<OccupancyRow>(occupancy =>
    {
        occupancy.ToTable(Table.Name).HasKey(row => new { row.Key, row.Actor });
        occupancy.HasIndex(row => new { row.Actor, row.Session, row.Seat }).IsUnique().HasDatabaseName("occupancy_seat");

        // What is over is passed over: of an actor's calendar only what is still to come is read.
        occupancy.HasIndex(row => new { row.Actor, row.High }).HasDatabaseName("occupancy_time");
        occupancy.HasIndex(row => row.Expires).HasFilter("expires > 0").HasDatabaseName("occupancy_expires");
    });
}
