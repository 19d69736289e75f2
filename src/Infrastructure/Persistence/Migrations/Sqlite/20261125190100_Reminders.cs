using Microsoft.EntityFrameworkCore.Migrations;


namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
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
                    subject = table.Column<string>(type: "TEXT", nullable: false),
                    owner = table.Column<string>(type: "TEXT", maxLength: 43, nullable: false),
                    hash = table.Column<string>(type: "TEXT", maxLength: 43, nullable: false),
                    caller = table.Column<string>(type: "TEXT", nullable: false),
                    created = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_calendar_feed", x => new { x.subject, x.owner });
                });

            migrationBuilder.CreateTable(
                name: "reminder",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 36, nullable: false),
                    appointment = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    recipient = table.Column<string>(type: "TEXT", nullable: false),
                    channel = table.Column<string>(type: "TEXT", nullable: false),
                    start = table.Column<long>(type: "INTEGER", nullable: false),
                    before = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<short>(type: "INTEGER", nullable: false),
                    attempts = table.Column<int>(type: "INTEGER", nullable: false),
                    next = table.Column<long>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", nullable: false)
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
