using System.Collections.Immutable;
using TeleFhir.Domain.Bundles;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>
/// Transaction: all changes in one commit, then the reads (https://hl7.org/fhir/R4/http.html#transaction). A Bundle of type batch is
/// handed on to <see cref="Batch"/>.
/// </summary>
internal static class Transaction
{
    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var limits = server.Options.Limits;
        var body = await request.Body.ReadJsonAsync(limits.BundleBytes, cancellationToken);
        var bundle = BundleReader.Read(body, server.Address.Base);
        var interaction = bundle.IsTransaction ? Interaction.Transaction : Interaction.Batch;
        if (request.Audit is { } audit)
        {
            audit.Interaction = interaction;
        }

        request.Caller.Demand(interaction);
        if (bundle.Count > limits.BundleEntries)
        {
            throw FhirException.Invalid($"A Bundle may have at most {limits.BundleEntries} entries.", "Bundle.entry");
        }

        return bundle.IsTransaction
            ? await RunAsync(request, server, bundle.Entries(), cancellationToken)
            : await Batch.RunAsync(request, server, bundle, cancellationToken);
    }

    private static async Task<FhirResult> RunAsync(
        FhirRequest request, FhirServer server, ImmutableArray<BundleEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            request.Caller.Demand(entry.Interaction);
            RefuseWrongSearch(request, server, entry);
        }

        var inner = request.InBundle();
        var answers = await Write.RunAsync(inner, server, entries, cancellationToken);
        var responses = ImmutableArray.CreateBuilder<ResponseEntry>(entries.Length);
        foreach (var (entry, answer) in entries.Zip(answers))
        {
            responses.Add(answer is null
                ? await Batch.AnswerAsync(request, server, () => entry, cancellationToken)
                : await Batch.RecordAsync(request, server, entry, answer));
        }

        return FhirResult.Ok(new BundleContent("transaction-response", responses.MoveToImmutable())) with { IsAudited = true };
    }

    // The reads run after the commit, when it is too late to refuse; what is wrong with a search is seen before it.
    private static void RefuseWrongSearch(FhirRequest request, FhirServer server, BundleEntry entry)
    {
        if (entry.Interaction is Interaction.SearchType or Interaction.SearchSystem)
        {
            try
            {
                Search.Parse(request.Of(entry), server);
            }
            catch (FhirException wrong)
            {
                throw new FhirException(wrong.Status, wrong.Outcome.Issue.Select(issue =>
                {
                    issue.Expression = [$"{entry.Source}.request.url"];
                    return issue;
                }));
            }
        }
    }
}
