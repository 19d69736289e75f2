using Microsoft.EntityFrameworkCore;

namespace TeleFhir.Infrastructure.Visits;

/// <summary>The tables of rooms: who may come in, who is in, and what goes from node to node.</summary>
internal static class RoomModel
{
    private const int HashLength = 43;

    public static void AddRooms(this ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<JoinTokenRow>(token =>
        {
            token.ToTable("join_token").HasKey(row => row.Hash);
            token.Property(row => row.Hash).HasMaxLength(HashLength);
            token.HasIndex(row => row.Encounter).HasDatabaseName("join_token_encounter");
            token.HasIndex(row => row.Expires).HasDatabaseName("join_token_expires");
        });
        modelBuilder.Entity<PresenceRow>(presence =>
        {
            presence.ToTable("visit_presence").HasKey(row => row.Id);
            presence.HasIndex(row => row.Encounter).HasDatabaseName("visit_presence_encounter");
            presence.HasIndex(row => new { row.IsSettled, row.Left }).HasDatabaseName("visit_presence_open");
        });
        modelBuilder.Entity<InviteRow>(invite =>
        {
            invite.ToTable("visit_invite").HasKey(row => row.Hash);
            invite.Property(row => row.Hash).HasMaxLength(HashLength);
            invite.HasIndex(row => row.Encounter).HasDatabaseName("visit_invite_encounter");
        });
        modelBuilder.Entity<RoomLetterRow>(letter =>
        {
            letter.ToTable("room_letter").HasKey(row => row.Sequence);
            letter.Property(row => row.Sequence).ValueGeneratedOnAdd();
            letter.HasIndex(row => new { row.Node, row.Sequence }).HasDatabaseName("room_letter_node");
        });
        modelBuilder.Entity<RecordingRow>(recording =>
        {
            recording.ToTable("recording").HasKey(row => row.Id);
            recording.Property(row => row.Id).HasMaxLength(64);
            recording.HasIndex(row => row.Encounter).IsUnique().HasFilter("stopped = 0").HasDatabaseName("recording_running");
            recording.HasIndex(row => new { row.Encounter, row.Stopped }).HasDatabaseName("recording_encounter");
        });
    }
}
