using System.Data.Common;
using Microsoft.Extensions.Options;
using Spectre.Console;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// One command of the binary. It works on the server's own configuration and stores and never listens. Exit codes: 0 done, 1 not or
/// not wholly done, 2 wrong usage.
/// </summary>
internal sealed record Command(
    string Name, string Usage, string Summary, Func<IServiceProvider, CommandArguments, IAnsiConsole, CancellationToken, Task<int>>? Run)
{
    /// <summary>The options that the command takes, each with a value.</summary>
    public string[] Options { get; init; } = [];

    /// <summary>What of it changes who may do what, and is recorded as the administrator's doing.</summary>
    public string[] Administers { get; init; } = [];

    private static readonly Command[] _all =
    [
        new("import", "import <file or folder>... [--parallel n]", "Store Bundles (.json) and resources (.ndjson)", Import.RunAsync) { Options = ["parallel"] },
        new("export", "export <folder> [--type T]...", "Write all resources, or those types, as ndjson", Export.RunAsync) { Options = ["type"] },
        new("check", "check", "Compare every index row with its resource", Check.RunAsync),
        new("reindex", "reindex [--everything yes]", "Finish the indexes of added SearchParameters; or write all index rows anew", Reindex.RunAsync)
        {
            Options = ["everything"],
        },
        new("audit", "audit verify | audit disclosures --patient id", "Check the audit trail; who saw a record", AuditCommand.RunAsync) { Options = ["patient", "from", "to"] },
        new("migrate", "migrate", "Bring the database up to date", Migrate.RunAsync),
        new("keys", "keys rotate|replace", "Sign tokens with a new key; replace also refuses the old ones", Keys.RunAsync)
        {
            Administers = ["rotate", "replace"],
        },
        new("client", "client add <id> --kind K ... | list | remove|revoke <id> | revoke-all", "Register apps and backends (docs/smart.md)", Clients.RunAsync)
        {
            Options = Clients.Options,
            Administers = ["add", "remove", "revoke", "revoke-all"],
        },
        new("user", "user add <name> --role R [--fhir-user T/id] [--name N]", "Add a patient, clinician or administrator", Users.RunAsync)
        {
            Options = ["role", "fhir-user", "name"],
            Administers = ["add"],
        },
        new("help", "help", "Show this", Run: null),
    ];

    /// <summary>What the configuration may read of the arguments.</summary>
    public static string[] SettingsIn(string[] args) => Find(args) is null ? args : CommandArguments.SettingsIn(args);

    /// <summary>The command that the arguments start with, or null where they ask for the server.</summary>
    public static Func<WebApplicationBuilder, Task<int>>? Find(string[] args) => args switch
    {
        [] => null,
        ["-h" or "--help" or "-?", ..] => builder => RunAsync(["help"], builder, AnsiConsole.Console),
        [['-', ..], ..] => null,
        _ => builder => RunAsync(args, builder, AnsiConsole.Console),
    };

    /// <summary>Runs the command that the arguments name.</summary>
    public static async Task<int> RunAsync(string[] args, WebApplicationBuilder builder, IAnsiConsole console)
    {
        var command = Array.Find(_all, command => command.Name == args[0]);
        try
        {
            if (command is null)
            {
                throw new UsageException($"There is no command {args[0]}.");
            }

            if (command.Run is null)
            {
                // Help works whatever the configuration.
                return Help(console);
            }

            var arguments = CommandArguments.Parse(args.AsSpan(1), command.Options);
            builder.Logging.AddFilter(null, LogLevel.Warning);
            using var stop = new StopSignal();
            await using var app = builder.Build();
            var code = await command.Run(app.Services, arguments, console, stop.Token);
            if (code == 0 && arguments.Operands is [var what, .. var about] && command.Administers.Contains(what))
            {
                await RecordAsync(app.Services, $"{command.Name}-{what}", string.Join(' ', about));
            }

            return code;
        }
        catch (UsageException wrong)
        {
            console.Say(wrong.Message);
            console.Say(command is null ? "See: help" : $"Usage: {command.Usage}");
            return 2;
        }
        catch (OptionsValidationException wrong)
        {
            console.Say($"The configuration is wrong: {string.Join(' ', wrong.Failures)}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            console.Say("Stopped. The same command goes on from here.");
            return 1;
        }
        catch (Exception fault) when (fault is DbException or IOException or UnauthorizedAccessException)
        {
            console.Say($"Stopped: {fault.Message}");
            return 1;
        }
    }

    // There is no account at the command line: whoever works there is known by the name that the operating system gives.
    private static ValueTask RecordAsync(IServiceProvider services, string what, string about) =>
        services.GetRequiredService<IAuditTrail>().RecordAsync(
            new AuditEntry(AuditKind.Administration, what, services.GetRequiredService<TimeProvider>().GetUtcNow())
            {
                UserId = Environment.UserName,
                Reason = $"At the command line: {what} {about}".TrimEnd() + ".",
            },
            CancellationToken.None);

    private static int Help(IAnsiConsole console)
    {
        console.Say("TeleFhir: a FHIR R4 server. Without a command it serves; with one it does that and ends.");
        console.Say("");
        foreach (var command in _all)
        {
            console.Say($"  {command.Usage,-66} {command.Summary}");
        }

        console.Say("");
        console.Say("Any setting can be given as --Key:Name=value, for example --ConnectionStrings:TeleFhir=\"Data Source=my.db\".");
        return 0;
    }
}

/// <summary>The command was called wrongly; the message says how.</summary>
internal sealed class UsageException(string message) : Exception(message);
