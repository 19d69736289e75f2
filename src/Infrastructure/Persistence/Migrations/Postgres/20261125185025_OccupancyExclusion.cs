using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <summary>Nobody is in two places: what overlaps in an actor's calendar is of one session.</summary>
    [DbContext(typeof(PostgresDb))]
    [Migration("20261125185025_OccupancyExclusion")]
    internal sealed class OccupancyExclusion : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            CREATE EXTENSION IF NOT EXISTS btree_gist;
            ALTER TABLE occupancy ADD CONSTRAINT occupancy_exclusive
                EXCLUDE USING gist (actor WITH =, session WITH <>, int8range(low, high) WITH &&);
            """);

        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("ALTER TABLE occupancy DROP CONSTRAINT occupancy_exclusive;");
    }
}
