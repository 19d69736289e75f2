using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
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
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    actor = table.Column<long>(type: "INTEGER", nullable: false),
                    session = table.Column<long>(type: "INTEGER", nullable: false),
                    seat = table.Column<long>(type: "INTEGER", nullable: false),
                    capacity = table.Column<int>(type: "INTEGER", nullable: false),
                    low = table.Column<long>(type: "INTEGER", nullable: false),
                    high = table.Column<long>(type: "INTEGER", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_occupancy", x => new { x.key, x.actor });
                });

            migrationBuilder.CreateTable(
                name: "proposal",
                columns: table => new
                {
                    answer = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false),
                    content = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_proposal", x => x.answer);
                });

            migrationBuilder.CreateTable(
                name: "receipt",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    digest = table.Column<string>(type: "TEXT", nullable: false),
                    written = table.Column<string>(type: "TEXT", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
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
