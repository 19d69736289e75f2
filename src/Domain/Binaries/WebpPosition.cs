using System.Buffers.Binary;

namespace TeleFhir.Domain.Binaries;

/// <summary>WebP (RFC 9649): chunks of type, length and data, filled up to an even number of bytes.</summary>
internal static class WebpPosition
{
    /// <summary>Cleans the chunks of Exif and XMP.</summary>
    public static void Remove(Stream file)
    {
        var at = 12L;
        for (var parts = 0; parts < FilePosition.MostParts && FilePosition.Read(file, at, 8) is { } header; parts++)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)), file.Length - at - 8);
            if (header.AsSpan(0, 4).SequenceEqual("EXIF"u8))
            {
                FilePosition.CleanExif(file, at + 8, length);
            }
            else if (header.AsSpan(0, 4).SequenceEqual("XMP "u8))
            {
                FilePosition.CleanXmp(file, at + 8, length);
            }

            at += 8 + length + (length & 1);
        }
    }
}
