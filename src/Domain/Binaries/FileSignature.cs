using System.Collections.Immutable;
using System.Text;

namespace TeleFhir.Domain.Binaries;

/// <summary>Tells kinds of files by their first bytes, and which kinds a media type may have.</summary>
public static class FileSignature
{
    /// <summary>So many first bytes are enough.</summary>
    public const int HeadBytes = 512;

    private static readonly UTF8Encoding _utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly ImmutableArray<FileKind> _audio =
        [FileKind.MpegAudio, FileKind.Ogg, FileKind.Wave, FileKind.Flac, FileKind.Amr, FileKind.IsoMedia, FileKind.Webm];

    /// <summary>What a file is that begins like this.</summary>
    public static FileKind Of(ReadOnlySpan<byte> head) => head switch
    {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, ..] => FileKind.Png,
        [0xFF, 0xD8, 0xFF, ..] => FileKind.Jpeg,
        [0xFF, 0xF1 or 0xF9 or 0xFB or 0xFA or 0xF3 or 0xF2, ..] => FileKind.MpegAudio,
        [0x1A, 0x45, 0xDF, 0xA3, ..] => FileKind.Webm,
        [0x1F, 0x8B, ..] or [(byte)'P', (byte)'K', 3 or 5 or 7, ..] or [0x7F, (byte)'E', (byte)'L', (byte)'F', ..] => FileKind.Foreign,
        [(byte)'M', (byte)'Z', ..] when head.Contains((byte)0) => FileKind.Foreign,
        _ => ByName(head),
    };

    /// <summary>Whether a file of this kind may be declared as this media type.</summary>
    /// <param name="mediaType">In lower case, without parameters.</param>
    /// <param name="kind">What the file is.</param>
    public static bool Agree(string mediaType, FileKind kind) => mediaType switch
    {
        "image/png" => kind == FileKind.Png,
        "image/jpeg" => kind == FileKind.Jpeg,
        "image/gif" => kind == FileKind.Gif,
        "image/webp" => kind == FileKind.Webp,
        "image/heic" or "image/heif" => kind == FileKind.Heif,
        "application/pdf" => kind == FileKind.Pdf,
        "application/dicom" => kind == FileKind.Dicom,
        "video/mp4" or "video/quicktime" or "video/3gpp" or "audio/mp4" or "audio/m4a" or "audio/x-m4a" or "audio/3gpp" => kind == FileKind.IsoMedia,
        "video/webm" or "audio/webm" => kind == FileKind.Webm,
        "audio/mpeg" or "audio/mp3" => kind == FileKind.MpegAudio,
        "audio/aac" => kind is FileKind.MpegAudio or FileKind.IsoMedia,
        "audio/ogg" or "audio/opus" or "audio/vorbis" => kind == FileKind.Ogg,
        "audio/wav" or "audio/wave" or "audio/x-wav" or "audio/vnd.wave" => kind == FileKind.Wave,
        "audio/flac" => kind == FileKind.Flac,
        "audio/amr" => kind == FileKind.Amr,
        _ when mediaType.StartsWith("audio/", StringComparison.Ordinal) => _audio.Contains(kind),
        _ when mediaType.StartsWith("text/", StringComparison.Ordinal) || mediaType is "application/json" or "application/xml"
            || mediaType.EndsWith("+json", StringComparison.Ordinal) || mediaType.EndsWith("+xml", StringComparison.Ordinal) => kind == FileKind.Text,
        // A type that an operator has added and that has no signature known here: anything but what is known to be something else.
        _ => kind is FileKind.Unknown or FileKind.Text,
    };

    private static FileKind ByName(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8))
        {
            return FileKind.Gif;
        }

        if (head.StartsWith("%PDF-"u8))
        {
            return FileKind.Pdf;
        }

        if (head.Length >= 12 && head.StartsWith("RIFF"u8))
        {
            return head[8..12].SequenceEqual("WEBP"u8) ? FileKind.Webp : head[8..12].SequenceEqual("WAVE"u8) ? FileKind.Wave : FileKind.Unknown;
        }

        if (head.Length >= 12 && head[4..8].SequenceEqual("ftyp"u8))
        {
            return IsHeif(head) ? FileKind.Heif : FileKind.IsoMedia;
        }

        // QuickTime from before there was ftyp.
        if (head.Length >= 8 && (head[4..8].SequenceEqual("moov"u8) || head[4..8].SequenceEqual("mdat"u8) || head[4..8].SequenceEqual("wide"u8)))
        {
            return FileKind.IsoMedia;
        }

        return head.StartsWith("ID3"u8) ? FileKind.MpegAudio
            : head.StartsWith("OggS"u8) ? FileKind.Ogg
            : head.StartsWith("fLaC"u8) ? FileKind.Flac
            : head.StartsWith("#!AMR"u8) ? FileKind.Amr
            : head.Length >= 132 && head[128..132].SequenceEqual("DICM"u8) ? FileKind.Dicom
            : IsPage(head) ? FileKind.Foreign
            : IsText(head) ? FileKind.Text
            : FileKind.Unknown;
    }

    private static bool IsHeif(ReadOnlySpan<byte> head)
    {
        for (var at = 8; at + 4 <= Math.Min(head.Length, 64); at += 4)
        {
            var brand = head[at..(at + 4)];
            if (brand.SequenceEqual("heic"u8) || brand.SequenceEqual("heix"u8) || brand.SequenceEqual("mif1"u8) || brand.SequenceEqual("msf1"u8) || brand.SequenceEqual("hevc"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsPage(ReadOnlySpan<byte> head)
    {
        var start = Encoding.Latin1.GetString(head[..Math.Min(head.Length, 64)]).TrimStart('\u00EF', '\u00BB', '\u00BF', ' ', '\t', '\r', '\n');
        return start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            || start.StartsWith("<script", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<svg", StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        if (head.Contains((byte)0))
        {
            return false;
        }

        // The head may end within a letter.
        for (var cut = 0; cut < 4 && cut <= head.Length; cut++)
        {
            try
            {
                _utf8.GetCharCount(head[..^cut]);
                return true;
            }
            catch (DecoderFallbackException) when (head.Length == HeadBytes)
            {
                // One byte less, then.
            }
            catch (DecoderFallbackException)
            {
                return false;
            }
        }

        return false;
    }
}
