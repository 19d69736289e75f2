using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <summary>
    /// Tells SQLite how the index tables are filled: a resource has a few rows of a parameter, a parameter a great many rows.
    /// Without statistics it takes any two equal columns for equally good, probes a candidate's quantity by walking every quantity there
    /// is, and needs seconds for what takes microseconds. The numbers are of a store of a million Observations; only their proportions
    /// matter, and those are the same in a small one. ANALYZE puts measured ones in their place.
    /// </summary>
    [DbContext(typeof(SqliteDb))]
    [Migration("20261124015500_PlannerStatistics")]
    internal sealed class PlannerStatistics : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // An index is listed as rows, then rows that share its first column, its first two, and so on; the primary key
            // of a table without rowid under the table's name.
            migrationBuilder.Sql(
                """
                ANALYZE;
                DELETE FROM sqlite_stat1;
                INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
                    ('ix_token', 'ix_token', '5000000 5 2 1'),
                    ('ix_token', 'ix_token_value', '5000000 100000 2000 2 1'),
                    ('ix_token', 'ix_token_patient', '2000000 400 200 5 1 1'),
                    ('ix_reference', 'ix_reference', '3000000 3 1 1'),
                    ('ix_reference', 'ix_reference_value', '3000000 200000 50 1 1'),
                    ('ix_date', 'ix_date', '300000 2 1 1'),
                    ('ix_date', 'ix_date_value', '300000 20000 3 1'),
                    ('ix_quantity', 'ix_quantity', '1500000 2 1 1'),
                    ('ix_quantity', 'ix_quantity_value', '1500000 100000 300 1'),
                    ('ix_string', 'ix_string', '500000 8 2 1'),
                    ('ix_string', 'ix_string_value', '500000 30000 20 1'),
                    ('resource', 'resource_id', '1200000 1'),
                    ('resource', 'resource_timeline', '1200000 50000 2 1'),
                    ('resource', 'resource_updated', '1200000 50000 2 1');
                """);
        }

        protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DELETE FROM sqlite_stat1;");
    }
}
