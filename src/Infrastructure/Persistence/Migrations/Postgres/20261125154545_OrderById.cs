using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class OrderById : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "resource_order",
                table: "resource",
                columns: new[] { "type", "id" },
                filter: "NOT deleted");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "resource_order",
                table: "resource");
        }
    }
}
