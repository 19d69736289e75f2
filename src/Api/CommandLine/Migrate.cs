using Spectre.Console;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary><c>migrate</c>: what the server does at its start, on its own.</summary>
internal static class Migrate
{
    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        arguments.DemandNoOperands();
        var applied = await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        console.Say(applied == 0 ? "The database is up to date." : $"{applied} migrations applied.");
        return 0;
    }
}
