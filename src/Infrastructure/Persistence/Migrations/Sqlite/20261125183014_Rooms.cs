using Microsoft.EntityFrameworkCore.Migrations;


namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Rooms : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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
                name: "join_token_encounter",
                table: "join_token",
                column: "encounter");

            migrationBuilder.CreateIndex(
                name: "join_token_expires",
                table: "join_token",
                column: "expires");

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
                name: "join_token");

            migrationBuilder.DropTable(
                name: "room_letter");

            migrationBuilder.DropTable(
                name: "visit_invite");

            migrationBuilder.DropTable(
                name: "visit_presence");
        }
    }
}
