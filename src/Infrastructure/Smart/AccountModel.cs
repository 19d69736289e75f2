using Microsoft.EntityFrameworkCore;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>The tables of people and of what they are asked.</summary>
internal static class AccountModel
{
    public static void AddAccounts(this ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<UserAccountRow>(account =>
        {
            account.ToTable("user_account").HasKey(row => row.Id);
            account.HasIndex(row => row.NormalName).IsUnique().HasDatabaseName("user_account_name");
        });
        modelBuilder.Entity<RecoveryCodeRow>().ToTable("recovery_code").HasKey(row => new { row.UserId, row.Hash });
        modelBuilder.Entity<UserSessionRow>(session =>
        {
            session.ToTable("user_session").HasKey(row => row.Id);
            session.HasIndex(row => row.UserId).HasDatabaseName("user_session_user");
            session.HasIndex(row => row.Expires).HasDatabaseName("user_session_expires");
        });
        modelBuilder.Entity<SignInAddressRow>(address =>
        {
            address.ToTable("sign_in_address").HasKey(row => row.Address);
            address.HasIndex(row => row.Expires).HasDatabaseName("sign_in_address_expires");
        });
        modelBuilder.Entity<InteractionRow>(interaction =>
        {
            interaction.ToTable("interaction").HasKey(row => row.Hash);
            interaction.HasIndex(row => row.Expires).HasDatabaseName("interaction_expires");
        });
        modelBuilder.Entity<RememberedConsentRow>(consent =>
        {
            consent.ToTable("remembered_consent").HasKey(row => new { row.UserId, row.ClientId });
            consent.HasIndex(row => row.ClientId).HasDatabaseName("remembered_consent_client");
        });
    }
}
