using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TeleFhir.Domain.Scheduling;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>Tables and registration of what the front desk keeps beside resources.</summary>
internal static class SchedulingModel
{
    private const int HashLength = 43;

    public static void AddProposals(this ModelBuilder modelBuilder) => modelBuilder.Entity<ProposalRow>(proposal =>
    {
        proposal.ToTable("proposal").HasKey(row => row.Answer);
        proposal.Property(row => row.Answer).HasMaxLength(32);
        proposal.HasIndex(row => row.Expires).HasDatabaseName("proposal_expires");
    });

    public static void AddCalendarFeeds(this ModelBuilder modelBuilder) => modelBuilder.Entity<CalendarFeedRow>(feed =>
    {
        feed.ToTable("calendar_feed").HasKey(row => new { row.Subject, row.Owner });
        feed.Property(row => row.Owner).HasMaxLength(HashLength);
        feed.Property(row => row.Hash).HasMaxLength(HashLength);
        feed.HasIndex(row => row.Hash).IsUnique().HasDatabaseName("calendar_feed_hash");
    });

    public static void AddProposals(this IServiceCollection services)
    {
        services.AddSingleton<Proposals>();
        services.AddSingleton<IProposals>(provider => provider.GetRequiredService<Proposals>());
        services.AddHostedService<FrontDeskPruning>();
    }

    /// <summary>Reminders, calendar feeds and holds.</summary>
    public static void AddFrontDesk(this IServiceCollection services)
    {
        services.TryAddSingleton(ReminderSettings.Default);
        services.AddSingleton<Reminders>();
        services.AddSingleton<IReminders>(provider => provider.GetRequiredService<Reminders>());
        services.AddSingleton<CalendarFeeds>();
        services.AddSingleton<ICalendarFeeds>(provider => provider.GetRequiredService<CalendarFeeds>());
        services.AddSingleton<IHolds, Holds>();
    }
}
