using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IUserAccounts" />
internal sealed class UserDirectory(Func<TeleFhirDb> context, TimeProvider clock) : IUserAccounts
{
    private const int MostFailures = 5;
    private static readonly TimeSpan _lockOut = TimeSpan.FromMinutes(5);

    public async Task<UserAccount?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = context();
        return await db.Users.AsNoTracking().FirstOrDefaultAsync(user => user.Id == id, cancellationToken) is { } row ? AccountOf(row) : null;
    }

    public async Task<SignInOutcome> SignInAsync(string userName, string password, CancellationToken cancellationToken)
    {
        await using var db = context();
        var name = userName.Trim().ToUpperInvariant();
        var row = await db.Users.AsNoTracking().FirstOrDefaultAsync(user => user.NormalName == name, cancellationToken);
        var isRight = Passwords.Verify(password, row?.PasswordHash);
        if (row is null)
        {
            return new(SignInStatus.Refused, null);
        }

        var now = clock.GetUtcNow().UtcTicks;
        if (row.LockedUntil > now)
        {
            return new(SignInStatus.LockedOut, null);
        }

        if (isRight && !row.Disabled)
        {
            await db.Users.Where(user => user.Id == row.Id && user.Failures > 0)
                .ExecuteUpdateAsync(set => set.SetProperty(user => user.Failures, 0), cancellationToken);
            return new(SignInStatus.Succeeded, AccountOf(row));
        }

        // Counted in the database: guesses sent to several nodes at once are one series.
        var until = now + _lockOut.Ticks;
        await db.Users.Where(user => user.Id == row.Id).ExecuteUpdateAsync(
            set => set
                .SetProperty(user => user.LockedUntil, user => user.Failures + 1 >= MostFailures ? until : user.LockedUntil)
                .SetProperty(user => user.Failures, user => user.Failures + 1 >= MostFailures ? 0 : user.Failures + 1),
            cancellationToken);
        return new(SignInStatus.Refused, null);
    }

    public async Task<bool> AddAsync(UserAccount account, string password, CancellationToken cancellationToken)
    {
        await using var db = context();
        db.Users.Add(new UserRow
        {
            Id = account.Id,
            UserName = account.UserName,
            NormalName = account.UserName.Trim().ToUpperInvariant(),
            DisplayName = account.DisplayName,
            Role = (short)account.Role,
            FhirUser = account.FhirUser,
            Clearance = (short)account.Clearance,
            Disabled = account.IsDisabled,
            PasswordHash = Passwords.Hash(password),
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException)
        {
            return false;
        }
    }

    public async Task<bool> ExistsAsync(string userName, CancellationToken cancellationToken)
    {
        await using var db = context();
        var name = userName.Trim().ToUpperInvariant();
        return await db.Users.AnyAsync(user => user.NormalName == name, cancellationToken);
    }

    internal static UserAccount AccountOf(UserRow row) => new(
        row.Id, row.UserName, row.DisplayName, (UserRole)row.Role, row.FhirUser, (Confidentiality)row.Clearance, row.Disabled, HasSecondFactor: false);
}
