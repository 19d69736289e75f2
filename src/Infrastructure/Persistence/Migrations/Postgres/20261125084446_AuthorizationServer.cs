using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class AuthorizationServer : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "OpenIddictApplications",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    application_type = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    client_id = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true, collation: "C"),
                    client_secret = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    client_type = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    concurrency_token = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    consent_type = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    display_name = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    display_names = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    json_web_key_set = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    permissions = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    post_logout_redirect_uris = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    properties = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    redirect_uris = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    requirements = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    settings = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OpenIddictApplications", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "OpenIddictScopes",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    concurrency_token = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    description = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    descriptions = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    display_name = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    display_names = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    name = table.Column<string>(type: "character varying(200)", maxLength: 200, nullable: true, collation: "C"),
                    properties = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    resources = table.Column<string>(type: "text", nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OpenIddictScopes", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "auth_interaction",
                columns: table => new
                {
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    request = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    decision = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_auth_interaction", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "launch",
                columns: table => new
                {
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    client_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    patient = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    encounter = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    intent = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_launch", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "ring_key",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    xml = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ring_key", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "signing_key",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    @sealed = table.Column<byte[]>(name: "sealed", type: "bytea", nullable: false),
                    created = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_signing_key", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "used_assertion",
                columns: table => new
                {
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    expires = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_used_assertion", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "user_account",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    normal_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    display_name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    role = table.Column<short>(type: "smallint", nullable: false),
                    fhir_user = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    password_hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    clearance = table.Column<short>(type: "smallint", nullable: false),
                    disabled = table.Column<bool>(type: "boolean", nullable: false),
                    failures = table.Column<int>(type: "integer", nullable: false),
                    locked_until = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_account", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "user_session",
                columns: table => new
                {
                    hash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    user_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    started = table.Column<long>(type: "bigint", nullable: false),
                    seen = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_session", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "OpenIddictAuthorizations",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    application_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    concurrency_token = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    creation_date = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    properties = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    scopes = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    status = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    subject = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: true, collation: "C"),
                    type = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OpenIddictAuthorizations", x => x.id);
                    table.ForeignKey(
                        name: "FK_OpenIddictAuthorizations_OpenIddictApplications_application~",
                        column: x => x.application_id,
                        principalTable: "OpenIddictApplications",
                        principalColumn: "id");
                });

            migrationBuilder.CreateTable(
                name: "OpenIddictTokens",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    application_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    authorization_id = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    concurrency_token = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    creation_date = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    expiration_date = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    payload = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    properties = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    redemption_date = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    reference_id = table.Column<string>(type: "character varying(100)", maxLength: 100, nullable: true, collation: "C"),
                    status = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true, collation: "C"),
                    subject = table.Column<string>(type: "character varying(400)", maxLength: 400, nullable: true, collation: "C"),
                    type = table.Column<string>(type: "character varying(150)", maxLength: 150, nullable: true, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OpenIddictTokens", x => x.id);
                    table.ForeignKey(
                        name: "FK_OpenIddictTokens_OpenIddictApplications_application_id",
                        column: x => x.application_id,
                        principalTable: "OpenIddictApplications",
                        principalColumn: "id");
                    table.ForeignKey(
                        name: "FK_OpenIddictTokens_OpenIddictAuthorizations_authorization_id",
                        column: x => x.authorization_id,
                        principalTable: "OpenIddictAuthorizations",
                        principalColumn: "id");
                });

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictApplications_client_id",
                table: "OpenIddictApplications",
                column: "client_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictAuthorizations_application_id_status_subject_type",
                table: "OpenIddictAuthorizations",
                columns: new[] { "application_id", "status", "subject", "type" });

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictScopes_name",
                table: "OpenIddictScopes",
                column: "name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictTokens_application_id_status_subject_type",
                table: "OpenIddictTokens",
                columns: new[] { "application_id", "status", "subject", "type" });

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictTokens_authorization_id",
                table: "OpenIddictTokens",
                column: "authorization_id");

            migrationBuilder.CreateIndex(
                name: "IX_OpenIddictTokens_reference_id",
                table: "OpenIddictTokens",
                column: "reference_id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "user_account_name",
                table: "user_account",
                column: "normal_name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "OpenIddictScopes");

            migrationBuilder.DropTable(
                name: "OpenIddictTokens");

            migrationBuilder.DropTable(
                name: "auth_interaction");

            migrationBuilder.DropTable(
                name: "launch");

            migrationBuilder.DropTable(
                name: "ring_key");

            migrationBuilder.DropTable(
                name: "signing_key");

            migrationBuilder.DropTable(
                name: "used_assertion");

            migrationBuilder.DropTable(
                name: "user_account");

            migrationBuilder.DropTable(
                name: "user_session");

            migrationBuilder.DropTable(
                name: "OpenIddictAuthorizations");

            migrationBuilder.DropTable(
                name: "OpenIddictApplications");
        }
    }
}
