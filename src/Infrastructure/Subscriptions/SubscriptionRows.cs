using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Subscriptions;

/// <summary>What a Subscription asks for, and for whom. Written with the Subscription, in its transaction; times are ticks in UTC.</summary>
internal sealed class SubscriptionRow
{
    public string Id { get; set; } = "";

    /// <summary>A <see cref="Domain.Subscriptions.SubscriptionState"/>.</summary>
    public short Status { get; set; }

    /// <summary>A <see cref="Domain.Subscriptions.SubscriptionChannel"/>.</summary>
    public short Channel { get; set; }

    /// <summary>The version that asked for it to start, or to start again.</summary>
    public int Asked { get; set; }

    /// <summary>Events count from this version on.</summary>
    public int Since { get; set; }

    /// <summary>Seconds; 0 for none.</summary>
    public int Heartbeat { get; set; }

    /// <summary>When it ends; 0 for never.</summary>
    public long Ends { get; set; }

    /// <summary>When the owner asked for it.</summary>
    public long Owned { get; set; }

    /// <summary>Who asked, with the rights of then.</summary>
    public string Owner { get; set; } = "";

    /// <summary>A <see cref="Domain.Subscriptions.SubscriptionPlan"/>; it has secrets.</summary>
    public string Plan { get; set; } = "";

    /// <summary>Hash of the client and the user who asked; 0 where nobody is counted, or an earlier version wrote it.</summary>
    public long Subscriber { get; set; }
}

/// <summary>How far the recording of a Subscription's events is. Written by the one who takes changes.</summary>
internal sealed class SubscriptionFeedRow
{
    public string Id { get; set; } = "";

    /// <summary>The version whose start was seen among the changes.</summary>
    public int Since { get; set; }

    /// <summary>The number of the latest event.</summary>
    public long Last { get; set; }
}

/// <summary>An event of a Subscription.</summary>
internal sealed class SubscriptionEventRow
{
    public string Id { get; set; } = "";

    /// <summary>Counts the events of the Subscription from 1.</summary>
    public long Number { get; set; }

    /// <summary>What it is about, as a version: <c>Appointment/1/_history/2</c>.</summary>
    public string Focus { get; set; } = "";

    /// <summary>When it happened, in ticks.</summary>
    public long Happened { get; set; }
}

/// <summary>How far the delivery of a Subscription's events is. Written by who has the lease.</summary>
internal sealed class SubscriptionDeliveryRow
{
    public string Id { get; set; } = "";

    /// <summary>The <see cref="SubscriptionRow.Asked"/> that the failures are counted for.</summary>
    public int Asked { get; set; }

    /// <summary>Until when somebody has it, in ticks; 0 for nobody.</summary>
    public long Lease { get; set; }

    /// <summary>Before this there is no try.</summary>
    public long Next { get; set; }

    public int Failures { get; set; }

    /// <summary>When the first of these failures was.</summary>
    public long Failing { get; set; }

    /// <summary>Events up to this number are delivered.</summary>
    public long Delivered { get; set; }

    /// <summary>When something was sent last.</summary>
    public long Sent { get; set; }

    /// <summary>What went wrong last, in words that hold no patient data.</summary>
    public string Note { get; set; } = "";
}

/// <summary>What somebody may open a socket with, once.</summary>
internal sealed class SubscriptionBindingRow
{
    public string Hash { get; set; } = "";

    /// <summary>Ids of Subscriptions, with a space between them.</summary>
    public string Subscriptions { get; set; } = "";

    public long Expires { get; set; }
}

/// <summary>The tables of subscriptions.</summary>
internal static class SubscriptionTables
{
    public static readonly Table<SubscriptionRow> Subscription = new(
        "subscription",
        new Column<SubscriptionRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<SubscriptionRow, short>("status", NpgsqlDbType.Smallint, row => row.Status),
        new Column<SubscriptionRow, short>("channel", NpgsqlDbType.Smallint, row => row.Channel),
        new Column<SubscriptionRow, int>("asked", NpgsqlDbType.Integer, row => row.Asked),
        new Column<SubscriptionRow, int>("since", NpgsqlDbType.Integer, row => row.Since),
        new Column<SubscriptionRow, int>("heartbeat", NpgsqlDbType.Integer, row => row.Heartbeat),
        new Column<SubscriptionRow, long>("ends", NpgsqlDbType.Bigint, row => row.Ends),
        new Column<SubscriptionRow, long>("owned", NpgsqlDbType.Bigint, row => row.Owned),
        new Column<SubscriptionRow, string>("owner", NpgsqlDbType.Text, row => row.Owner),
        new Column<SubscriptionRow, string>("plan", NpgsqlDbType.Text, row => row.Plan),
        new Column<SubscriptionRow, long>("subscriber", NpgsqlDbType.Bigint, row => row.Subscriber));

