using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
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
                    key = table.Column<long>(type: "bigint", nullable: false),
                    param = table.Column<int>(type: "integer", nullable: false),
                    ordinal = table.Column<short>(type: "smallint", nullable: false),
                    patient = table.Column<long>(type: "bigint", nullable: false),
                    actor = table.Column<long>(type: "bigint", nullable: false),
                    type = table.Column<short>(type: "smallint", nullable: false),
                    starts = table.Column<long>(type: "bigint", nullable: false),
                    ends = table.Column<long>(type: "bigint", nullable: false),
                    item = table.Column<short>(type: "smallint", nullable: false)
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
