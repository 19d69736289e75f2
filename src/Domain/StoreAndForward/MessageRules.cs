using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.StoreAndForward;

/// <summary>
/// Messages (https://hl7.org/fhir/R4/communication.html): what was sent stays as it was sent, it is sent and received once, and whoever is not
/// staff writes in their own name alone.
/// </summary>
public static class MessageRules
{
    /// <summary>409: a message that was sent was to be changed.</summary>
    public const string Sent = "message-sent";

    /// <summary>403: the sender is somebody else than who writes.</summary>
    public const string NotSender = "not-sender";

    /// <summary>403: who marks a message as received is none of its recipients.</summary>
    public const string NotRecipient = "not-recipient";

    /// <summary>Whether a message may be written so: null where it may.</summary>
    /// <param name="before">As it is; null for a new one.</param>
    /// <param name="after">As it is to be; null for a deletion.</param>
    /// <param name="self">Who writes, as <c>Patient/id</c>; null for staff, who also write for others.</param>
    public static Refusal? Check(Communication? before, Communication? after, string? self)
    {
        if (after is null)
        {
            return self is null || before?.Sender?.Reference == self
                ? null
                : Refusal.Forbidden(NotSender, "Only your own messages are yours to delete.", "Communication.sender");
        }

        if (before is null)
        {
            return self is null || after.Sender?.Reference == self
                ? null
                : Refusal.Forbidden(NotSender, "Messages are written in your own name: the sender must be you.", "Communication.sender");
        }

        if (before.Sent is { Length: > 0 } && before.Sent != after.Sent)
        {
            return Refusal.Conflict(Sent, "A message is sent once.", "Communication.sent");
        }

        if (before.Received is { Length: > 0 } && before.Received != after.Received)
        {
            return Refusal.Conflict(Sent, "A message is received once.", "Communication.received");
        }

        return before.Sent is { Length: > 0 } && !HasSameContent(before, after)
            ? Refusal.Conflict(Sent, "A message that was sent is not rewritten: send another one.", "Communication.payload")
            : CheckPerson(before, after, self);
    }

    /// <summary>Who writes: null for staff.</summary>
    public static string? SelfOf(Caller caller) => caller.IsStaffFor("Communication") ? null
        : caller.FhirUser is { } user ? $"{user.Type}/{user.Id}"
        : caller.Patient is { } patient ? $"Patient/{patient}"
        : "nobody";

    private static Refusal? CheckPerson(Communication before, Communication after, string? self)
    {
        if (self is null || before.IsExactly(after))
        {
            return null;
        }

        if (before.Sender?.Reference == self)
        {
            return after.Sender?.Reference != self
                ? Refusal.Forbidden(NotSender, "Messages are written in your own name: the sender must be you.", "Communication.sender")
                : before.Received == after.Received || IsRecipient(before, self) ? null : Refuse();
        }

        // A recipient says that it is received, and nothing else.
        var other = (Communication)after.DeepCopy();
        (other.ReceivedElement, other.Meta, other.Id) = (before.ReceivedElement, before.Meta, before.Id);
        return !IsRecipient(before, self) ? Refuse()
            : other.IsExactly(before) ? null
            : Refusal.Forbidden(NotSender, "Of a message to you, only that you received it is yours to write.", "Communication.sender");

        static Refusal Refuse() => Refusal.Forbidden(NotRecipient, "Only a recipient can say that the message was received.", "Communication.recipient");
    }

    private static bool IsRecipient(Communication message, string self) => message.Recipient.Exists(recipient => recipient.Reference == self);

    private static bool HasSameContent(Communication before, Communication after) =>
        Same(before.Payload, after.Payload) && Same(before.Recipient, after.Recipient) && Same([before.Sender], [after.Sender]);

    private static bool Same<T>(IReadOnlyCollection<T?> before, IReadOnlyCollection<T?> after)
        where T : Base =>
        before.Count == after.Count && before.Zip(after).All(pair => pair.First is null ? pair.Second is null : pair.Second is not null && pair.First.IsExactly(pair.Second));
}
