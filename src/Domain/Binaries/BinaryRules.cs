using System.Net;
using System.Net.Http.Headers;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Binaries;

/// <summary>Which files are taken as a Binary (https://hl7.org/fhir/R4/binary.html): by size, by media type, and only where the content is what it says.</summary>
public static class BinaryRules
{
    /// <summary>413: the file is larger than <see cref="BinarySettings.MaxBytes"/>.</summary>
    public const string TooLarge = "binary-too-large";

    /// <summary>415: the media type is not taken.</summary>
    public const string TypeNotAllowed = "media-type-not-allowed";

    /// <summary>422: the content is not of the media type that is declared.</summary>
    public const string Mismatch = "content-type-mismatch";

    /// <summary>422: an attachment states another size or hash than its Binary has.</summary>
    public const string AttachmentMismatch = "attachment-mismatch";

    /// <summary>Whether a file may come at all: 415 where its type is not taken.</summary>
    public static Refusal? CheckType(string? contentType, BinarySettings settings)
    {
        if (MediaTypeOf(contentType) is { } type && settings.Types.Any(taken => taken.EndsWith("/*", StringComparison.Ordinal)
            ? type.StartsWith(taken[..^1], StringComparison.Ordinal)
            : type == taken))
        {
            return null;
        }

        return new Refusal(
            HttpStatusCode.UnsupportedMediaType,
            OperationOutcome.IssueType.NotSupported,
            TypeNotAllowed,
            $"Files of this media type are not taken; taken are {string.Join(", ", settings.Types)}.",
            "Binary.contentType");
    }

    /// <summary>Whether the content is of the type: 422 where it is something else.</summary>
    /// <param name="contentType">A type that is taken.</param>
    /// <param name="kind">What the content is.</param>
    /// <param name="size">How long it is; of what is empty nothing can be told.</param>
    public static Refusal? CheckContent(string contentType, FileKind kind, long size) =>
        size == 0 || FileSignature.Agree(MediaTypeOf(contentType)!, kind)
            ? null
            : Refusal.BusinessRule(Mismatch, $"The content is not of the type {MediaTypeOf(contentType)} that it is declared as.", "Binary.contentType");

    /// <summary>413.</summary>
    public static Refusal OverSize(BinarySettings settings) => new(
        HttpStatusCode.RequestEntityTooLarge,
        OperationOutcome.IssueType.TooLong,
        TooLarge,
        $"The file is larger than the limit of {settings.MaxBytes} bytes.");

    /// <summary>The media type in lower case without parameters; null where it is none.</summary>
    public static string? MediaTypeOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var parsed) && parsed.MediaType is { } type ? type.ToLowerInvariant() : null;

    /// <summary>Whether an attachment that names a Binary says of it what is so (size in bytes, SHA-1): 422 where not.</summary>
    /// <param name="attachment">The attachment.</param>
    /// <param name="content">The content of the Binary that it names.</param>
    /// <param name="expression">Where the attachment is.</param>
    public static Refusal? CheckAttachment(Attachment attachment, BinaryContent content, string expression)
    {
        if (attachment.SizeUnsignedInt is { } size && size != content.Size)
        {
            return Refusal.BusinessRule(AttachmentMismatch, $"The file has {content.Size} bytes.", $"{expression}.size");
        }

        return attachment.Hash is { Length: > 0 } hash && Convert.ToBase64String(hash) != content.Sha1
            ? Refusal.BusinessRule(AttachmentMismatch, "The file has another SHA-1.", $"{expression}.hash")
            : null;
    }
}
