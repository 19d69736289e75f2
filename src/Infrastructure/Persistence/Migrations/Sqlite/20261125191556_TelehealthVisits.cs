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
                name: "join_token",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", maxLength: 43, nullable: false),
                    encounter = table.Column<string>(type: "TEXT", nullable: false),
                    participant = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    is_host = table.Column<bool>(type: "INTEGER", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false),
                    used = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_join_token", x => x.hash);
                });

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

            migrationBuilder.CreateTable(
                name: "room_letter",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    node = table.Column<string>(type: "TEXT", nullable: false),
                    encounter = table.Column<string>(type: "TEXT", nullable: false),
                    recipient = table.Column<string>(type: "TEXT", nullable: true),
                    message = table.Column<string>(type: "TEXT", nullable: false),
                    content = table.Column<string>(type: "TEXT", nullable: false),
                    posted = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_room_letter", x => x.sequence);
                });

            migrationBuilder.CreateTable(
                name: "visit_invite",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", maxLength: 43, nullable: false),
                    encounter = table.Column<string>(type: "TEXT", nullable: false),
                    related_person = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false),
                    used = table.Column<long>(type: "INTEGER", nullable: false),
                    session = table.Column<string>(type: "TEXT", nullable: false),
                    is_revoked = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_visit_invite", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "visit_presence",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    encounter = table.Column<string>(type: "TEXT", nullable: false),
                    participant = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    is_host = table.Column<bool>(type: "INTEGER", nullable: false),
                    role = table.Column<short>(type: "INTEGER", nullable: false),
                    node = table.Column<string>(type: "TEXT", nullable: false),
                    joined = table.Column<long>(type: "INTEGER", nullable: false),
                    seen = table.Column<long>(type: "INTEGER", nullable: false),
                    left = table.Column<long>(type: "INTEGER", nullable: false),
                    is_settled = table.Column<bool>(type: "INTEGER", nullable: false)
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
