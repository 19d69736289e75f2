using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace TeleFhir.Infrastructure.Persistence.Migrations.Postgres
{
    /// <summary>Lets nobody change or delete a page of the audit log by mistake; who does it on purpose is found out by the hashes.</summary>
    [DbContext(typeof(PostgresDb))]
    [Migration("20261125100257_AuditAppendOnly")]
    internal sealed class AuditAppendOnly : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql(
            """
            CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'audit_log is append-only'; END $$;
            CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
                FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only();
            """);

        protected override void Down(MigrationBuilder migrationBuilder) =>
            migrationBuilder.Sql("DROP TRIGGER audit_log_no_change ON audit_log; DROP FUNCTION audit_log_append_only();");
    }
}
