using System.Buffers.Binary;
using System.IO.Hashing;

namespace TeleFhir.Domain.Binaries;

/// <summary>PNG (W3C PNG 3): chunks of length, type, data and a check sum.</summary>
internal static class PngPosition
{
    /// <summary>Cleans the Exif chunk, and wipes texts that hold Exif or XMP with a position.</summary>
    public static void Remove(Stream file)
    {
        var at = 8L;
        for (var parts = 0; parts < FilePosition.MostParts && FilePosition.Read(file, at, 8) is { } header; parts++)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(header);
            var type = header.AsSpan(4);
            var data = at + 8;
            if (data + length + 4 > file.Length)
            {
                length = Math.Max(0, file.Length - data - 4);
            }

            if (type.SequenceEqual("eXIf"u8))
            {
                FilePosition.CleanExif(file, data, length);
                Seal(file, at, length);
            }
            else if ((type.SequenceEqual("tEXt"u8) || type.SequenceEqual("zTXt"u8) || type.SequenceEqual("iTXt"u8)) && MayHavePosition(file, data, length))
            {
                // A chunk of nobody's, which readers pass over; the data goes.
                FilePosition.Write(file, at + 4, "blNk"u8);
                FilePosition.Fill(file, data, length, 0);
                Seal(file, at, length);
            }

            at = data + length + 4;
        }
    }

    private static bool MayHavePosition(Stream file, long data, long length)
    {
        var keyword = FilePosition.Read(file, data, Math.Min(length, 80)) ?? [];
        var text = keyword.AsSpan();
        return text.StartsWith("Raw profile type "u8) || text.StartsWith("exif:"u8)
            || (text.StartsWith("XML:com.adobe.xmp\0"u8)
                && ((keyword.Length > 18 && keyword[18] != 0) || FilePosition.Read(file, data, length) is not { } packet || packet.AsSpan().IndexOf("GPS"u8) >= 0));
    }

    private static void Seal(Stream file, long at, long length)
    {
        var crc = new Crc32();
        file.Position = at + 4;
        var buffer = new byte[4096];
        for (var left = length + 4; left > 0;)
        {
            var count = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (count == 0)
            {
                return;
            }

            crc.Append(buffer.AsSpan(0, count));
            left -= count;
        }

        var sum = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(sum, crc.GetCurrentHashAsUInt32());
        if (file.Position + 4 <= file.Length)
        {
            file.Write(sum);
        }
    }
}