    public static readonly Table<SubscriptionFeedRow> Feed = new(
        "subscription_feed",
        new Column<SubscriptionFeedRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<SubscriptionFeedRow, int>("since", NpgsqlDbType.Integer, row => row.Since),
        new Column<SubscriptionFeedRow, long>("last", NpgsqlDbType.Bigint, row => row.Last));

    public static readonly Table<SubscriptionEventRow> Event = new(
        "subscription_event",
        new Column<SubscriptionEventRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<SubscriptionEventRow, long>("number", NpgsqlDbType.Bigint, row => row.Number),
        new Column<SubscriptionEventRow, string>("focus", NpgsqlDbType.Text, row => row.Focus),
        new Column<SubscriptionEventRow, long>("happened", NpgsqlDbType.Bigint, row => row.Happened));

    public static readonly Table<SubscriptionDeliveryRow> Delivery = new(
        "subscription_delivery",
        new Column<SubscriptionDeliveryRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<SubscriptionDeliveryRow, int>("asked", NpgsqlDbType.Integer, row => row.Asked),
        new Column<SubscriptionDeliveryRow, long>("lease", NpgsqlDbType.Bigint, row => row.Lease),
        new Column<SubscriptionDeliveryRow, long>("next", NpgsqlDbType.Bigint, row => row.Next),
        new Column<SubscriptionDeliveryRow, int>("failures", NpgsqlDbType.Integer, row => row.Failures),
        new Column<SubscriptionDeliveryRow, long>("failing", NpgsqlDbType.Bigint, row => row.Failing),
        new Column<SubscriptionDeliveryRow, long>("delivered", NpgsqlDbType.Bigint, row => row.Delivered),
        new Column<SubscriptionDeliveryRow, long>("sent", NpgsqlDbType.Bigint, row => row.Sent),
        new Column<SubscriptionDeliveryRow, string>("note", NpgsqlDbType.Text, row => row.Note));

    /// <summary>What is forgotten of a Subscription that is deleted.</summary>
    public static readonly IReadOnlyList<string> All = [Subscription.Name, Feed.Name, Event.Name, Delivery.Name];

    public static void AddSubscriptions(this ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<SubscriptionRow>(subscription =>
        {
            subscription.ToTable(Subscription.Name).HasKey(row => row.Id);
            subscription.Property(row => row.Id).HasMaxLength(64);
            subscription.HasIndex(row => row.Subscriber).HasDatabaseName("subscription_subscriber");
        });
        modelBuilder.Entity<SubscriptionFeedRow>(feed =>
        {
            feed.ToTable(Feed.Name).HasKey(row => row.Id);
            feed.Property(row => row.Id).HasMaxLength(64);
        });
        modelBuilder.Entity<SubscriptionEventRow>(one =>
        {
            one.ToTable(Event.Name).HasKey(row => new { row.Id, row.Number });
            one.Property(row => row.Id).HasMaxLength(64);
            one.HasIndex(row => row.Happened).HasDatabaseName("subscription_event_happened");
        });
        modelBuilder.Entity<SubscriptionDeliveryRow>(delivery =>
        {
            delivery.ToTable(Delivery.Name).HasKey(row => row.Id);
            delivery.Property(row => row.Id).HasMaxLength(64);
        });
        modelBuilder.Entity<SubscriptionBindingRow>(binding =>
        {
            binding.ToTable("subscription_binding").HasKey(row => row.Hash);
            binding.Property(row => row.Hash).HasMaxLength(43);
            binding.HasIndex(row => row.Expires).HasDatabaseName("subscription_binding_expires");
        });
    }
}
