using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Accounts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "interaction",
                columns: table => new
                {
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    request = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    decision = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    browser = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_interaction", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "recovery_code",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recovery_code", x => new { x.user_id, x.hash });
                });

            migrationBuilder.CreateTable(
                name: "remembered_consent",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    client_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    scopes = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_remembered_consent", x => new { x.user_id, x.client_id });
                });

            migrationBuilder.CreateTable(
                name: "sign_in_address",
                columns: table => new
                {
                    address = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    failed = table.Column<int>(type: "integer", nullable: false),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sign_in_address", x => x.address);
                });

            migrationBuilder.CreateTable(
                name: "user_account",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    normal_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    display_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    role = table.Column<short>(type: "smallint", nullable: false),
                    fhir_user = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    clearance = table.Column<short>(type: "smallint", nullable: false),
                    password_hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    failed = table.Column<int>(type: "integer", nullable: false),
                    locked_until = table.Column<long>(type: "bigint", nullable: false),
                    factor = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    factor_step = table.Column<long>(type: "bigint", nullable: false),
                    factor_failed = table.Column<int>(type: "integer", nullable: false),
                    factor_locked_until = table.Column<long>(type: "bigint", nullable: false),
                    disabled = table.Column<bool>(type: "boolean", nullable: false),
                    demo = table.Column<bool>(type: "boolean", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_account", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "user_session",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    used = table.Column<long>(type: "bigint", nullable: false),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_session", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "interaction_expires",
                table: "interaction",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "remembered_consent_client",
                table: "remembered_consent",
                column: "client_id");

            migrationBuilder.CreateIndex(
                name: "sign_in_address_expires",
                table: "sign_in_address",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "user_account_name",
                table: "user_account",
                column: "normal_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "user_session_expires",
                table: "user_session",
                column: "expires");

            migrationBuilder.CreateIndex(
                name: "user_session_user",
                table: "user_session",
                column: "user_id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "interaction");

            migrationBuilder.DropTable(
                name: "recovery_code");

            migrationBuilder.DropTable(
                name: "remembered_consent");

            migrationBuilder.DropTable(
                name: "sign_in_address");

            migrationBuilder.DropTable(
                name: "user_account");

            migrationBuilder.DropTable(
                name: "user_session");
        }
    }
}
