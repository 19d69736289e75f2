using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using TeleFhir.Infrastructure.Monitoring;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>
/// Makes SQLite keep the index tables in the order of their primary key (<c>WITHOUT ROWID</c>), which EF Core has no word for:
/// one tree less to write for each row.
/// </summary>
internal sealed class ClusteredTables(MigrationsSqlGeneratorDependencies dependencies, IRelationalAnnotationProvider annotations)
    : SqliteMigrationsSqlGenerator(dependencies, annotations)
{
    protected override void Generate(
        CreateTableOperation operation, IModel? model, MigrationCommandListBuilder builder, bool terminate = true)
    {
        base.Generate(operation, model, builder, terminate: false);
        if (Tables.OfIndex.Contains(operation.Name) || operation.Name == Tables.TokenCode.Name || operation.Name == ReadingTable.Table.Name)
        {
            builder.Append(" WITHOUT ROWID");
        }

        if (terminate)
        {
            builder.AppendLine(Dependencies.SqlGenerationHelper.StatementTerminator);
            EndStatement(builder);
        }
    }
}
