using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart.Server;

/// <summary>Keeps the key ring in the database, so that all nodes and later starts open what one has sealed.</summary>
internal sealed class RingRepository(IServerKeyStore store) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. store.RingKeys().Select(xml => XElement.Parse(xml))];

    public void StoreElement(XElement element, string friendlyName) => store.AddRingKey(element.ToString(SaveOptions.DisableFormatting));
}
