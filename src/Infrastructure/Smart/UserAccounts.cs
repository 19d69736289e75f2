using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="IUserAccounts" />
internal sealed class UserAccounts(SmartDb database, SignInSettings settings, SignInLimits limits, IRevocations revocations)
    : IUserAccounts, IUserDirectory
{
    private const int IdBytes = 16;

    // Checked where there is no account, so that there is no telling by the time it takes.
    private readonly string _nobody = PasswordHash.Of(Convert.ToBase64String(RandomNumberGenerator.GetBytes(IdBytes)), settings.PasswordRounds);

    public async Task<UserAccount?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.Set<UserAccountRow>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, cancellationToken) is { } row ? Read(row) : null;
    }

    public async Task<UserAccount?> FindByNameAsync(string userName, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await ByNameAsync(db, AccountRules.Normalise(userName), cancellationToken) is { } row ? Read(row) : null;
    }

    public async Task<IReadOnlyList<UserAccount>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return [.. (await db.Set<UserAccountRow>().AsNoTracking().OrderBy(row => row.NormalName).ToListAsync(cancellationToken)).Select(Read)];
    }

    public async Task<UserAccount> AddAsync(NewAccount account, string password, CancellationToken cancellationToken)
    {
        var userName = account.UserName.Trim();
        AccountRules.Demand(userName, account.DisplayName, account.Role, account.FhirUser);
        AccountRules.DemandPassword(password, userName);
        var row = new UserAccountRow
        {
            Id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)),
            UserName = userName,
            NormalName = AccountRules.Normalise(userName),
            DisplayName = account.DisplayName.Trim(),
            Role = (short)account.Role,
            FhirUser = account.FhirUser,
            Clearance = (short)account.Clearance,
            PasswordHash = PasswordHash.Of(password, settings.PasswordRounds),
            Demo = account.IsDemo,
        };
        return await database.TryInsertAsync(row, cancellationToken) ? Read(row) : throw new AccountException("The user name is taken.");
    }

    public async Task<bool> ChangeAsync(UserAccount account, CancellationToken cancellationToken)
    {
        AccountRules.Demand(account.UserName, account.DisplayName, account.Role, account.FhirUser);
        await using var db = database.Open();
        if (await db.Set<UserAccountRow>().FirstOrDefaultAsync(row => row.Id == account.Id, cancellationToken) is not { } row)
        {
            return false;
        }

        var before = Read(row);
        row.DisplayName = account.DisplayName.Trim();
        row.Role = (short)account.Role;
        row.FhirUser = account.FhirUser;
        row.Clearance = (short)account.Clearance;
        row.Disabled = account.IsDisabled;
        await db.SaveChangesAsync(cancellationToken);

        // What was issued says what the account was.
        if (Read(row) with { DisplayName = before.DisplayName } != before)
        {
            await SignOutEverywhereAsync(account.Id, cancellationToken);
        }

        return true;
    }

    public async Task<bool> SetPasswordAsync(string id, string password, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        if (await db.Set<UserAccountRow>().FirstOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } row)
        {
            return false;
        }

        AccountRules.DemandPassword(password, row.UserName);
        row.PasswordHash = PasswordHash.Of(password, settings.PasswordRounds);
        (row.Failed, row.LockedUntil) = (0, 0);
        await db.SaveChangesAsync(cancellationToken);
        await SignOutEverywhereAsync(id, cancellationToken);
        return true;
    }

    public async Task<PasswordCheck> CheckPasswordAsync(string userName, string password, IPAddress? address, CancellationToken cancellationToken)
    {
        if (!await limits.TryAddressAsync(address, cancellationToken))
        {
            return new PasswordCheck(null, IsTurnedAway: true);
        }

        // Longer than any that can be set: not worth the time of hashing it.
        var isPlausible = password.Length <= AccountRules.LongestText && userName.Length <= AccountRules.LongestText;
        var name = AccountRules.Normalise(isPlausible ? userName : "");
        var mayTry = await limits.TryAccountAsync(name, cancellationToken);
        await using var db = database.Open();
        var row = await ByNameAsync(db, name, cancellationToken);
        var isRight = PasswordHash.Matches(row?.PasswordHash ?? _nobody, isPlausible ? password : "");
        if (row is null || !isRight || !mayTry || !isPlausible)
        {
            return new PasswordCheck(null, IsTurnedAway: false);
        }

        var hash = PasswordHash.IsOutdated(row.PasswordHash, settings.PasswordRounds)
            ? PasswordHash.Of(password, settings.PasswordRounds)
            : row.PasswordHash;

        // Only while it is still this password, so that one that was changed meanwhile stays changed.
        var isCurrent = await db.Set<UserAccountRow>().Where(account => account.Id == row.Id && account.PasswordHash == row.PasswordHash && !account.Disabled)
            .ExecuteUpdateAsync(
                account => account.SetProperty(column => column.PasswordHash, hash)
                    .SetProperty(column => column.Failed, 0)
                    .SetProperty(column => column.LockedUntil, 0),
                cancellationToken) == 1;
        await limits.ForgiveAddressAsync(address, cancellationToken);
        return new PasswordCheck(isCurrent ? Read(row) : null, IsTurnedAway: false);
    }

    /// <summary>An account as others see it.</summary>
    internal static UserAccount Read(UserAccountRow row) => new(
        row.Id, row.UserName, row.DisplayName, (UserRole)row.Role, row.FhirUser, (Confidentiality)row.Clearance, row.Disabled, row.Factor is not null)
    {
        IsDemo = row.Demo,
    };

    private async Task SignOutEverywhereAsync(string userId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await db.Set<UserSessionRow>().Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await revocations.AddAsync(RevokedKind.User, userId, cancellationToken);
    }

    private static Task<UserAccountRow?> ByNameAsync(DbContext db, string normalName, CancellationToken cancellationToken) =>
        db.Set<UserAccountRow>().AsNoTracking().FirstOrDefaultAsync(row => row.NormalName == normalName, cancellationToken);
}
