using System.Collections.Immutable;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Fhir.Interactions;

/// <summary>Search of one type or of all, by GET or with a form (https://hl7.org/fhir/R4/http.html#search).</summary>
internal static class Search
{
    private const string Page = "_page";

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        // A client follows the links until there is none, however short a page is.
        var query = Parse(request, server) with { MayEndEarly = true };
        var page = await server.Store.SearchAsync(request.Caller, query, cancellationToken);
        return FhirResult.Ok(new BundleContent("searchset", Entries(query, page, server.Address))
        {
            Total = page.Total,
            Links = Links(request, server, query, page),
        }) with
        {
            Touched = page.Matches.AddRange(page.Included),
        };
    }

    /// <summary>POST <c>_search</c>: the parameters of the form and of the address together.</summary>
    public static async Task<FhirResult> HandleFormAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var form = await request.Body.ReadFormAsync(server.Options.Limits.FormBytes, cancellationToken);
        var text = Encoding.UTF8.GetString(form.Span);
        var search = request.WithForm(text);
        if (request.Audit is { } audit)
        {
            audit.Form = text;
        }

        return await HandleAsync(search, server, cancellationToken);
    }

    /// <summary>The search that a request asks for; 400 where it is none.</summary>
    public static SearchQuery Parse(FhirRequest request, FhirServer server)
    {
        ImmutableArray<string> types = request.Type is null ? [] : [request.Type];
        if (!request.Parameters.Any(parameter => parameter.Key == Page))
        {
            return server.Parser.Parse(types, request.Parameters, request.Preferences.Strict) with { Compartment = request.Compartment };
        }

        if (request.Parameters is not [{ Value: var token }])
        {
            throw FhirException.Invalid("A page link takes no other parameters.");
        }

        var page = server.PageTokens.Decode(token);
        return page.Types.SequenceEqual(types) && page.Compartment == request.Compartment
            ? server.Parser.Parse(page)
            : throw FhirException.Invalid("This page link is of another address.");
    }

    private static ImmutableArray<BundleLink> Links(FhirRequest request, FhirServer server, SearchQuery query, SearchPage page)
    {
        var address = (request.Compartment, request.Type) switch
        {
            ({ } owner, var type) => $"{server.Address.Of(owner)}/{type ?? FhirRequest.AllTypes}",
            (null, { } type) => $"{server.Address.Base}/{type}",
            _ => server.Address.Base,
        };
        var self = query.After is null ? QueryString.Create(query.Applied!).Value : $"?{Page}={request.Parameters[0].Value}";
        var links = ImmutableArray.Create(new BundleLink("self", address + self));
        return page.Next is { } next ? links.Add(new("next", $"{address}?{Page}={server.PageTokens.Encode(query, next)}")) : links;
    }

    private static IEnumerable<ResponseEntry> Entries(SearchQuery query, SearchPage page, FhirAddress address)
    {
        var view = ResourceView.Of(query);
        foreach (var match in page.Matches)
        {
            yield return Entry(match, "match", view, address);
        }

        foreach (var included in page.Included)
        {
            yield return Entry(included, "include", view, address);
        }

        if (query.Warnings.Length + page.Warnings.Length > 0)
        {
            yield return new ResponseEntry { Resource = Outcome(query.Warnings.Concat(page.Warnings)), SearchMode = "outcome" };
        }
    }

    private static ResponseEntry Entry(StoredResource resource, string mode, ResourceView view, FhirAddress address) => new()
    {
        FullUrl = address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id)),
        Resource = view.Show(resource),
        SearchMode = mode,
    };

    private static FhirContent Outcome(IEnumerable<string> warnings) => FhirContent.Of(FhirJson.Serialize(new OperationOutcome
    {
        Issue =
        [
            .. warnings.Select(warning => new OperationOutcome.IssueComponent
            {
                Severity = OperationOutcome.IssueSeverity.Warning,
                Code = OperationOutcome.IssueType.NotSupported,
                Details = new CodeableConcept { Text = warning },
            }),
        ],
    }));
}
