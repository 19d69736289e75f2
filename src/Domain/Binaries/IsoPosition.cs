using System.Buffers.Binary;
using System.Text;

namespace TeleFhir.Domain.Binaries;

/// <summary>
/// ISO base media files (ISO/IEC 14496-12): boxes of length, type and data, some of which hold boxes. HEIF pictures (ISO/IEC 23008-12) keep
/// Exif as an item whose place a table tells; videos have the position in <c>udta</c> or among the keys of <c>meta</c>.
/// </summary>
internal static class IsoPosition
{
    private const int MostDepth = 8;

    private static readonly byte[] _xmp = Convert.FromHexString("BE7ACFCB97A942E89C71999491E3AFAC");

    private readonly record struct Box(string Type, long At, long Data, long End);

    /// <summary>Removes the position from the file that starts at a place of the stream.</summary>
    public static void Remove(Stream file, long start) => Walk(file, start, start, file.Length, 0);

    private static void Walk(Stream file, long start, long at, long end, int depth)
    {
        foreach (var box in depth > MostDepth ? [] : Boxes(file, at, end))
        {
            switch (box.Type)
            {
                case "moov" or "trak" or "udta" or "moof" or "traf":
                    Walk(file, start, box.Data, box.End, depth + 1);
                    break;
                case "meta":
                    Meta(file, start, box);
                    break;
                case "\u00A9xyz" or "loci" or "\u00A9gps" or "gps0":
                    FilePosition.Write(file, box.At + 4, "free"u8);
                    FilePosition.Fill(file, box.Data, box.End - box.Data, 0);
                    break;
                case "uuid" when FilePosition.Read(file, box.Data, 16) is { } user && user.AsSpan().SequenceEqual(_xmp):
                    FilePosition.CleanXmp(file, box.Data + 16, box.End - box.Data - 16);
                    break;
            }
        }
    }

    private static List<Box> Boxes(Stream file, long at, long end)
    {
        var boxes = new List<Box>();
        while (at + 8 <= end && FilePosition.Read(file, at, 8) is { } header && boxes.Count < FilePosition.MostParts)
        {
            long size = BinaryPrimitives.ReadUInt32BigEndian(header);
            var data = at + 8;
            if (size == 1 && FilePosition.Read(file, data, 8) is { } large)
            {
                size = BinaryPrimitives.ReadInt64BigEndian(large);
                data += 8;
            }

            var stop = size == 0 ? end : at + size;
            if (stop < data || stop > end)
            {
                break;
            }

            boxes.Add(new Box(Encoding.Latin1.GetString(header, 4, 4), at, data, stop));
            at = stop;
        }

        return boxes;
    }

    private static void Meta(Stream file, long start, Box meta)
    {
        // QuickTime's has no version, that of ISO has.
        var inner = FilePosition.Read(file, meta.Data + 4, 4) is { } type && type.AsSpan().SequenceEqual("hdlr"u8) ? meta.Data : meta.Data + 4;
        var boxes = Boxes(file, inner, meta.End);
        Keys(file, boxes);
        Items(file, start, boxes);
    }

    private static void Keys(Stream file, List<Box> boxes)
    {
        var keys = boxes.Find(box => box.Type == "keys");
        var values = boxes.Find(box => box.Type == "ilst");
        if (keys.Type is null || values.Type is null)
        {
            return;
        }

        var places = new HashSet<uint>();
        var number = 0u;
        for (var at = keys.Data + 8; FilePosition.Read(file, at, 8) is { } header && at < keys.End && number < 10_000;)
        {
            number++;
            var size = BinaryPrimitives.ReadUInt32BigEndian(header);
            if (FilePosition.Read(file, at + 8, Math.Max(0, Math.Min(size - 8L, 256))) is { } name && Encoding.Latin1.GetString(name).Contains("location", StringComparison.OrdinalIgnoreCase))
            {
                places.Add(number);
            }

            at += Math.Max(size, 8);
        }

        foreach (var value in Boxes(file, values.Data, values.End))
        {
            if (FilePosition.Read(file, value.At + 4, 4) is { } index && places.Contains(BinaryPrimitives.ReadUInt32BigEndian(index)))
            {
                // Behind the header of the box "data", its type and its language.
                FilePosition.Fill(file, value.Data + 16, value.End - value.Data - 16, (byte)' ');
            }
        }
    }

