using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace TeleFhir.Api.Tests.Binaries;

/// <summary>Small pictures with a position in them, made by hand from what the formats say.</summary>
internal static class Pictures
{
    /// <summary>What the position reads as in the files: 51 degrees 30 minutes, as rationals.</summary>
    public static byte[] Latitude { get; } = [51, 0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 0];

    /// <summary>An Exif block: the camera's maker, and a directory with the position.</summary>
    public static byte[] Exif()
    {
        var tiff = new MemoryStream();
        using var write = new BinaryWriter(tiff, Encoding.ASCII, leaveOpen: true);
        write.Write("II*\0"u8);
        write.Write(8);

        // Maker, position and, behind them, how the picture is turned.
        write.Write((short)3);
        Entry(0x010F, 2, 6, 50);
        Entry(0x8825, 4, 1, 60);
        Entry(0xA001, 3, 1, 1);
        write.Write(0);
        write.Write("Maker\0\0\0\0\0"u8);
        write.Write((short)2);
        Entry(1, 2, 2, 'N');
        Entry(2, 5, 2, 90);
        write.Write(0);
        write.Write(Latitude);
        write.Flush();
        return tiff.ToArray();

        void Entry(int tag, short type, int count, int value)
        {
            write.Write((ushort)tag);
            write.Write(type);
            write.Write(count);
            write.Write(value);
        }
    }

    public static byte[] Jpeg(int trailing = 0) =>
    [
        0xFF, 0xD8,
        .. Segment(0xE0, [.. "JFIF\0"u8, 1, 1, 0, 0, 1, 0, 1, 0, 0]),
        .. Segment(0xE1, [.. "Exif\0\0"u8, .. Exif()]),
        .. Segment(0xE1, [.. "http://ns.adobe.com/xap/1.0/\0"u8, .. "<x:xmpmeta><rdf exif:GPSLatitude=\"51,30N\"/></x:xmpmeta>"u8]),
        .. Segment(0xDA, [1, 1, 0, 0, 63, 0]),
        1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4,
        0xFF, 0xD9,
        .. new byte[trailing],
    ];

    public static byte[] Png() =>
    [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,
        .. Chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]),
        .. Chunk("eXIf", Exif()),
        .. Chunk("iTXt", [.. "XML:com.adobe.xmp\0\0\0\0\0"u8, .. "<x exif:GPSLatitude='51,30N'/>"u8]),
        .. Chunk("IDAT", [0x78, 0x9C, 0x63, 0x60, 0, 0, 0, 2, 0, 1]),
        .. Chunk("IEND", []),
    ];

    public static byte[] Webp()
    {
        var exif = Exif();
        byte[] body = [.. "WEBP"u8, .. "VP8 "u8, 4, 0, 0, 0, 1, 2, 3, 4, .. "EXIF"u8, .. Little(exif.Length), .. exif, .. new byte[exif.Length & 1]];
        return [.. "RIFF"u8, .. Little(body.Length), .. body];
    }

    /// <summary>A HEIF picture whose Exif is an item that the table places behind the boxes.</summary>
    public static byte[] Heif()
    {
        var exif = Exif();
        byte[] head = Box("ftyp", [.. "heic"u8, 0, 0, 0, 0, .. "mif1"u8, .. "heic"u8]);
        byte[] infe = Box("infe", [2, 0, 0, 0, 0, 7, 0, 0, .. "Exif"u8, 0]);
        byte[] iinf = Box("iinf", [0, 0, 0, 0, 0, 1, .. infe]);
        byte[] Meta(int at) => Box("meta", [0, 0, 0, 0, .. iinf, .. Box("iloc", [0, 0, 0, 0, 0x44, 0x00, 0, 1, 0, 7, 0, 0, 0, 1, .. Big(at), .. Big(exif.Length + 4)])]);
        var place = head.Length + Meta(0).Length + 8;
        return [.. head, .. Meta(place), .. Box("mdat", [0, 0, 0, 0, .. exif])];
    }

    /// <summary>A video with the position among its user data.</summary>
    public static byte[] Mp4() =>
    [
        .. Box("ftyp", [.. "isom"u8, 0, 0, 0, 0, .. "isom"u8]),
        .. Box("moov", Box("udta", Box("\u00A9xyz", [0, 14, 0x15, 0xC7, .. "+51.5000-000.1"u8]))),
        .. Box("mdat", [1, 2, 3]),
    ];

    private static byte[] Segment(byte marker, byte[] data) => [0xFF, marker, (byte)((data.Length + 2) >> 8), (byte)(data.Length + 2), .. data];

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        return [.. Big(data.Length), .. body, .. Big(unchecked((int)Crc32.HashToUInt32(body)))];
    }

    private static byte[] Box(string type, byte[] data) => [.. Big(data.Length + 8), .. Encoding.Latin1.GetBytes(type), .. data];

    private static byte[] Big(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] Little(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return bytes;
    }
}
