using Microsoft.EntityFrameworkCore;
using OpenIddict.EntityFrameworkCore.Models;

namespace TeleFhir.Infrastructure.Smart;

/// <summary>The tables of the authorization server.</summary>
internal static class SmartModel
{
    private const int HashLength = 43;

    public static void AddSmart(this ModelBuilder modelBuilder)
    {
        modelBuilder.UseOpenIddict();
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreApplication>().ToTable("oauth_client");
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreAuthorization>().ToTable("oauth_grant");
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreToken>().ToTable("oauth_token");
        modelBuilder.Entity<OpenIddictEntityFrameworkCoreScope>().ToTable("oauth_scope");

        modelBuilder.Entity<SigningKeyRow>(key =>
        {
            key.ToTable("signing_key").HasKey(row => row.Number);
            key.Property(row => row.Number).ValueGeneratedNever();
        });
        modelBuilder.Entity<KeyRingRow>().ToTable("key_ring").HasKey(row => row.Name);
        modelBuilder.Entity<LaunchRow>(launch =>
        {
            launch.ToTable("launch").HasKey(row => row.Hash);
            launch.Property(row => row.Hash).HasMaxLength(HashLength);
            launch.HasIndex(row => row.Expires).HasDatabaseName("launch_expires");
        });
        modelBuilder.Entity<SingleUseRow>(assertion =>
        {
            assertion.ToTable("single_use").HasKey(row => row.Hash);
            assertion.Property(row => row.Hash).HasMaxLength(HashLength);
            assertion.HasIndex(row => row.Expires).HasDatabaseName("single_use_expires");
        });
    }
}
