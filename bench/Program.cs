using TeleFhir.Bench.Endurance;
using TeleFhir.Bench.Http;
using TeleFhir.Bench.Layouts;
using TeleFhir.Bench.Micro;
using TeleFhir.Bench.Queries;

var arguments = new Arguments([.. args.Skip(1)]);
switch (args.FirstOrDefault())
{
    case "micro":
        MicroCommand.Run(arguments);
        return 0;
    case "queries":
        await QueriesCommand.RunAsync(arguments);
        return 0;
    case "layouts":
        await LayoutsCommand.RunAsync(arguments);
        return 0;
    case "http":
        await HttpCommand.RunAsync(arguments);
        return 0;
    case "find":
        await FindCommand.RunAsync(arguments);
        return 0;
    case "ingest":
        await IngestCommand.RunAsync(arguments, isAlerts: false);
        return 0;
    case "alerts":
        await IngestCommand.RunAsync(arguments, isAlerts: true);
        return 0;
    case "endurance":
        await EnduranceCommand.RunAsync(arguments);
        return 0;
    default:
        Console.Error.WriteLine("usage: micro | queries | layouts | http | find | ingest | alerts | endurance; see bench/README.md");
        return 2;
}
