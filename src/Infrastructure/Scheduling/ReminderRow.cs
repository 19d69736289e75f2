using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Infrastructure.Persistence;

namespace TeleFhir.Infrastructure.Scheduling;

/// <summary>A <see cref="Reminder"/> and how far it is; times are ticks in UTC.</summary>
internal sealed class ReminderRow
{
    public string Id { get; set; } = "";

    public string Appointment { get; set; } = "";

    public string Recipient { get; set; } = "";

    public string Channel { get; set; } = "";

    public long Start { get; set; }

    /// <summary>Ticks before the start.</summary>
    public long Before { get; set; }

    /// <summary>A <see cref="ReminderState"/>.</summary>
    public short State { get; set; }

    public int Attempts { get; set; }

    /// <summary>From when on it may be taken: when it is due, when the lease of who has it ends, when it is to be tried again. When it was settled, at last.</summary>
    public long Next { get; set; }

    public string Note { get; set; } = "";

    public static ReminderRow Of(Reminder reminder) => new()
    {
        Id = reminder.Id,
        Appointment = reminder.Appointment,
        Recipient = reminder.Recipient,
        Channel = reminder.Channel,
        Start = reminder.Start.UtcTicks,
        Before = reminder.Before.Ticks,
        Next = reminder.Due.UtcTicks,
    };

    public Reminder ToReminder() => new(Id, Appointment, Recipient, Channel, new DateTimeOffset(Start, TimeSpan.Zero), new TimeSpan(Before));
}

/// <summary>The table of <see cref="ReminderRow"/>.</summary>
internal static class ReminderTable
{
    public static readonly Table<ReminderRow> Table = new(
        "reminder",
        new Column<ReminderRow, string>("id", NpgsqlDbType.Text, row => row.Id),
        new Column<ReminderRow, string>("appointment", NpgsqlDbType.Text, row => row.Appointment),
        new Column<ReminderRow, string>("recipient", NpgsqlDbType.Text, row => row.Recipient),
        new Column<ReminderRow, string>("channel", NpgsqlDbType.Text, row => row.Channel),
        new Column<ReminderRow, long>("start", NpgsqlDbType.Bigint, row => row.Start),
        new Column<ReminderRow, long>("before", NpgsqlDbType.Bigint, row => row.Before),
        new Column<ReminderRow, short>("state", NpgsqlDbType.Smallint, row => row.State),
        new Column<ReminderRow, int>("attempts", NpgsqlDbType.Integer, row => row.Attempts),
        new Column<ReminderRow, long>("next", NpgsqlDbType.Bigint, row => row.Next),
        new Column<ReminderRow, string>("note", NpgsqlDbType.Text, row => row.Note));

    /// <summary>Takes away what of an Appointment is still to be sent; the name of the value follows.</summary>
    public const string Forget = "DELETE FROM reminder WHERE state = 0 AND appointment = ";

    public static void AddReminders(this ModelBuilder modelBuilder) => modelBuilder.Entity<ReminderRow>(reminder =>
    {
        reminder.ToTable(Table.Name).HasKey(row => row.Id);
        reminder.Property(row => row.Id).HasMaxLength(36);
        reminder.Property(row => row.Appointment).HasMaxLength(64);
        reminder.HasIndex(row => row.Appointment).HasDatabaseName("reminder_appointment");
        reminder.HasIndex(row => new { row.State, row.Next }).HasDatabaseName("reminder_next");
    });
}
