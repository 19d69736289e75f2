using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class ChangeFeed : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Nobody has followed changes until now, and what was is no news.
            migrationBuilder.Sql("DELETE FROM outbox;");

            migrationBuilder.AddColumn<string>(
                name: "event",
                table: "outbox",
                type: "character varying(64)",
                maxLength: 64,
                nullable: false,
                defaultValue: "",
                collation: "C");

            migrationBuilder.AddColumn<short>(
                name: "type",
                table: "outbox",
                type: "smallint",
                nullable: false,
                defaultValue: (short)0);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "event",
                table: "outbox");

            migrationBuilder.DropColumn(
                name: "type",
                table: "outbox");
        }
    }
}
