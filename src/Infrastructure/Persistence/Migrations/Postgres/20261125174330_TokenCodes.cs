using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class TokenCodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "token_code",
                columns: table => new
                {
                    param = table.Column<int>(type: "integer", nullable: false),
                    code = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    hash = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_token_code", x => new { x.param, x.code, x.hash });
                });

            // What an index entry cannot hold is cut off, as it is from now on.
            migrationBuilder.Sql("UPDATE ix_token SET code = substr(code, 1, 128) WHERE length(code) > 128");
            migrationBuilder.Sql("INSERT INTO token_code (param, code, hash) SELECT DISTINCT param, code, hash FROM ix_token");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "token_code");
        }
    }
}
