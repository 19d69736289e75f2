namespace TeleFhir.Domain.Storage;

/// <summary>The schema of the database that the store is on.</summary>
public interface IDatabaseSchema
{
    /// <summary>Creates the database where it is missing and applies what is pending; the number of migrations applied.</summary>
    Task<int> MigrateAsync(CancellationToken cancellationToken);

    /// <summary>Whether the database answers and nothing is pending.</summary>
    Task<bool> IsReadyAsync(CancellationToken cancellationToken);
}
