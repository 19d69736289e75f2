using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
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
                    hash = table.Column<string>(type: "TEXT", nullable: false),
                    request = table.Column<string>(type: "TEXT", nullable: false),
                    decision = table.Column<string>(type: "TEXT", nullable: true),
                    browser = table.Column<string>(type: "TEXT", nullable: true),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_interaction", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "recovery_code",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_recovery_code", x => new { x.user_id, x.hash });
                });

            migrationBuilder.CreateTable(
                name: "remembered_consent",
                columns: table => new
                {
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    client_id = table.Column<string>(type: "TEXT", nullable: false),
                    scopes = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_remembered_consent", x => new { x.user_id, x.client_id });
                });

            migrationBuilder.CreateTable(
                name: "sign_in_address",
                columns: table => new
                {
                    address = table.Column<string>(type: "TEXT", nullable: false),
                    failed = table.Column<int>(type: "INTEGER", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sign_in_address", x => x.address);
                });

            migrationBuilder.CreateTable(
                name: "user_account",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    user_name = table.Column<string>(type: "TEXT", nullable: false),
                    normal_name = table.Column<string>(type: "TEXT", nullable: false),
                    display_name = table.Column<string>(type: "TEXT", nullable: false),
                    role = table.Column<short>(type: "INTEGER", nullable: false),
                    fhir_user = table.Column<string>(type: "TEXT", nullable: true),
                    clearance = table.Column<short>(type: "INTEGER", nullable: false),
                    password_hash = table.Column<string>(type: "TEXT", nullable: false),
                    failed = table.Column<int>(type: "INTEGER", nullable: false),
                    locked_until = table.Column<long>(type: "INTEGER", nullable: false),
                    factor = table.Column<string>(type: "TEXT", nullable: true),
                    factor_step = table.Column<long>(type: "INTEGER", nullable: false),
                    factor_failed = table.Column<int>(type: "INTEGER", nullable: false),
                    factor_locked_until = table.Column<long>(type: "INTEGER", nullable: false),
                    disabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    demo = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_account", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "user_session",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    user_id = table.Column<string>(type: "TEXT", nullable: false),
                    used = table.Column<long>(type: "INTEGER", nullable: false),
                    expires = table.Column<long>(type: "INTEGER", nullable: false)
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
