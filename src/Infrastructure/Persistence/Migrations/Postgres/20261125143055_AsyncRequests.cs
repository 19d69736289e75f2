using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class AsyncRequests : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "async_request",
                columns: table => new
                {
                    id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    owner = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    head = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    body = table.Column<byte[]>(type: "bytea", nullable: false),
                    repeatable = table.Column<bool>(type: "boolean", nullable: false),
                    accepted = table.Column<long>(type: "bigint", nullable: false),
                    attempt = table.Column<int>(type: "integer", nullable: false),
                    until = table.Column<long>(type: "bigint", nullable: false),
                    answer_head = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    answer_body = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_async_request", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "async_request_next",
                table: "async_request",
                columns: new[] { "state", "accepted" });

            migrationBuilder.CreateIndex(
                name: "async_request_owner",
                table: "async_request",
                columns: new[] { "owner", "state" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "async_request");
        }
    }
}
