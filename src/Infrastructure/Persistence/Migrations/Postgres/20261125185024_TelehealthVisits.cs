using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TelehealthVisits : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "occupancy",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    actor = table.Column<long>(type: "bigint", nullable: false),
                    session = table.Column<long>(type: "bigint", nullable: false),
                    seat = table.Column<long>(type: "bigint", nullable: false),
                    capacity = table.Column<int>(type: "integer", nullable: false),
                    low = table.Column<long>(type: "bigint", nullable: false),
                    high = table.Column<long>(type: "bigint", nullable: false),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_occupancy", x => new { x.key, x.actor });
                });

            migrationBuilder.CreateTable(
                name: "proposal",
                columns: table => new
                {
                    answer = table.Column<string>(type: "character varying(32)", maxLength: 32, nullable: false, collation: "C"),
                    owner = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false),
                    content = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_proposal", x => x.answer);
                });

            migrationBuilder.CreateTable(
                name: "receipt",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    digest = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    written = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_receipt", x => x.key);
                });

            migrationBuilder.CreateIndex(
                name: "occupancy_seat",
                table: "occupancy",
                columns: new[] { "actor", "session", "seat" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "occupancy_time",
                table: "occupancy",
                columns: new[] { "actor", "high" });

            migrationBuilder.CreateIndex(
                name: "proposal_expires",
                table: "proposal",
                column: "expires");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "occupancy");

            migrationBuilder.DropTable(
                name: "proposal");

            migrationBuilder.DropTable(
                name: "receipt");
        }
    }
}
