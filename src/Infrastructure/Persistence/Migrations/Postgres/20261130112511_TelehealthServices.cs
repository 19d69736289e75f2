using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
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
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    key = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_blob", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "reading",
                columns: table => new
                {
                    high = table.Column<long>(type: "bigint", nullable: false),
                    low = table.Column<long>(type: "bigint", nullable: false),
                    key = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reading", x => new { x.high, x.low });
                });

            migrationBuilder.CreateTable(
                name: "recording",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    started_by = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    started = table.Column<long>(type: "bigint", nullable: false),
                    stopped = table.Column<long>(type: "bigint", nullable: false),
                    consents = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_filed = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recording", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    status = table.Column<short>(type: "smallint", nullable: false),
                    channel = table.Column<short>(type: "smallint", nullable: false),
                    asked = table.Column<int>(type: "integer", nullable: false),
                    since = table.Column<int>(type: "integer", nullable: false),
                    heartbeat = table.Column<int>(type: "integer", nullable: false),
                    ends = table.Column<long>(type: "bigint", nullable: false),
                    owned = table.Column<long>(type: "bigint", nullable: false),
                    owner = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    plan = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription_binding",
                columns: table => new
                {
                    hash = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false, collation: "C"),
                    subscriptions = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_binding", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "subscription_delivery",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    asked = table.Column<int>(type: "integer", nullable: false),
                    lease = table.Column<long>(type: "bigint", nullable: false),
                    next = table.Column<long>(type: "bigint", nullable: false),
                    failures = table.Column<int>(type: "integer", nullable: false),
                    failing = table.Column<long>(type: "bigint", nullable: false),
                    delivered = table.Column<long>(type: "bigint", nullable: false),
                    sent = table.Column<long>(type: "bigint", nullable: false),
                    note = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_delivery", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "subscription_event",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    number = table.Column<long>(type: "bigint", nullable: false),
                    focus = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    happened = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_event", x => new { x.id, x.number });
                });

            migrationBuilder.CreateTable(
                name: "subscription_feed",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    since = table.Column<int>(type: "integer", nullable: false),
                    last = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_subscription_feed", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "visit_link",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    @sealed = table.Column<string>(name: "sealed", type: "text", nullable: false, collation: "C")
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
