using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Storage;

/// <summary>The opaque parameter of a history's next link: the whole request and the place to go on from, sealed as for a search.</summary>
/// <param name="key">Secret, at least 32 random bytes, the same on every node.</param>
public sealed class HistoryToken(byte[] key)
{
    private readonly SealedToken _token = new(key, "history-page-1");

    /// <summary>The token of the page of this history that starts after a place.</summary>
    public string Encode(HistoryQuery query, HistoryCursor after) => _token.Seal(writer =>
    {
        writer.Write(query.Type ?? "");
        writer.Write(query.Id ?? "");
        Write(writer, query.Since?.UtcTicks);
        Write(writer, query.Before?.UtcTicks);
        Write(writer, query.At?.Low);
        Write(writer, query.At?.High);
        writer.Write(query.OldestFirst);
        writer.Write7BitEncodedInt(query.Count);
        writer.Write(after.Updated);
        writer.Write(after.Key);
        writer.Write7BitEncodedInt(after.Version);
    });

    /// <summary>The request for the page that a token names; 400 where this server did not make it.</summary>
    public HistoryQuery Decode(string token) => _token.Open(token, reader => new HistoryQuery
    {
        Type = Named(reader.ReadString()),
        Id = Named(reader.ReadString()),
        Since = ReadTicks(reader) is { } since ? new DateTimeOffset(since, TimeSpan.Zero) : null,
        Before = ReadTicks(reader) is { } before ? new DateTimeOffset(before, TimeSpan.Zero) : null,
        At = (ReadTicks(reader), ReadTicks(reader)) is ({ } low, { } high) ? new DateRange(low, high) : null,
        OldestFirst = reader.ReadBoolean(),
        Count = reader.Read7BitEncodedInt(),
        After = new HistoryCursor(reader.ReadInt64(), reader.ReadInt64(), reader.Read7BitEncodedInt()),
    });

    private static string? Named(string text) => text.Length == 0 ? null : text;

    private static void Write(BinaryWriter writer, long? ticks)
    {
        writer.Write(ticks is not null);
        writer.Write(ticks ?? 0);
    }

    private static long? ReadTicks(BinaryReader reader)
    {
        var isGiven = reader.ReadBoolean();
        var ticks = reader.ReadInt64();
        return isGiven ? ticks : null;
    }
}
