using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Visits;

/// <summary>
/// How to meet online: R5's data type of that name (https://hl7.org/fhir/R5/metadatatypes.html#VirtualServiceDetail), carried on R4 by the
/// cross-version extensions of Appointment, Encounter and Location. The address is a page that asks for a login, never a link that is
/// itself the key; R5's <c>sessionKey</c> is one and is neither written nor read.
/// </summary>
public sealed record VirtualServiceDetail
{
    private const string DataTypeUrl = "http://hl7.org/fhir/StructureDefinition/_datatype";
    private const string SessionKey = "sessionKey";

    /// <summary>By what the parties meet, or null.</summary>
    public Coding? ChannelType { get; init; }

    /// <summary>Where, as a URL or what else leads there; null where it is told elsewhere.</summary>
    public string? Address { get; init; }

    /// <summary>Pages with more about it.</summary>
    public IReadOnlyList<string> AdditionalInfo { get; init; } = [];

    /// <summary>How many may take part, or null for as many as come.</summary>
    public int? MaxParticipants { get; init; }

    /// <summary>The channel that this server runs itself.</summary>
    public static Coding OwnChannel(Canonicals canonicals) => new(canonicals.CodeSystem("virtual-channel"), "telefhir-webrtc");

    /// <summary>The URL of the extension on a type: Appointment, Encounter or Location.</summary>
    public static string UrlOn(string type) => $"http://hl7.org/fhir/5.0/StructureDefinition/extension-{type}.virtualService";

    /// <summary>
    /// The extension for a resource of the type. The address is nested, because the definition asks for the data type's name beside it and
    /// a strict validator finds fault with the plain form.
    /// </summary>
    public Extension ToExtension(string type)
    {
        var extension = new Extension { Url = UrlOn(type), Extension = [new Extension(DataTypeUrl, new FhirString("VirtualServiceDetail"))] };
        if (ChannelType is not null)
        {
            extension.Extension.Add(new("channelType", (Coding)ChannelType.DeepCopy()));
        }

        if (Address is not null)
        {
            extension.Extension.Add(new Extension
            {
                Url = "address",
                Extension =
                [
                    new(DataTypeUrl, new FhirString("ExtendedContactDetail")),
                    new("telecom", new ContactPoint { System = ContactPoint.ContactPointSystem.Url, Value = Address }),
                ],
            });
        }

        extension.Extension.AddRange(AdditionalInfo.Select(page => new Extension("additionalInfo", new FhirUrl(page))));
        if (MaxParticipants is { } most)
        {
            extension.Extension.Add(new("maxParticipants", new PositiveInt(most)));
        }

        return extension;
    }

    /// <summary>Those of a resource, in order; none for types that have none.</summary>
    public static IEnumerable<VirtualServiceDetail> Of(DomainResource resource) => resource.GetExtensions(UrlOn(resource.TypeName)).Select(Read);

    /// <summary>
    /// Reads the extension leniently: the address may be nested or a plain url, string or contact point; child URLs may be absolute.
    /// </summary>
    public static VirtualServiceDetail Read(Extension extension)
    {
        var parts = extension.Extension.ToLookup(part => NameOf(part.Url), StringComparer.Ordinal);
        return new()
        {
            ChannelType = parts["channelType"].FirstOrDefault()?.Value as Coding,
            Address = parts["address"].Select(AddressOf).FirstOrDefault(address => address is not null),
            AdditionalInfo = [.. parts["additionalInfo"].Select(part => TextOf(part.Value)).OfType<string>()],
            MaxParticipants = (parts["maxParticipants"].FirstOrDefault()?.Value as PrimitiveType)?.JsonValue as int?,
        };
    }

    /// <summary>Every address in an extension, in whatever form: of several telecoms each.</summary>
    internal static IEnumerable<string> AddressesOf(Extension extension) => extension.Extension.Where(part => NameOf(part.Url) == "address")
        .SelectMany(address => address.Extension.Where(part => NameOf(part.Url) == "telecom").Select(part => part.Value).Prepend(address.Value))
        .Select(TextOf)
        .Where(text => !string.IsNullOrWhiteSpace(text))
        .OfType<string>();

    /// <summary>Removes every session key from a resource that a client sent, in place. True where there was one.</summary>
    public static bool RemoveSessionKeys(DomainResource resource)
    {
        var removed = 0;
        foreach (var extension in resource.GetExtensions(UrlOn(resource.TypeName)))
        {
            removed += extension.Extension.RemoveAll(part => NameOf(part.Url) == SessionKey);
        }

        return removed > 0;
    }

    private static string? AddressOf(Extension address) =>
        TextOf(address.Value)
        ?? address.Extension.Where(part => NameOf(part.Url) == "telecom").Select(part => TextOf(part.Value)).FirstOrDefault(text => text is not null);

    private static string? TextOf(DataType? value) => value switch
    {
        ContactPoint contact => contact.Value,
        FhirUrl url => url.Value,
        FhirUri uri => uri.Value,
        FhirString text => text.Value,
        _ => null,
    };

    // In the stand-alone extension of the data type the children have absolute URLs that end in an element's path.
    private static string NameOf(string? url) => url is null ? "" : url[(url.LastIndexOfAny(['/', '.', '#']) + 1)..];
}
