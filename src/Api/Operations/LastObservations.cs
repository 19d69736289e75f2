using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Operations;

/// <summary>
/// <c>Observation/$lastn</c> (https://hl7.org/fhir/R4/observation-operation-lastn.html): of what a search finds the last ones of each code,
/// newest first. Observations belong together when they share a coding, or have no coding and the same text. What one patient has readings of is
/// known from the index, so of each code no more is read than is asked for. Otherwise it reads from the newest on; codes of which there are
/// enough are left out of what it reads next, so one that was measured every minute does not hide the others.
/// </summary>
internal static class LastObservations
{
    private const int PageSize = 200;
    private const int MostRead = 20_000;
    private const int MostEach = 1000;
    private const int MostLooked = 500;

    /// <summary>The observations of one code.</summary>
    private sealed class Group
    {
        public List<(string? System, string Code)> Codings { get; } = [];

        public List<StoredResource> Last { get; } = [];
    }

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, HttpContext context, CancellationToken cancellationToken)
    {
        var parameters = HttpMethods.IsPost(context.Request.Method) && !request.Body.IsEmpty
            ? request.Parameters.AddRange(await ReadAsync(request, server, cancellationToken))
            : request.Parameters;
        var criteria = parameters.RemoveAll(parameter => parameter.Key == "max");
        var most = MostOf(parameters);
        Demand(criteria, ["patient", "subject"], "patient or subject");
        Demand(criteria, ["code", "category"], "code or category");

        var query = QueryOf(server, criteria);
        var codes = PatientOf(query) is { } patient
            ? await context.RequestServices.GetRequiredService<IObservationCodes>().OfPatientAsync(patient, cancellationToken)
            : null;
        var conditions = codes is { } few && few.Length * most <= MostLooked
            ? ConditionsOf(few, query, context.RequestServices.GetRequiredService<SearchParameterCatalog>())
            : [];
        var groups = conditions.Length > 0
            ? await LookAsync(request.Caller, server, query, conditions, most, cancellationToken)
            : await CollectAsync(request, server, criteria, most, cancellationToken);
        var found = groups.SelectMany(group => group.Last).ToList();
        var self = server.Address.Base + "/Observation/$lastn"
            + QueryString.Create(parameters.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value)));
        return FhirResult.Ok(new BundleContent("searchset", found.Select(match => new ResponseEntry
        {
            FullUrl = server.Address.Of(new ResourceKey(match.Key.Type, match.Key.Id)),
            Resource = FhirContent.Of(match.Json),
            SearchMode = "match",
        }))
        {
            Total = found.Count,
            Links = [new("self", self)],
        }) with
        {
            Touched = [.. found],
        };
    }

    private static SearchQuery QueryOf(FhirServer server, ImmutableArray<KeyValuePair<string, string>> criteria)
    {
        // strict: what were left out here would be more than was asked for.
        var query = server.Parser.Parse(["Observation"], criteria.Add(new("_sort", "-date")), strict: true) with { Total = TotalMode.None };
        return query.Includes.IsEmpty && query.ReverseIncludes.IsEmpty ? query : throw FhirException.NotSupported("$lastn takes no _include.");
    }

    /// <summary>The id of the one patient that is asked about; null where it may be another or several.</summary>
    private static string? PatientOf(SearchQuery query) => query.Criteria.OfType<ValueCriterion>()
        .Where(criterion => criterion is { Modifier: SearchModifier.None, Parameter.Code: "patient" or "subject" })
        .Select(criterion => criterion.Values is [ReferenceSearchValue { Id: { } id, Url: null } value]
            && (value.Type == "Patient" || (value.Type is null && criterion.Parameter.Code == "patient")) ? id : null)
        .FirstOrDefault(id => id is not null);

    /// <summary>That an observation has a code, for each of the codes; where some are asked for by name, for those.</summary>
    private static ImmutableArray<ValueCriterion> ConditionsOf(ImmutableArray<ObservationCode> codes, SearchQuery query, SearchParameterCatalog catalog)
    {
        foreach (var named in query.Criteria.OfType<ValueCriterion>().Where(criterion => criterion is { Modifier: SearchModifier.None, Parameter.Code: "code" }))
        {
            var values = named.Values.Cast<TokenSearchValue>().Select(value => value.Code).ToHashSet();
            codes = values.Contains(null) || values.Contains("") ? codes : codes.RemoveAll(code => code.IsText || !values.Contains(code.Value));
        }

        var parameter = catalog.Find("Observation", "code")!;
        return
        [
            .. codes.Select(code => new ValueCriterion(
                code.IsText ? ObservationText.Parameter(parameter) : parameter, SearchModifier.None, [new TokenSearchValue(null, code.Value)])),
        ];
    }

    /// <summary>Asks for the last ones of each code, and then for all of these in their order.</summary>
    private static async Task<List<Group>> LookAsync(
        Caller caller, FhirServer server, SearchQuery query, ImmutableArray<ValueCriterion> codes, int most, CancellationToken cancellationToken)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var code in codes)
        {
            var asked = query with { Criteria = query.Criteria.Add(code), Count = most };
            for (var found = 0; found < most;)
            {
                var page = await server.Store.SearchAsync(caller, asked, cancellationToken);
                found += page.Matches.Length;
                ids.UnionWith(page.Matches.Select(match => match.Key.Id));
                if (page.Next is null)
                {
                    break;
                }

                asked = asked with { After = page.Next };
            }
        }

        var (groups, byCode, full) = (new List<Group>(), new Dictionary<(string?, string), Group>(), new List<string>());
        if (ids.Count > 0)
        {
            var all = QueryOf(server, [new("_id", string.Join(',', ids))]) with { Count = ids.Count };
            foreach (var observation in (await server.Store.SearchAsync(caller, all, cancellationToken)).Matches)
            {
                Add(observation, groups, byCode, full, most);
            }
        }

        return groups;
    }

    private static async Task<List<Group>> CollectAsync(
        FhirRequest request, FhirServer server, ImmutableArray<KeyValuePair<string, string>> criteria, int most, CancellationToken cancellationToken)
    {
        var (groups, byCode, full) = (new List<Group>(), new Dictionary<(string?, string), Group>(), new List<string>());
        PageCursor? after = null;
        for (var read = 0; ;)
        {
            var query = QueryOf(server, full.Count == 0 ? criteria : criteria.Add(new("code:not", string.Join(',', full)))) with { Count = PageSize, After = after };
            var page = await server.Store.SearchAsync(request.Caller, query, cancellationToken);
            foreach (var observation in page.Matches)
            {
                Add(observation, groups, byCode, full, most);
            }

            read += page.Matches.Length;
            if ((after = page.Next) is null)
            {
                return groups;
            }

            if (read >= MostRead)
            {
                throw new FhirException(
                    HttpStatusCode.UnprocessableEntity,
                    [FhirException.Issue(OperationOutcome.IssueType.TooCostly, "Too many observations match; ask for fewer codes, or for a range of dates.")]);
            }
        }
    }

    private static void Add(
        StoredResource observation, List<Group> groups, Dictionary<(string?, string), Group> byCode, List<string> full, int most)
    {
        var (codings, text) = CodeOf(observation);
        var names = codings.Count > 0 ? codings : [("\0text", text)];
        var group = names.Select(name => byCode.GetValueOrDefault(name)).FirstOrDefault(known => known is not null);
        if (group is null)
        {
            group = new Group();
            groups.Add(group);
        }

        group.Codings.AddRange(codings.Where(coding => byCode.TryAdd(coding, group)));
        foreach (var name in names)
        {
            byCode.TryAdd(name, group);
        }

        if (group.Last.Count < most)
        {
            group.Last.Add(observation);
            if (group.Last.Count == most)
            {
                full.AddRange(group.Codings.Select(coding => new TokenSearchValue(coding.System ?? "", coding.Code).ToQuery()));
            }
        }
    }

    private static (List<(string? System, string Code)> Codings, string Text) CodeOf(StoredResource observation)
    {
        using var document = JsonDocument.Parse(observation.Json);
        var code = document.RootElement.GetProperty("code"u8);
        var codings = new List<(string?, string)>();
        if (code.TryGetProperty("coding"u8, out var list))
        {
            foreach (var coding in list.EnumerateArray())
            {
                if (coding.TryGetProperty("code"u8, out var value) && value.ValueKind == JsonValueKind.String)
                {
                    codings.Add((coding.TryGetProperty("system"u8, out var system) ? system.GetString() : null, value.GetString()!));
                }
            }
        }

        return (codings, code.TryGetProperty("text"u8, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "");
    }

    private static int MostOf(ImmutableArray<KeyValuePair<string, string>> parameters)
    {
        var given = parameters.Where(parameter => parameter.Key == "max").Select(parameter => parameter.Value).ToList();
        return given switch
        {
            [] => 1,
            [var text] when int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var most)
                && most is >= 1 and <= MostEach => most,
            _ => throw FhirException.Invalid($"$lastn: max must be a whole number from 1 to {MostEach}."),
        };
    }

    private static void Demand(ImmutableArray<KeyValuePair<string, string>> criteria, string[] names, string text)
    {
        // Also with a modifier, or as the start of a chain.
        if (!criteria.Any(pair => names.Contains(pair.Key.Split(':', '.')[0])))
        {
            throw FhirException.Invalid($"$lastn needs {text}.");
        }
    }

    private static async Task<IEnumerable<KeyValuePair<string, string>>> ReadAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var json = await request.Body.ReadJsonAsync(server.Options.Limits.ResourceBytes, cancellationToken);
        return ((Parameters)FhirJson.Parse(json, "Parameters")).Parameter
            .Select(parameter => KeyValuePair.Create(parameter.Name ?? "", parameter.Value?.ToString() ?? ""));
    }
}
