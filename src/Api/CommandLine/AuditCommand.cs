using System.Globalization;
using Hl7.Fhir.Model;
using Spectre.Console;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Audit;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.CommandLine;

/// <summary>
/// <c>audit verify</c>: whether the audit trail is what was written; exit code 1 where it is not. <c>audit disclosures</c>: who was shown or
/// changed a patient's record.
/// </summary>
internal static class AuditCommand
{
    private const int PageSize = 500;

    public static Task<int> RunAsync(IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken) =>
        arguments.Operands switch
        {
            ["verify"] => VerifyAsync(services, console, cancellationToken),
            ["disclosures"] => DisclosuresAsync(services, arguments, console, cancellationToken),
            _ => throw new UsageException("Say verify or disclosures."),
        };

    private static async Task<int> VerifyAsync(IServiceProvider services, IAnsiConsole console, CancellationToken cancellationToken)
    {
        var verdict = await services.GetRequiredService<IAuditVerifier>().VerifyAsync(cancellationToken);
        foreach (var fault in verdict.Faults)
        {
            console.Say(fault);
        }

        foreach (var head in verdict.Heads.Where(_ => verdict.IsSound))
        {
            console.Say(string.Create(CultureInfo.InvariantCulture, $"{head.Chain} {head.Next,12} {head.Hash}"));
        }

        console.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{verdict.Chains:N0} chains, {verdict.Entries:N0} entries and {verdict.AuditEvents:N0} AuditEvents checked: {(verdict.IsSound ? "as they were written" : "NOT as they were written")}"));
        return verdict.IsSound ? 0 : 1;
    }

    private static async Task<int> DisclosuresAsync(
        IServiceProvider services, CommandArguments arguments, IAnsiConsole console, CancellationToken cancellationToken)
    {
        if (arguments.All("patient").LastOrDefault() is not { } patient || !ResourceKey.IsId(patient))
        {
            throw new UsageException("Say --patient with the id of a Patient.");
        }

        var parameters = new List<KeyValuePair<string, string>>
        {
            new("patient", $"Patient/{patient}"), new("outcome", "0"), new("_sort", "date"),
            new("_count", PageSize.ToString(CultureInfo.InvariantCulture)),
        };
        parameters.AddRange(arguments.All("from").Select(from => KeyValuePair.Create("date", $"ge{from}")));
        parameters.AddRange(arguments.All("to").Select(to => KeyValuePair.Create("date", $"le{to}")));
        SearchQuery query;
        try
        {
            query = services.GetRequiredService<SearchQueryParser>().Parse(["AuditEvent"], parameters, strict: true);
        }
        catch (FhirException wrong)
        {
            throw new UsageException(wrong.Message);
        }

        var (store, caller, count) = (services.GetRequiredService<IResourceStore>(), Caller.System("disclosures"), 0);
        for (PageCursor? after = null; ;)
        {
            var page = await store.SearchAsync(caller, query with { After = after }, cancellationToken);
            foreach (var match in page.Matches)
            {
                console.Say(LineOf((AuditEvent)FhirJson.Parse(match.Json)));
                count++;
            }

            if ((after = page.Next) is null)
            {
                console.Say(string.Create(CultureInfo.InvariantCulture, $"{count:N0} disclosures of Patient/{patient}"));
                return 0;
            }
        }
    }

    /// <summary>When, what, by whom, through which client, of what.</summary>
    private static string LineOf(AuditEvent made)
    {
        var user = made.Agent.Find(agent => agent.Requestor == true);
        var client = made.Agent[0];
        var resources = made.Entity.Select(entity => entity.What?.Reference).OfType<string>();
        return string.Join("  ", new[]
        {
            made.Recorded?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            made.Subtype.FirstOrDefault()?.Code,
            user?.Who?.Reference ?? user?.AltId ?? "unknown",
            client.AltId is { } id ? $"through {id}" : null,
            string.Join(' ', resources),
            made.PurposeOfEvent.Count > 0 ? "EMERGENCY" : null,
        }.OfType<string>());
    }
}
