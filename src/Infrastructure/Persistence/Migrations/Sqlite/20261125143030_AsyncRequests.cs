using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
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
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    owner = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<short>(type: "INTEGER", nullable: false),
                    head = table.Column<string>(type: "TEXT", nullable: false),
                    body = table.Column<byte[]>(type: "BLOB", nullable: false),
                    repeatable = table.Column<bool>(type: "INTEGER", nullable: false),
                    accepted = table.Column<long>(type: "INTEGER", nullable: false),
                    attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: false),
                    answer_head = table.Column<string>(type: "TEXT", nullable: false),
                    answer_body = table.Column<byte[]>(type: "BLOB", nullable: false)
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
