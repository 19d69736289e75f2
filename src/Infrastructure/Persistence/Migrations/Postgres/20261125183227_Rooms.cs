using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;


namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
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
