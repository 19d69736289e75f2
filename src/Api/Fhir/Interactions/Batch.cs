using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// A batch: each entry on its own, in order, through the function of its interaction (https://hl7.org/fhir/R4/http.html#transaction).
/// What is wrong with one entry is that entry's answer.
/// </summary>
internal static class Batch
{
    public static async Task<FhirResult> RunAsync(
        FhirRequest request, FhirServer server, BundleReader bundle, CancellationToken cancellationToken)
    {
        var responses = ImmutableArray.CreateBuilder<ResponseEntry>(bundle.Count);
        for (var i = 0; i < bundle.Count; i++)
        {
            var index = i;
            responses.Add(await AnswerAsync(request, server, () => bundle.Entry(index), cancellationToken));
        }

        return FhirResult.Ok(new BundleContent("batch-response", responses.MoveToImmutable())) with { IsAudited = true };
    }

    /// <summary>The answer to one entry, whatever becomes of it.</summary>
    public static async Task<ResponseEntry> AnswerAsync(
        FhirRequest request, FhirServer server, Func<BundleEntry> read, CancellationToken cancellationToken)
    {
        BundleEntry? entry = null;
        try
        {
            entry = read();
            return await RecordAsync(request, server, entry, await RunAsync(request, server, entry, cancellationToken));
        }
        catch (FhirException told)
        {
            return await RecordAsync(request, server, entry, FhirResult.Of(told));
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            var result = FhirErrors.OfFault(fault, $"{entry?.Interaction} in a Bundle", request.Id, server.Logger);
            return await RecordAsync(request, server, entry, result);
        }
    }

    /// <summary>The entry that tells what a request was answered with, once that is in the audit trail.</summary>
    public static async ValueTask<ResponseEntry> RecordAsync(FhirRequest request, FhirServer server, BundleEntry? entry, FhirResult result)
    {
        if (request.Audit is { } audit)
        {
            await audit.AnsweringAsync(entry, result);
        }

        return Entry(result, server, entry);
    }

    /// <summary>The entry that tells what a request was answered with.</summary>
    private static ResponseEntry Entry(FhirResult result, FhirServer server, BundleEntry? entry) => new()
    {
        FullUrl = result is { Resource: { IsDeleted: false } resource, IsOutcome: false, Content: not null }
            ? server.Address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id))
            : null,
        Resource = result.IsOutcome || entry?.Method == Bundle.HTTPVerb.HEAD ? null : result.Content,
        Response = new EntryResponse(result.Status)
        {
            Location = result.Location,
            ETag = result.ETag,
            LastModified = result.LastModified,
            Outcome = result.IsOutcome ? result.Content : null,
        },
    };

    private static async Task<FhirResult> RunAsync(
        FhirRequest request, FhirServer server, BundleEntry entry, CancellationToken cancellationToken)
    {
        request.Caller.Demand(entry.Interaction);
        var inner = request.Of(entry);
        return entry.Interaction switch
        {
            Interaction.Create or Interaction.Update or Interaction.Patch or Interaction.Delete =>
                await Write.RunAsync(inner, server, entry, cancellationToken),
            Interaction.Read or Interaction.VersionRead => await Read.HandleAsync(inner, server, cancellationToken),
            Interaction.SearchType or Interaction.SearchSystem => await Search.HandleAsync(inner, server, cancellationToken),
            Interaction.HistoryInstance or Interaction.HistoryType or Interaction.HistorySystem =>
                await History.HandleAsync(inner, server, cancellationToken),
            Interaction.Capabilities => Capabilities.HandleAsync(inner, server),
            _ => throw FhirException.NotSupported($"{entry.Interaction} is not possible in a Bundle."),
        };
    }
}
