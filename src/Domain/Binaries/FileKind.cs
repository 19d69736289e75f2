namespace TeleFhir.Domain.Binaries;

/// <summary>What the first bytes of a file say that it is.</summary>
public enum FileKind
{
    /// <summary>No known signature.</summary>
    Unknown,

    /// <summary>No signature, and what could be text.</summary>
    Text,

    /// <summary>PNG.</summary>
    Png,

    /// <summary>JPEG.</summary>
    Jpeg,

    /// <summary>GIF.</summary>
    Gif,

    /// <summary>WebP.</summary>
    Webp,

    /// <summary>HEIF, a picture in an ISO base media file.</summary>
    Heif,

    /// <summary>Another ISO base media file: MP4, QuickTime, 3GPP.</summary>
    IsoMedia,

    /// <summary>Matroska or WebM.</summary>
    Webm,

    /// <summary>PDF.</summary>
    Pdf,

    /// <summary>DICOM.</summary>
    Dicom,

    /// <summary>MPEG audio or ADTS.</summary>
    MpegAudio,

    /// <summary>Ogg.</summary>
    Ogg,

    /// <summary>WAVE.</summary>
    Wave,

    /// <summary>FLAC.</summary>
    Flac,

    /// <summary>AMR.</summary>
    Amr,

    /// <summary>A program, an archive or a page: never taken, whatever it is declared as.</summary>
    Foreign,
}
