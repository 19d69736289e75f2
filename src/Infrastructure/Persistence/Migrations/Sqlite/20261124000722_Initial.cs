using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    internal partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "history",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    type = table.Column<short>(type: "INTEGER", nullable: false),
                    updated = table.Column<long>(type: "INTEGER", nullable: false),
                    method = table.Column<short>(type: "INTEGER", nullable: false),
                    raw = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_history", x => new { x.key, x.version });
                });

            migrationBuilder.CreateTable(
                name: "import",
                columns: table => new
                {
                    hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    done = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_import", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "ix_date",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    low = table.Column<long>(type: "INTEGER", nullable: false),
                    high = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ix_date", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "ix_quantity",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    value = table.Column<double>(type: "REAL", nullable: false),
                    system = table.Column<long>(type: "INTEGER", nullable: false),
                    code = table.Column<long>(type: "INTEGER", nullable: false),
                    unit = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ix_quantity", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "ix_reference",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    hash = table.Column<long>(type: "INTEGER", nullable: false),
                    target_type = table.Column<short>(type: "INTEGER", nullable: false),
                    rank = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ix_reference", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "ix_string",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    norm = table.Column<string>(type: "TEXT", nullable: false),
                    rest = table.Column<string>(type: "TEXT", nullable: true),
                    text = table.Column<string>(type: "TEXT", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ix_string", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "ix_token",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    hash = table.Column<long>(type: "INTEGER", nullable: false),
                    system = table.Column<long>(type: "INTEGER", nullable: false),
                    rank = table.Column<long>(type: "INTEGER", nullable: false),
                    patient = table.Column<long>(type: "INTEGER", nullable: false),
                    code = table.Column<string>(type: "TEXT", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ix_token", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateTable(
                name: "outbox",
                columns: table => new
                {
                    sequence = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    method = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_outbox", x => x.sequence);
                });

            migrationBuilder.CreateTable(
                name: "resource",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    id_hash = table.Column<long>(type: "INTEGER", nullable: false),
                    type = table.Column<short>(type: "INTEGER", nullable: false),
                    id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    deleted = table.Column<bool>(type: "INTEGER", nullable: false),
                    updated = table.Column<long>(type: "INTEGER", nullable: false),
                    method = table.Column<short>(type: "INTEGER", nullable: false),
                    rank = table.Column<long>(type: "INTEGER", nullable: false),
                    rank_high = table.Column<long>(type: "INTEGER", nullable: false),
                    patient = table.Column<long>(type: "INTEGER", nullable: false),
                    raw = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_resource", x => x.key);
                });

            migrationBuilder.CreateIndex(
                name: "history_updated",
                table: "history",
                columns: new[] { "type", "updated", "key", "version" });

            migrationBuilder.CreateIndex(
                name: "ix_date_value",
                table: "ix_date",
                columns: new[] { "param", "low", "key" });

            migrationBuilder.CreateIndex(
                name: "ix_quantity_value",
                table: "ix_quantity",
                columns: new[] { "param", "value", "key" });

            migrationBuilder.CreateIndex(
                name: "ix_reference_value",
                table: "ix_reference",
                columns: new[] { "param", "hash", "rank", "key" },
                descending: new[] { false, false, true, true });

            migrationBuilder.CreateIndex(
                name: "ix_string_value",
                table: "ix_string",
                columns: new[] { "param", "norm", "key" });

            migrationBuilder.CreateIndex(
                name: "ix_token_patient",
                table: "ix_token",
                columns: new[] { "patient", "param", "hash", "rank", "key" },
                descending: new[] { false, false, false, true, true },
                filter: "patient <> 0");

            migrationBuilder.CreateIndex(
                name: "ix_token_value",
                table: "ix_token",
                columns: new[] { "param", "hash", "rank", "key" },
                descending: new[] { false, false, true, true });

            migrationBuilder.CreateIndex(
                name: "resource_id",
                table: "resource",
                column: "id_hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "resource_timeline",
                table: "resource",
                columns: new[] { "type", "rank", "key" },
                descending: new[] { false, true, true },
                filter: "NOT deleted");

            migrationBuilder.CreateIndex(
                name: "resource_updated",
                table: "resource",
                columns: new[] { "type", "updated", "key" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "history");

            migrationBuilder.DropTable(
                name: "import");

            migrationBuilder.DropTable(
                name: "ix_date");

            migrationBuilder.DropTable(
                name: "ix_quantity");

            migrationBuilder.DropTable(
                name: "ix_reference");

            migrationBuilder.DropTable(
                name: "ix_string");

            migrationBuilder.DropTable(
                name: "ix_token");

            migrationBuilder.DropTable(
                name: "outbox");

            migrationBuilder.DropTable(
                name: "resource");
        }
    }
}
