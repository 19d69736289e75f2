using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>Table and registration of what <c>$find</c> keeps.</summary>
internal static class SchedulingModel
{
    public static void AddProposals(this ModelBuilder modelBuilder) => modelBuilder.Entity<ProposalRow>(proposal =>
    {
        proposal.ToTable("proposal").HasKey(row => row.Answer);
        proposal.Property(row => row.Answer).HasMaxLength(32);
        proposal.HasIndex(row => row.Expires).HasDatabaseName("proposal_expires");
    });

    public static void AddProposals(this IServiceCollection services)
    {
        services.AddSingleton<Proposals>();
        services.AddSingleton<IProposals>(provider => provider.GetRequiredService<Proposals>());
        services.AddHostedService<ProposalPruning>();
    }
}
