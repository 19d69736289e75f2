using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TelehealthVisits : Migration
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
                name: "join_token",
                columns: table => new
                {
                    hash = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    participant = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_host = table.Column<bool>(type: "boolean", nullable: false),
                    expires = table.Column<long>(type: "bigint", nullable: false),
                    used = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_join_token", x => x.hash);
                });

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

            migrationBuilder.CreateTable(
                name: "room_letter",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    node = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    recipient = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    message = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    content = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    posted = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_room_letter", x => x.sequence);
                });

            migrationBuilder.CreateTable(
                name: "visit_invite",
                columns: table => new
                {
                    hash = table.Column<string>(type: "character varying(43)", maxLength: 43, nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    related_person = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false),
                    used = table.Column<long>(type: "bigint", nullable: false),
                    session = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_revoked = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_visit_invite", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "visit_presence",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    participant = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    is_host = table.Column<bool>(type: "boolean", nullable: false),
                    role = table.Column<short>(type: "smallint", nullable: false),
                    node = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    joined = table.Column<long>(type: "bigint", nullable: false),
                    seen = table.Column<long>(type: "bigint", nullable: false),
                    left = table.Column<long>(type: "bigint", nullable: false),
                    is_settled = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_visit_presence", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "calendar_feed_hash",
                table: "calendar_feed",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "join_token_encounter",
                table: "join_token",
                column: "encounter");

            migrationBuilder.CreateIndex(
                name: "join_token_expires",
                table: "join_token",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "occupancy_expires",
                table: "occupancy",
                column: "expires",
                filter: "expires > 0");

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

            migrationBuilder.CreateIndex(
                name: "receipt_expires",
                table: "receipt",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "reminder_appointment",
                table: "reminder",
                column: "appointment");

            migrationBuilder.CreateIndex(
                name: "reminder_next",
                table: "reminder",
                columns: new[] { "state", "next" });

            migrationBuilder.CreateIndex(
                name: "room_letter_node",
                table: "room_letter",
                columns: new[] { "node", "sequence" });

            migrationBuilder.CreateIndex(
                name: "visit_invite_encounter",
                table: "visit_invite",
                column: "encounter");

            migrationBuilder.CreateIndex(
                name: "visit_presence_encounter",
                table: "visit_presence",
                column: "encounter");

            migrationBuilder.CreateIndex(
                name: "visit_presence_open",
                table: "visit_presence",
                columns: new[] { "is_settled", "left" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "calendar_feed");

            migrationBuilder.DropTable(
                name: "join_token");

            migrationBuilder.DropTable(
                name: "occupancy");

            migrationBuilder.DropTable(
                name: "proposal");

            migrationBuilder.DropTable(
                name: "receipt");

            migrationBuilder.DropTable(
                name: "reminder");

            migrationBuilder.DropTable(
                name: "room_letter");

            migrationBuilder.DropTable(
                name: "visit_invite");

            migrationBuilder.DropTable(
                name: "visit_presence");
        }
    }
}
