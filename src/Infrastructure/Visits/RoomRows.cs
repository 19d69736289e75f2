namespace TeleFhir.Infrastructure.Visits;

/// <summary>A token that opens one connection, under its hash; times are ticks in UTC, here as everywhere.</summary>
internal sealed class JoinTokenRow
{
    public string Hash { get; set; } = "";

    public string Encounter { get; set; } = "";

    public string Participant { get; set; } = "";

    public string Name { get; set; } = "";

    public bool IsHost { get; set; }

    public long Expires { get; set; }

    /// <summary>When it was used; 0 while it was not.</summary>
    public long Used { get; set; }
}

/// <summary>A connection to a room, open or over.</summary>
internal sealed class PresenceRow
{
    public string Id { get; set; } = "";

    public string Encounter { get; set; } = "";

    public string Participant { get; set; } = "";

    public string Name { get; set; } = "";

    public bool IsHost { get; set; }

    public short Role { get; set; }

    public string Node { get; set; } = "";

    public long Joined { get; set; }

    /// <summary>When its node last said that it is there.</summary>
    public long Seen { get; set; }

    /// <summary>When it ended; 0 while it is open.</summary>
    public long Left { get; set; }

    /// <summary>Whether the room was found empty after it ended and that was dealt with.</summary>
    public bool IsSettled { get; set; }
}

/// <summary>An invitation, under the hash of its code.</summary>
internal sealed class InviteRow
{
    public string Hash { get; set; } = "";

    public string Encounter { get; set; } = "";

    public string RelatedPerson { get; set; } = "";

    public string Name { get; set; } = "";

    public long Expires { get; set; }

    /// <summary>When it was exchanged; 0 while it was not.</summary>
    public long Used { get; set; }

    /// <summary>Hash of the session that it was exchanged for; empty while it was not.</summary>
    public string Session { get; set; } = "";

    public bool IsRevoked { get; set; }
}

/// <summary>A message for another node.</summary>
internal sealed class RoomLetterRow
{
    public long Sequence { get; set; }

    public string Node { get; set; } = "";

    public string Encounter { get; set; } = "";

    public string? Recipient { get; set; }

    public string Message { get; set; } = "";

    public string Content { get; set; } = "";

    public long Posted { get; set; }
}
