using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ReindexingAndAsyncRequests : Migration
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

            migrationBuilder.CreateTable(
                name: "reindex",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    code = table.Column<string>(type: "TEXT", nullable: false),
                    types = table.Column<string>(type: "TEXT", nullable: false),
                    state = table.Column<short>(type: "INTEGER", nullable: false),
                    done = table.Column<long>(type: "INTEGER", nullable: false),
                    indexed = table.Column<long>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reindex", x => x.key);
                });

            migrationBuilder.CreateIndex(
                name: "resource_order",
                table: "resource",
                columns: new[] { "type", "id" },
                filter: "NOT deleted");

            migrationBuilder.CreateIndex(
                name: "async_request_next",
                table: "async_request",
                columns: new[] { "state", "accepted" });

            migrationBuilder.CreateIndex(
                name: "async_request_owner",
                table: "async_request",
                columns: new[] { "owner", "state" });

            // Rows of an older layout are written anew in the background; an empty database has none.
            migrationBuilder.Sql(
                "INSERT INTO reindex (key, version, code, types, state, done, indexed, note) SELECT 0, 1, '', '', "
                + "CASE WHEN EXISTS (SELECT 1 FROM resource) THEN 0 ELSE 2 END, -9223372036854775808, 0, ''");
            migrationBuilder.Sql("CREATE VIRTUAL TABLE narrative USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii')");
            migrationBuilder.Sql("CREATE VIRTUAL TABLE content USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TABLE content");
            migrationBuilder.Sql("DROP TABLE narrative");
            migrationBuilder.DropTable(
                name: "async_request");

            migrationBuilder.DropTable(
                name: "reindex");

            migrationBuilder.DropIndex(
                name: "resource_order",
                table: "resource");
        }
    }
}
