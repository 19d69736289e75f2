using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Reindexing : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
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
                name: "reindex");
        }
    }
}
