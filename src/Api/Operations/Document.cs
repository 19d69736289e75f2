using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Operations;

/// <summary>
/// <c>Composition/[id]/$document</c> (https://hl7.org/fhir/R4/composition-operation-document.html): a Bundle of the composition and of what it
/// refers to here, each so far as the caller sees it. With <c>persist=true</c> the Bundle is created too.
/// </summary>
internal static class Document
{
    private const int MostEntries = 1000;

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "document", ["persist"], cancellationToken);
        var isKept = input.Flag("persist");
        var composition = await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
        ImmutableArray<StoredResource> all = [composition, .. await ReadAsync(request, server, composition, cancellationToken)];
        var json = Write(all, server);
        if (isKept)
        {
            request.Caller.Demand(Interaction.Create, "Bundle");
            return await Fhir.Interactions.Write.RunAsync(request, server, BundleEntry.Create("Bundle", json), cancellationToken);
        }

        return FhirResult.Ok(FhirContent.Of(json)) with { Touched = all };
    }

    private static async Task<List<StoredResource>> ReadAsync(
        FhirRequest request, FhirServer server, StoredResource composition, CancellationToken cancellationToken)
    {
        var seen = new HashSet<ResourceKey> { new(composition.Key.Type, composition.Key.Id) };
        var found = new List<StoredResource>();
        foreach (var (reference, _) in FhirJson.ReferencesIn(composition.Json.Span))
        {
            var local = reference.StartsWith(server.Address.Base + "/", StringComparison.Ordinal) ? reference[(server.Address.Base.Length + 1)..] : reference;
            if (!ResourceKey.TryParse(local, out var key) || !seen.Add(new(key.Type, key.Id)) || !request.Caller.May(Interaction.Read, key.Type))
            {
                continue;
            }

            if (found.Count == MostEntries)
            {
                throw FhirException.BusinessRule($"The composition refers to more than {MostEntries} resources.");
            }

            if (await server.Store.ReadAsync(request.Caller, new(key.Type, key.Id), cancellationToken) is { IsDeleted: false } resource)
            {
                found.Add(resource);
            }
        }

        return found;
    }

    private static byte[] Write(ImmutableArray<StoredResource> all, FhirServer server)
    {
        var entries = all.Select(resource =>
            $$$"""{"fullUrl":"{{{server.Address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id))}}}","resource":{{{Encoding.UTF8.GetString(resource.Json.Span)}}}}""");
        var time = server.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes(
            $$$"""{"resourceType":"Bundle","identifier":{"system":"urn:ietf:rfc:3986","value":"urn:uuid:{{{server.NewId()}}}"},"type":"document","timestamp":"{{{time}}}","entry":[{{{string.Join(',', entries)}}}]}""");
    }
}
