using System.Security.Cryptography;
using Spectre.Console;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>user add</c>: makes an account, the first administrator's above all. The password is made here and told once: one that is given as an
/// argument would stay in the history of the shell.
/// </summary>
internal static class Users
{
    private const int PasswordLength = 20;
    private const string PasswordLetters = "abcdefghijkmnpqrstuvwxyz23456789";

    public static async Task<int> RunAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (arguments.Operands is not ["add", var userName])
        {
            throw new UsageException("The command takes add and a user name.");
        }

        var role = arguments.All("role").LastOrDefault() switch
        {
            "patient" => UserRole.Patient,
            "clinician" => UserRole.Clinician,
            "administrator" => UserRole.Administrator,
            _ => throw new UsageException("--role takes patient, clinician or administrator."),
        };
        var account = new NewAccount(userName, arguments.All("name").LastOrDefault() ?? userName, role, arguments.All("fhir-user").LastOrDefault());
        await services.GetRequiredService<IDatabaseSchema>().MigrateAsync(cancellationToken);
        var password = RandomNumberGenerator.GetString(PasswordLetters, PasswordLength);
        try
        {
            await services.GetRequiredService<IUserAccounts>().AddAsync(account, password, cancellationToken);
        }
        catch (AccountException wrong)
        {
            console.Say(wrong.Message);
            return 1;
        }

        console.Say($"{userName} can sign in with the password {password} which is not shown again.");
        return 0;
    }
}
