using System.Globalization;
using Spectre.Console;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary><c>reindex</c>: does what a server would do in the background, and says what came of it. It can be stopped and started again.</summary>
internal static class Reindex
{
    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        arguments.DemandNoOperands();
        var everything = arguments.All("everything").ToArray() switch
        {
            [] => false,
            ["yes"] => true,
            _ => throw new UsageException("--everything takes yes."),
        };
        await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        var reindexing = services.GetRequiredService<IReindexing>();
        if (everything && (await reindexing.StateAsync(cancellationToken))[0].State == ReindexState.Ready)
        {
            await reindexing.RestartAsync(Caller.System("reindex"), cancellationToken);
        }

        await reindexing.FinishAsync(cancellationToken);
        var states = await reindexing.StateAsync(cancellationToken);
        foreach (var state in states)
        {
            var name = state.SearchParameter is null ? "everything" : $"SearchParameter/{state.SearchParameter} ({state.Code})";
            console.Say(state.State == ReindexState.Refused
                ? $"{name}: refused. {state.Note}"
                : string.Create(CultureInfo.InvariantCulture, $"{name}: {state.State.ToString().ToLowerInvariant()}, {state.Indexed:N0} resources"));
        }

        return states.All(state => state.State == ReindexState.Ready) ? 0 : 1;
    }
}
