using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class TelehealthServices : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "blob",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blob", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "reading",
                columns: table => new
                {
                    high = table.Column<long>(type: "INTEGER", nullable: false),
                    low = table.Column<long>(type: "INTEGER", nullable: false),
                    key = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reading", x => new { x.high, x.low });
                });

            migrationBuilder.CreateTable(
                name: "recording",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    encounter = table.Column<string>(type: "TEXT", nullable: false),
                    started_by = table.Column<string>(type: "TEXT", nullable: false),
                    started = table.Column<long>(type: "INTEGER", nullable: false),
                    stopped = table.Column<long>(type: "INTEGER", nullable: false),
                    consents = table.Column<string>(type: "TEXT", nullable: false),
                    is_filed = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recording", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    status = table.Column<short>(type: "INTEGER", nullable: false),
                    channel = table.Column<short>(type: "INTEGER", nullable: false),
                    asked = table.Column<int>(type: "INTEGER", nullable: false),
                    since = table.Column<int>(type: "INTEGER", nullable: false),
                    heartbeat = table.Column<int>(type: "INTEGER", nullable: false),
                    ends = table.Column<long>(type: "INTEGER", nullable: false),
                    owned = table.Column<long>(type: "INTEGER", nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    plan = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription_binding",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", maxLength: 43, nullable: false),
                    subscriptions = table.Column<string>(type: "TEXT", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_binding", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "subscription_delivery",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    asked = table.Column<int>(type: "INTEGER", nullable: false),
                    lease = table.Column<long>(type: "INTEGER", nullable: false),
                    next = table.Column<long>(type: "INTEGER", nullable: false),
                    failures = table.Column<int>(type: "INTEGER", nullable: false),
                    failing = table.Column<long>(type: "INTEGER", nullable: false),
                    delivered = table.Column<long>(type: "INTEGER", nullable: false),
                    sent = table.Column<long>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_delivery", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription_event",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    number = table.Column<long>(type: "INTEGER", nullable: false),
                    focus = table.Column<string>(type: "TEXT", nullable: false),
                    happened = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_event", x => new { x.id, x.number });
                });

            migrationBuilder.CreateTable(
                name: "subscription_feed",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    since = table.Column<int>(type: "INTEGER", nullable: false),
                    last = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_feed", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "visit_link",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    @sealed = table.Column<string>(name: "sealed", type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_visit_link", x => x.key);
                });

            migrationBuilder.CreateIndex(
                name: "blob_key",
                table: "blob",
                column: "key");

            migrationBuilder.CreateIndex(
                name: "recording_encounter",
                table: "recording",
                columns: new[] { "encounter", "stopped" });

            migrationBuilder.CreateIndex(
                name: "recording_running",
                table: "recording",
                column: "encounter",
                unique: true,
                filter: "stopped = 0");

            migrationBuilder.CreateIndex(
                name: "subscription_binding_expires",
                table: "subscription_binding",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "subscription_event_happened",
                table: "subscription_event",
                column: "happened");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "blob");

            migrationBuilder.DropTable(
                name: "reading");

            migrationBuilder.DropTable(
                name: "recording");

            migrationBuilder.DropTable(
                name: "subscription");

            migrationBuilder.DropTable(
                name: "subscription_binding");

            migrationBuilder.DropTable(
                name: "subscription_delivery");

            migrationBuilder.DropTable(
                name: "subscription_event");

            migrationBuilder.DropTable(
                name: "subscription_feed");

            migrationBuilder.DropTable(
                name: "visit_link");
        }
    }
}
