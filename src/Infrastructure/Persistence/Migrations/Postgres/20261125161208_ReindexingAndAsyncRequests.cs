using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
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

            migrationBuilder.CreateTable(
                name: "reindex",
                columns: table => new
                {
                    key = table.Column<long>(type: "bigint", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    types = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    state = table.Column<short>(type: "smallint", nullable: false),
                    done = table.Column<long>(type: "bigint", nullable: false),
                    indexed = table.Column<long>(type: "bigint", nullable: false),
                    note = table.Column<string>(type: "text", nullable: false, collation: "C")
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
            migrationBuilder.Sql("CREATE TABLE narrative (key bigint PRIMARY KEY, words tsvector NOT NULL)");
            migrationBuilder.Sql("CREATE INDEX narrative_words ON narrative USING gin (words)");
            migrationBuilder.Sql("CREATE TABLE content (key bigint PRIMARY KEY, words tsvector NOT NULL)");
            migrationBuilder.Sql("CREATE INDEX content_words ON content USING gin (words)");
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
