using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class TokenCodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "token_code",
                columns: table => new
                {
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    code = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_token_code", x => new { x.param, x.code, x.hash });
                });

            // What an index entry cannot hold is cut off, as it is from now on.
            migrationBuilder.Sql("UPDATE ix_token SET code = substr(code, 1, 128) WHERE length(code) > 128");
            migrationBuilder.Sql("INSERT INTO token_code (param, code, hash) SELECT DISTINCT param, code, hash FROM ix_token");

            // How it is filled, for a planner without statistics: a parameter has a great many codes, and each but once.
            migrationBuilder.Sql(
                """
                INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
                    ('token_code', 'token_code', '500000 2000 1 1'),
                    ('resource', 'resource_order', '1200000 50000 1');
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "token_code");
            migrationBuilder.Sql("DELETE FROM sqlite_stat1 WHERE tbl = 'token_code' OR idx = 'resource_order'");
        }
    }
}
