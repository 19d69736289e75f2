using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Audit;

/// <summary>
/// <c>Patient/[id]/$disclosures</c>: the accounting of disclosures (45 CFR 164.528) as a searchset of the AuditEvents of all that succeeded,
/// newest first. For the patient, for whoever may see the record, and for administrators.
/// </summary>
internal static class Disclosures
{
    private const string Page = "_page";
    private const string AuditEvent = "AuditEvent";
    private static readonly string[] _names = ["patient", "outcome", "date", "_count", "_sort"];

    // The decision is made below; what is shown is not narrowed further by what the caller may search.
    private static readonly Caller _reader = Caller.System("disclosures");

    public static async Task<FhirResult> HandleAsync(
        FhirRequest request, FhirServer server, HttpContext context, CancellationToken cancellationToken)
    {
        var patient = await FindAsync(request, server, cancellationToken);
        var parameters = HttpMethods.IsPost(context.Request.Method)
            ? request.Parameters.AddRange(await ReadAsync(request, server, cancellationToken))
            : request.Parameters;
        var query = Parse(request.Key.Id, parameters, server);
        var page = await server.Store.SearchAsync(_reader, query, cancellationToken);
        return FhirResult.Ok(new BundleContent("searchset", page.Matches.Select(match => Entry(match, server.Address)))
        {
            Total = page.Total,
            Links = Links(request.Key.Id, parameters, query, page, server),
        }) with
        {
            Touched = [patient],
        };
    }

    /// <summary>The record, if this caller may ask about it; else it does not exist.</summary>
    private static async Task<StoredResource> FindAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var caller = request.Caller;
        if (caller.Kind == CallerKind.Client)
        {
            caller.Demand(Interaction.SearchType, AuditEvent);
        }

        return await server.Store.ReadAsync(caller.IsAdministrator ? _reader : caller, request.Key, cancellationToken)
            ?? throw FhirException.NotFound($"{request.Key} does not exist.");
    }

    private static SearchQuery Parse(string patient, ImmutableArray<KeyValuePair<string, string>> parameters, FhirServer server)
    {
        var fixedPart = ImmutableArray.Create(KeyValuePair.Create("patient", $"Patient/{patient}"), KeyValuePair.Create("outcome", "0"));
        if (parameters.Any(parameter => parameter.Key == Page))
        {
            var page = parameters is [{ Value: var token }] ? server.PageTokens.Decode(token) : throw FhirException.Invalid("A page link takes no other parameters.");

            // A link of another search must not open what only this one may show, nor ask by criteria that see more than the caller does.
            return page.Types is [AuditEvent] && fixedPart.All(page.Parameters.Contains) && page.Parameters.All(parameter => _names.Contains(parameter.Key))
                ? server.Parser.Parse(page)
                : throw FhirException.Invalid("This page link is of another address.");
        }

        return server.Parser.Parse([AuditEvent], [.. fixedPart, .. parameters.Select(Translate), new("_sort", "-date")], strict: true);
    }

    private static KeyValuePair<string, string> Translate(KeyValuePair<string, string> parameter) => parameter switch
    {
        { Key: "from", Value: [>= '0' and <= '9', ..] value } => new("date", $"ge{value}"),
        { Key: "to", Value: [>= '0' and <= '9', ..] value } => new("date", $"le{value}"),
        { Key: "from" or "to" } => throw FhirException.Invalid($"{parameter.Key} must be a date or a time."),
        { Key: "_count" } => parameter,
        _ => throw FhirException.NotSupported($"$disclosures has no parameter {parameter.Key}."),
    };

    private static async Task<IEnumerable<KeyValuePair<string, string>>> ReadAsync(
        FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        return ((Parameters)FhirJson.Parse(json, "Parameters")).Parameter
            .Select(parameter => KeyValuePair.Create(parameter.Name ?? "", parameter.Value?.ToString() ?? ""));
    }

    private static ImmutableArray<BundleLink> Links(
        string patient, ImmutableArray<KeyValuePair<string, string>> parameters, SearchQuery query, SearchPage page, FhirServer server)
    {
        var address = $"{server.Address.Base}/Patient/{patient}/$disclosures";
        var self = new BundleLink("self", address + QueryString.Create(parameters.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))));
        return page.Next is { } next ? [self, new("next", $"{address}?{Page}={server.PageTokens.Encode(query, next)}")] : [self];
    }

    private static ResponseEntry Entry(StoredResource resource, FhirAddress address) => new()
    {
        FullUrl = address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id)),
        Resource = FhirContent.Of(resource.Json),
        SearchMode = "match",
    };
}
