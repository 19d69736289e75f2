using TeleFhir.Bench.Layouts;
using TeleFhir.Bench.Queries;

var arguments = new Arguments([.. args.Skip(1)]);
switch (args.FirstOrDefault())
{
    case "queries":
        await QueriesCommand.RunAsync(arguments);
        return 0;
    case "layouts":
        await LayoutsCommand.RunAsync(arguments);
        return 0;
    default:
        Console.Error.WriteLine("usage: queries | layouts; see bench/README.md");
        return 2;
}
