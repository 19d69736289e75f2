using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace TeleFhir.Infrastructure.Persistence;

/// <summary>The model on SQLite, with its own migrations.</summary>
internal sealed class SqliteDb(DbContextOptions<SqliteDb> options) : TeleFhirDb(options)
{
    protected override bool IsPostgres => false;

    protected override void Covering<TRow>(IndexBuilder<TRow> index, Expression<Func<TRow, object?>> columns)
    {
        // SQLite has no included columns; its tables are clustered by resource, one more look-up is cheap there.
    }
}

/// <summary>The model on PostgreSQL, with its own migrations.</summary>
internal sealed class PostgresDb(DbContextOptions<PostgresDb> options) : TeleFhirDb(options)
{
    protected override bool IsPostgres => true;

    protected override void Covering<TRow>(IndexBuilder<TRow> index, Expression<Func<TRow, object?>> columns) =>
        index.IncludeProperties(columns);
}

/// <summary>Lets <c>dotnet ef migrations add</c> make a context; it connects to nothing.</summary>
internal sealed class SqliteDesignFactory : IDesignTimeDbContextFactory<SqliteDb>
{
    public SqliteDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<SqliteDb>().UseSqlite("Data Source=:memory:").Options);
}

/// <inheritdoc cref="SqliteDesignFactory"/>
internal sealed class PostgresDesignFactory : IDesignTimeDbContextFactory<PostgresDb>
{
    public PostgresDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PostgresDb>().UseNpgsql("Host=localhost").Options);
}
