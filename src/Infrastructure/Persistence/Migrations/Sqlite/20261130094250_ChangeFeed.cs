using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
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
                type: "TEXT",
                maxLength: 64,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<short>(
                name: "type",
                table: "outbox",
                type: "INTEGER",
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
