using Microsoft.Extensions.Options;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Demo;

/// <summary>
/// The people of the demo clinic, with a password that everybody knows: made in Development where demo data is wanted, and
/// elsewhere a reason not to start where one of them is in the database.
/// </summary>
internal sealed class DemoUsers(IUserAccounts accounts, TeleFhirOptions options, IHostEnvironment environment) : IHostedLifecycleService
{
    /// <summary>The password of all of them.</summary>
    public const string Password = "Telefhir-demo-1";

    private static readonly NewAccount[] _all =
    [
        new("patient", "Amy Rivera", UserRole.Patient, DemoPatients.Amy) { IsDemo = true },
        new("clinician", "Dr. Grace Lee", UserRole.Clinician, DemoClinic.Lee) { IsDemo = true },
        new("admin", "Demo Administrator", UserRole.Administrator, null) { IsDemo = true },
    ];

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!environment.IsDevelopment())
        {
            await RefuseAsync(cancellationToken);
        }
        else if (DemoSeed.IsWanted(options, environment))
        {
            foreach (var account in _all)
            {
                if (await accounts.FindByNameAsync(account.UserName, cancellationToken) is null)
                {
                    await accounts.AddAsync(account, Password, cancellationToken);
                }
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RefuseAsync(CancellationToken cancellationToken)
    {
        var demo = (await accounts.ListAsync(cancellationToken)).Where(account => account.IsDemo).Select(account => account.UserName).ToList();
        if (demo.Count > 0)
        {
            throw new OptionsValidationException(
                Options.DefaultName,
                typeof(TeleFhirOptions),
                [$"The database holds the demo users {string.Join(", ", demo)}, whose password is public. Production needs a database of its own."]);
        }
    }
}
