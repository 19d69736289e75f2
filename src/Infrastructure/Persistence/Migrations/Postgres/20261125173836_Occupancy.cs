using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Occupancy : Migration
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

            migrationBuilder.CreateIndex(
                name: "occupancy_seat",
                table: "occupancy",
                columns: new[] { "actor", "session", "seat" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "occupancy_time",
                table: "occupancy",
                columns: new[] { "actor", "high" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "occupancy");
        }
    }
}
