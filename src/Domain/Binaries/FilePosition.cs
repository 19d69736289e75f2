namespace TeleFhir.Domain.Binaries;

/// <summary>
/// Takes out of a picture or video where it was made. Nothing is encoded anew: bytes are overwritten in place, so that the picture and every
/// offset in the file stay. Where a block cannot be read it is wiped whole.
/// </summary>
public static class FilePosition
{
    /// <summary>No block with a position is larger; one that is goes whole.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    /// <summary>No picture has more parts; what is made to have them is not looked through to its end.</summary>
    internal const int MostParts = 100_000;

    /// <summary>Removes the position from a file.</summary>
    /// <param name="file">The file; it can seek, read and write.</param>
    /// <param name="kind">What it is.</param>
    public static void Remove(Stream file, FileKind kind)
    {
        switch (kind)
        {
            case FileKind.Jpeg:
                JpegPosition.Remove(file);
                break;
            case FileKind.Png:
                PngPosition.Remove(file);
                break;
            case FileKind.Webp:
                WebpPosition.Remove(file);
                break;
            case FileKind.Heif or FileKind.IsoMedia:
                IsoPosition.Remove(file, 0);
                break;
        }
    }

    /// <summary>Removes the position from an Exif block in a file, or all of it where it cannot be read.</summary>
    internal static void CleanExif(Stream file, long at, long length)
    {
        if (length <= 0)
        {
            return;
        }

        if (length > MostBytes || Read(file, at, length) is not { } block)
        {
            Fill(file, at, length, 0);
            return;
        }

        var prefix = block.AsSpan().StartsWith("Exif\0\0"u8) ? 6 : 0;
        if (!ExifBlock.RemovePosition(block.AsSpan(prefix)))
        {
            block.AsSpan(prefix).Clear();
        }

        Write(file, at, block);
    }

    /// <summary>Blanks an XMP packet that speaks of a position: it is XML, and spaces of the same length are no harm.</summary>
    internal static void CleanXmp(Stream file, long at, long length)
    {
        if (length > 0 && (length > MostBytes || Read(file, at, length) is not { } packet || packet.AsSpan().IndexOf("GPS"u8) >= 0))
        {
            Fill(file, at, length, (byte)' ');
        }
    }

    /// <summary>Some bytes of a file; null where it ends before.</summary>
    internal static byte[]? Read(Stream file, long at, long length)
    {
        if (at < 0 || length < 0 || length > MostBytes || at + length > file.Length)
        {
            return null;
        }

        var bytes = new byte[length];
        file.Position = at;
        file.ReadExactly(bytes);
        return bytes;
    }

    internal static void Write(Stream file, long at, ReadOnlySpan<byte> bytes)
    {
        file.Position = at;
        file.Write(bytes);
    }

    internal static void Fill(Stream file, long at, long length, byte value)
    {
        Span<byte> blank = stackalloc byte[1024];
        blank.Fill(value);
        file.Position = at;
        for (var left = Math.Min(length, file.Length - at); left > 0; left -= blank.Length)
        {
            file.Write(blank[..(int)Math.Min(left, blank.Length)]);
        }
    }
}
