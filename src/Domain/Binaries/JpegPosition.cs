using System.Buffers.Binary;

namespace TeleFhir.Domain.Binaries;

/// <summary>JPEG (ITU T.81, annex B): segments that start with a marker and tell their length, and between some of them coded data.</summary>
internal static class JpegPosition
{
    private const byte StartOfImage = 0xD8;
    private const byte EndOfImage = 0xD9;
    private const byte App1 = 0xE1;

    /// <summary>Cleans every Exif and XMP segment, also those of pictures behind the first one (previews) and of a video behind them.</summary>
    public static void Remove(Stream file)
    {
        var at = 0L;
        for (var parts = 0; parts < FilePosition.MostParts && NextMarker(file, at) is var (marker, behind); parts++)
        {
            at = behind;
            if (marker == StartOfImage)
            {
                continue;
            }

            if (marker == EndOfImage)
            {
                if (FilePosition.Read(file, at, 8) is [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p'])
                {
                    IsoPosition.Remove(file, at);
                    return;
                }

                continue;
            }

            if (FilePosition.Read(file, at, 2) is not { } bytes || BinaryPrimitives.ReadUInt16BigEndian(bytes) is not (>= 2 and var length))
            {
                continue;
            }

            if (marker == App1)
            {
                Clean(file, at + 2, Math.Min(length - 2, file.Length - at - 2));
            }

            at += length;
        }
    }

    private static void Clean(Stream file, long at, long length)
    {
        var name = FilePosition.Read(file, at, Math.Min(length, 35)) ?? [];
        if (name.AsSpan().StartsWith("Exif\0\0"u8))
        {
            FilePosition.CleanExif(file, at, length);
        }
        else if (name.AsSpan().StartsWith("http://ns.adobe.com/xap/1.0/\0"u8))
        {
            FilePosition.CleanXmp(file, at + 29, length - 29);
        }
        else if (name.AsSpan().StartsWith("http://ns.adobe.com/xmp/extension/\0"u8))
        {
            FilePosition.CleanXmp(file, at + 35 + 40, length - 35 - 40);
        }
    }

    /// <summary>
    /// The next marker at or behind a place and where it ends, but those that stand alone within coded data. Else coded data has none: 0xFF is
    /// followed by 0 there.
    /// </summary>
    private static (byte Marker, long Behind)? NextMarker(Stream file, long at)
    {
        var buffer = new byte[4096];
        var isBehindFill = false;
        while (at < file.Length)
        {
            file.Position = at;
            var count = file.Read(buffer);
            for (var i = 0; i < count; i++)
            {
                if (isBehindFill && buffer[i] is not (0 or 0x01 or (>= 0xD0 and <= 0xD7) or 0xFF))
                {
                    return (buffer[i], at + i + 1);
                }

                isBehindFill = buffer[i] == 0xFF;
                if (!isBehindFill)
                {
                    var next = buffer.AsSpan(i, count - i).IndexOf((byte)0xFF);
                    if (next < 0)
                    {
                        break;
                    }

                    i += next - 1;
                }
            }

            at += count;
        }

        return null;
    }
}
