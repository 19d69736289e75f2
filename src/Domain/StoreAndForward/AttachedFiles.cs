using Hl7.Fhir.Model;

namespace TeleFhir.Domain.StoreAndForward;

/// <summary>The attachments of the resources that bring files to people: which file each is, and where it stands.</summary>
public static class AttachedFiles
{
    /// <summary>Attachments with an address.</summary>
    public static IEnumerable<(Attachment Attachment, string Expression)> Of(Resource resource) => (resource switch
    {
        DocumentReference document => document.Content.Select((content, at) => (content.Attachment, $"DocumentReference.content[{at}].attachment")),
        Media media => [(media.Content, "Media.content")],
        Communication message => message.Payload.Select((payload, at) => ((payload.Content as Attachment)!, $"Communication.payload[{at}].content")),
        _ => [],
    }).Where(one => one.Item1?.Url is { Length: > 0 });
}