    private static void Items(Stream file, long start, List<Box> boxes)
    {
        var names = boxes.Find(box => box.Type == "iinf");
        var places = boxes.Find(box => box.Type == "iloc");
        if (names.Type is null || places.Type is null || FilePosition.Read(file, places.Data, places.End - places.Data) is not { } table)
        {
            return;
        }

        var data = boxes.Find(box => box.Type == "idat");
        var wanted = ItemTypes(file, names);
        foreach (var (item, isInside, at, length) in Places(table).Take(FilePosition.MostParts))
        {
            var from = isInside ? data.Data + at : start + at;
            var until = Math.Min(length == 0 ? file.Length : from + length, file.Length);
            switch (wanted.GetValueOrDefault(item))
            {
                case "Exif" when FilePosition.Read(file, from, 4) is { } header:
                    var skip = 4L + BinaryPrimitives.ReadUInt32BigEndian(header);
                    FilePosition.CleanExif(file, skip <= until - from ? from + skip : from, skip <= until - from ? until - from - skip : until - from);
                    break;
                case "mime" or "uri ":
                    FilePosition.CleanXmp(file, from, until - from);
                    break;
            }
        }
    }

    private static Dictionary<uint, string> ItemTypes(Stream file, Box names)
    {
        var types = new Dictionary<uint, string>();
        var version = FilePosition.Read(file, names.Data, 1) is [var one] ? one : 0;
        foreach (var item in Boxes(file, names.Data + (version == 0 ? 6 : 8), names.End).Where(box => box.Type == "infe"))
        {
            if (FilePosition.Read(file, item.Data, Math.Min(item.End - item.Data, 16)) is { Length: >= 12 } entry && entry[0] >= 2)
            {
                var isLong = entry[0] > 2 && entry.Length >= 14;
                var id = isLong ? BinaryPrimitives.ReadUInt32BigEndian(entry.AsSpan(4)) : BinaryPrimitives.ReadUInt16BigEndian(entry.AsSpan(4));
                types[id] = Encoding.Latin1.GetString(entry, isLong ? 10 : 8, 4);
            }
        }

        return types;
    }

    /// <summary>Where items are, from the table <c>iloc</c>; what runs out of the table ends it.</summary>
    private static IEnumerable<(uint Item, bool IsInside, long At, long Length)> Places(byte[] table)
    {
        if (table.Length < 8)
        {
            yield break;
        }

        var (version, at) = (table[0], 6);
        var (offsetBytes, lengthBytes, baseBytes, indexBytes) = (table[4] >> 4, table[4] & 15, table[5] >> 4, version == 0 ? 0 : table[5] & 15);
        var count = Number(version < 2 ? 2 : 4);
        for (var i = 0L; i < count && at < table.Length; i++)
        {
            var id = (uint)Number(version < 2 ? 2 : 4);
            var isInside = version > 0 && (Number(2) & 15) == 1;
            Number(2);
            var origin = Number(baseBytes);
            var extents = offsetBytes + lengthBytes + indexBytes == 0 ? Math.Min(Number(2), 1) : Number(2);
            for (var j = 0L; j < extents && at < table.Length; j++)
            {
                Number(indexBytes);
                var offset = Number(offsetBytes);
                var length = Number(lengthBytes);
                yield return (id, isInside, origin + offset, length);
            }
        }

        long Number(int bytes)
        {
            var number = 0L;
            for (; bytes > 0; bytes--)
            {
                number = (number << 8) | (at < table.Length ? table[at] : 0L);
                at++;
            }

            return number;
        }
    }
}
