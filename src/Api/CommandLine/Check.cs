using System.Globalization;
using Spectre.Console;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary><c>check</c>: whether every index row agrees with its resource; exit code 1 where one does not.</summary>
internal static class Check
{
    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        arguments.DemandNoOperands();
        await services.GetRequiredService<IReindexing>().LoadAsync(cancellationToken);
        var report = await services.GetRequiredService<IConsistencyCheck>().RunAsync(cancellationToken);
        foreach (var fault in report.Examples)
        {
            console.Say(fault);
        }

        console.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Resources:N0} resources, {report.Versions:N0} earlier versions and {report.IndexRows:N0} index rows checked: {(report.Faults == 0 ? "all consistent" : $"{report.Faults:N0} faults")}"));
        return report.Faults == 0 ? 0 : 1;
    }
}
