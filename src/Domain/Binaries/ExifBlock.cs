using System.Buffers.Binary;

namespace TeleFhir.Domain.Binaries;

/// <summary>
/// An Exif block, which is a TIFF file in memory (Exif 2.32, 4.5; TIFF 6.0): a header and directories of entries of 12 bytes. The position is
/// in a directory of its own that an entry points to.
/// </summary>
internal static class ExifBlock
{
    private const int MostDirectories = 32;
    private const int EntryBytes = 12;
    private const ushort Position = 0x8825;
    private const ushort Exif = 0x8769;
    private const ushort SubDirectories = 0x014A;

    /// <summary>
    /// Wipes the directory of the position and takes the entry that points to it away. All else, and every offset, stays. False where the
    /// block cannot be read, so that nobody knows what is in it.
    /// </summary>
    public static bool RemovePosition(Span<byte> tiff)
    {
        if (tiff.Length < 8)
        {
            return false;
        }

        var isLittle = tiff[0] == (byte)'I' && tiff[1] == (byte)'I';
        if ((!isLittle && !(tiff[0] == (byte)'M' && tiff[1] == (byte)'M')) || Short(tiff, 2, isLittle) != 42)
        {
            return false;
        }

        var pending = new Queue<uint>([Long(tiff, 4, isLittle)]);
        var seen = new HashSet<uint>();
        while (pending.TryDequeue(out var at))
        {
            if (at == 0 || !seen.Add(at))
            {
                continue;
            }

            if (seen.Count > MostDirectories || !Walk(tiff, at, isLittle, pending))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Walk(Span<byte> tiff, uint at, bool isLittle, Queue<uint> pending)
    {
        if (at + 2L > tiff.Length)
        {
            return false;
        }

        var count = Short(tiff, (int)at, isLittle);
        var first = (int)at + 2;
        var end = first + (long)count * EntryBytes;
        if (end > tiff.Length)
        {
            return false;
        }

        for (var i = 0; i < count;)
        {
            var entry = first + (i * EntryBytes);
            switch (Short(tiff, entry, isLittle))
            {
                case Position:
                    if (!Wipe(tiff, Long(tiff, entry + 8, isLittle), isLittle))
                    {
                        return false;
                    }

                    // What is behind it moves up, the pointer to the next directory with it.
                    var rest = (int)Math.Min(end + 4, tiff.Length);
                    tiff[(entry + EntryBytes)..rest].CopyTo(tiff[entry..]);
                    tiff[(rest - EntryBytes)..rest].Clear();
                    count--;
                    end -= EntryBytes;
                    Write(tiff, (int)at, count, isLittle);
                    continue;
                case Exif:
                    pending.Enqueue(Long(tiff, entry + 8, isLittle));
                    break;
                case SubDirectories when Long(tiff, entry + 4, isLittle) == 1:
                    pending.Enqueue(Long(tiff, entry + 8, isLittle));
                    break;
            }

            i++;
        }

        if (end + 4 <= tiff.Length)
        {
            pending.Enqueue(Long(tiff, (int)end, isLittle));
        }

        return true;
    }

    private static bool Wipe(Span<byte> tiff, uint at, bool isLittle)
    {
        if (at < 8 || at + 2L > tiff.Length)
        {
            return false;
        }

        var count = Short(tiff, (int)at, isLittle);
        var end = at + 2L + ((long)count * EntryBytes);
        if (end > tiff.Length)
        {
            return false;
        }

        for (var entry = (int)at + 2; entry < end; entry += EntryBytes)
        {
            var bytes = SizeOf(Short(tiff, entry + 2, isLittle)) * Long(tiff, entry + 4, isLittle);
            var value = Long(tiff, entry + 8, isLittle);
            if (bytes > 4)
            {
                if (value < 8 || value + bytes > tiff.Length)
                {
                    return false;
                }

                tiff.Slice((int)value, (int)bytes).Clear();
            }
        }

        tiff[(int)at..(int)Math.Min(end + 4, tiff.Length)].Clear();
        return true;
    }

    private static long SizeOf(ushort type) => type switch
    {
        3 or 8 => 2,
        4 or 9 or 11 or 13 => 4,
        5 or 10 or 12 => 8,
        _ => 1,
    };

    private static ushort Short(ReadOnlySpan<byte> tiff, int at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(tiff[at..]) : BinaryPrimitives.ReadUInt16BigEndian(tiff[at..]);

    private static uint Long(ReadOnlySpan<byte> tiff, int at, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[at..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[at..]);

    private static void Write(Span<byte> tiff, int at, ushort value, bool isLittle)
    {
        if (isLittle)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(tiff[at..], value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(tiff[at..], value);
        }
    }
}
