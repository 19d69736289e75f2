using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using TeleFhir.Domain.Access;

namespace TeleFhir.Api.Smart;

/// <summary>Keeps the key ring of ASP.NET Core in the database, where all nodes find it and a restart does not lose it.</summary>
internal sealed class KeyRingDocuments(IKeyRing ring) : IXmlRepository, IConfigureOptions<KeyManagementOptions>
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. ring.List().Select(XElement.Parse)];

    public void StoreElement(XElement element, string friendlyName) =>
        ring.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));

    public void Configure(KeyManagementOptions options) => options.XmlRepository = this;
}
