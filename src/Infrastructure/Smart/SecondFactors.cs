using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using TeleFhir.Domain.Access;

namespace TeleFhir.Infrastructure.Smart;

/// <inheritdoc cref="ISecondFactors" />
internal sealed class SecondFactors(SmartDb database, SignInLimits limits) : ISecondFactors
{
    public async Task<string?> SecretOfAsync(string userId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.Set<UserAccountRow>().Where(row => row.Id == userId).Select(row => row.Factor).FirstOrDefaultAsync(cancellationToken);
    }

    public async Task SetUpAsync(
        string userId, string sealedSecret, long step, ImmutableArray<string> recoveryCodes, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Set<UserAccountRow>().Where(row => row.Id == userId).ExecuteUpdateAsync(
            row => row.SetProperty(column => column.Factor, sealedSecret)
                .SetProperty(column => column.FactorStep, step)
                .SetProperty(column => column.FactorFailed, 0)
                .SetProperty(column => column.FactorLockedUntil, 0),
            cancellationToken);
        await db.Set<RecoveryCodeRow>().Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        db.AddRange(recoveryCodes.Select(code => new RecoveryCodeRow { UserId = userId, Hash = HashOf(userId, code) }));
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public async Task RemoveAsync(string userId, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Set<UserAccountRow>().Where(row => row.Id == userId).ExecuteUpdateAsync(
            row => row.SetProperty(column => column.Factor, (string?)null)
                .SetProperty(column => column.FactorFailed, 0)
                .SetProperty(column => column.FactorLockedUntil, 0),
            cancellationToken);
        await db.Set<RecoveryCodeRow>().Where(row => row.UserId == userId).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    public Task<bool> TryAttemptAsync(string userId, CancellationToken cancellationToken) => limits.TryFactorAsync(userId, cancellationToken);

    public async Task<bool> UseStepAsync(string userId, long step, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        return await db.Set<UserAccountRow>().Where(row => row.Id == userId && row.FactorStep < step).ExecuteUpdateAsync(
            row => row.SetProperty(column => column.FactorStep, step)
                .SetProperty(column => column.FactorFailed, 0)
                .SetProperty(column => column.FactorLockedUntil, 0),
            cancellationToken) == 1;
    }

    public async Task<bool> UseRecoveryCodeAsync(string userId, string code, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var hash = HashOf(userId, code);
        var used = await db.Set<RecoveryCodeRow>().Where(row => row.UserId == userId && row.Hash == hash).ExecuteDeleteAsync(cancellationToken) == 1;
        if (used)
        {
            await db.Set<UserAccountRow>().Where(row => row.Id == userId).ExecuteUpdateAsync(
                row => row.SetProperty(column => column.FactorFailed, 0).SetProperty(column => column.FactorLockedUntil, 0), cancellationToken);
        }

        return used;
    }

    // Made by the server of 80 random bits, so a plain hash is enough; people type them with or without the dash, in either case.
    private static string HashOf(string userId, string code) =>
        SmartHash.Of(userId, string.Concat(code.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant());
}
