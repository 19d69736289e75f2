using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ConsentRules : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "consent_rule",
                columns: table => new
                {
                    key = table.Column<long>(type: "INTEGER", nullable: false),
                    param = table.Column<int>(type: "INTEGER", nullable: false),
                    ordinal = table.Column<short>(type: "INTEGER", nullable: false),
                    patient = table.Column<long>(type: "INTEGER", nullable: false),
                    actor = table.Column<long>(type: "INTEGER", nullable: false),
                    type = table.Column<short>(type: "INTEGER", nullable: false),
                    starts = table.Column<long>(type: "INTEGER", nullable: false),
                    ends = table.Column<long>(type: "INTEGER", nullable: false),
                    item = table.Column<short>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_consent_rule", x => new { x.key, x.param, x.ordinal });
                });

            migrationBuilder.CreateIndex(
                name: "consent_rule_patient",
                table: "consent_rule",
                column: "patient");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "consent_rule");
        }
    }
}
