using Microsoft.EntityFrameworkCore.Migrations;


namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Reminders : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "calendar_feed",
                columns: table => new
                {
                    subject = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    owner = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false, collation: "C"),
                    hash = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false, collation: "C"),
                    caller = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    created = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_calendar_feed", x => new { x.subject, x.owner });
                });

            migrationBuilder.CreateTable(
                name: "reminder",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(36)", maxLength: 36, nullable: false, collation: "C"),
                    appointment = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    recipient = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    channel = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    start = table.Column<long>(type: "bigint", nullable: false),
                    before = table.Column<long>(type: "bigint", nullable: false),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    attempts = table.Column<int>(type: "integer", nullable: false),
                    next = table.Column<long>(type: "bigint", nullable: false),
                    note = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reminder", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "receipt_expires",
                table: "receipt",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "occupancy_expires",
                table: "occupancy",
                column: "expires",
                filter: "expires > 0");

            migrationBuilder.CreateIndex(
                name: "calendar_feed_hash",
                table: "calendar_feed",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "reminder_appointment",
                table: "reminder",
                column: "appointment");

            migrationBuilder.CreateIndex(
                name: "reminder_next",
                table: "reminder",
                columns: new[] { "state", "next" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "calendar_feed");

            migrationBuilder.DropTable(
                name: "reminder");

            migrationBuilder.DropIndex(
                name: "receipt_expires",
                table: "receipt");

            migrationBuilder.DropIndex(
                name: "occupancy_expires",
                table: "occupancy");
        }
    }
}
