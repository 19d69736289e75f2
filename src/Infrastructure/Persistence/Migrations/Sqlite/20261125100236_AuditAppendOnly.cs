using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <summary>Lets nobody change or delete a page of the audit log by mistake; who does it on purpose is found out by the hashes.</summary>
    [DbContext(typeof(SqliteDb))]
    [Migration("20261125100236_AuditAppendOnly")]
    internal sealed class AuditAppendOnly : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
            BEGIN
                SELECT RAISE(ABORT, 'audit_log is append-only');
            END;
            CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
            BEGIN
                SELECT RAISE(ABORT, 'audit_log is append-only');
            END;
            """);

        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;");
    }
}
