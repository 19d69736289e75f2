using System.Collections.Immutable;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Operations;

/// <summary>
/// <c>Patient/[id]/$everything</c> and <c>Encounter/[id]/$everything</c> (https://hl7.org/fhir/R4/patient-operation-everything.html): the
/// resource, what is in its compartment, type after type, and the people, places and other things that these refer to. Each type is a search
/// of its own with what the caller may see, so a page costs what it holds, and a next link goes on in the type where the page ended.
/// </summary>
internal static class Everything
{
    private const string Page = "_page";
    private const string Marker = "$everything";
    private const string Patient = "Patient";
    private const string Encounter = "Encounter";

    // Who looked at the record is no part of it, and each look would add to it; $disclosures tells that.
    private const string AuditEvent = "AuditEvent";

    private static readonly string[] _ofPatient = ["start", "end", "_since", "_type", "_count", Page];
    private static readonly string[] _ofEncounter = ["_since", "_type", "_count", Page];

    // The encounter compartment (https://hl7.org/fhir/R4/compartmentdefinition-encounter.html): mostly a parameter named encounter.
    private static readonly ImmutableArray<(string Type, string Parameter)> _inEncounter =
    [
        .. from type in (string[])
            [
                "CarePlan", "CareTeam", "ChargeItem:context", "Claim", "ClinicalImpression", "Communication", "CommunicationRequest", "Composition",
                "Condition", "DeviceRequest", "DiagnosticReport", "DocumentManifest:related-ref", "DocumentReference", "ExplanationOfBenefit", "Media",
                "MedicationAdministration:context", "MedicationRequest", "NutritionOrder", "Observation", "Procedure", "QuestionnaireResponse",
                "RequestGroup", "ServiceRequest", "VisionPrescription",
            ]
           let parts = type.Split(':')
           select (parts[0], parts.Length > 1 ? parts[1] : "encounter"),
    ];

    /// <summary>Where a page starts: a type, and a place in it.</summary>
    private sealed record Place(string Type, PageCursor? After);

    public static Task<FhirResult> HandlePatientAsync(
        FhirRequest request, FhirServer server, SearchParameterCatalog catalog, CancellationToken cancellationToken) =>
        RunAsync(request, server, catalog, _ofPatient, [Patient, .. PatientCompartment.Types], cancellationToken);

    public static Task<FhirResult> HandleEncounterAsync(
        FhirRequest request, FhirServer server, SearchParameterCatalog catalog, CancellationToken cancellationToken) =>
        RunAsync(request, server, catalog, _ofEncounter, [Encounter, .. _inEncounter.Select(part => part.Type)], cancellationToken);

    private static async Task<FhirResult> RunAsync(
        FhirRequest request,
        FhirServer server,
        SearchParameterCatalog catalog,
        string[] known,
        ImmutableArray<string> types,
        CancellationToken cancellationToken)
    {
        await server.ReadCurrentAsync(request.Caller, request.Key, cancellationToken);
        var input = await OperationInput.ReadAsync(request, server, "everything", known, cancellationToken);
        var (asked, start) = Read(input, request.Key, server);
        var wanted = Value(asked, "_type")?.Split(',').ToHashSet(StringComparer.Ordinal);
        if (wanted?.FirstOrDefault(type => !ResourceCatalog.IsKnown(type)) is not null)
        {
            throw input.Wrong("_type", "takes names of resource types");
        }

        var count = int.Parse(Value(asked, "_count")!, System.Globalization.CultureInfo.InvariantCulture);
        var walk = types.Where(type => (wanted?.Contains(type) ?? type != AuditEvent) && request.Caller.May(Interaction.SearchType, type))
            .SkipWhile(type => start is not null && type != start.Type).ToList();
        var matches = new List<StoredResource>();
        var included = new Dictionary<ResourceKey, StoredResource>();
        Place? next = null;
        for (var i = 0; i < walk.Count && next is null; i++)
        {
            var type = walk[i];
            var isFull = matches.Count == count;
            var query = QueryOf(type, request.Key, asked, server, catalog) with
            {
                // A full page only wants to know whether there is more.
                Count = isFull ? 1 : count - matches.Count,
                After = i == 0 ? start?.After : null,
                Total = TotalMode.None,
                Includes = isFull ? [] : IncludesOf(type, request.Key.Type, catalog),
            };
            var page = await server.Store.SearchAsync(request.Caller, query, cancellationToken);
            if (isFull)
            {
                next = page.Matches.IsEmpty ? null : new(type, null);
                continue;
            }

            matches.AddRange(page.Matches);
            foreach (var other in page.Included.Where(other => (wanted?.Contains(other.Key.Type) ?? true) && IsBrought(other.Key.Type, type, request.Key.Type)))
            {
                included.TryAdd(other.Key, other);
            }

            next = page.Next is { } after ? new(type, after) : null;
        }

        var others = included.Values.ExceptBy(matches.Select(match => match.Key), other => other.Key).ToList();
        return FhirResult.Ok(new BundleContent("searchset", [
            .. matches.Select(match => Entry(match, "match", server.Address)), .. others.Select(other => Entry(other, "include", server.Address))])
        {
            Links = Links(request, server, asked, start, next),
        }) with
        {
            Touched = [.. matches, .. others],
        };
    }

    /// <summary>What was asked for in normal form, and where the page starts; a page link carries both.</summary>
    private static (ImmutableArray<KeyValuePair<string, string>> Asked, Place? Start) Read(OperationInput input, ResourceKey key, FhirServer server)
    {
        var marker = KeyValuePair.Create(Marker, key.ToString());
        if (input.Text(Page) is { } token)
        {
            var page = server.PageTokens.Decode(token);
            return page is { Types: [var type], Parameters: [var first, ..] } && first.Equals(marker)
                ? (page.Parameters, new Place(type, page.After.Values.IsEmpty ? null : page.After))
                : throw FhirException.Invalid("This page link is of another address.");
        }

        var search = server.Options.Search;
        var asked = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        asked.Add(marker);
        foreach (var name in (string[])["start", "end", "_since"])
        {
            if (input.Text(name) is { } text)
            {
                asked.Add(new(name, text is [>= '0' and <= '9', ..] ? text : throw input.Wrong(name, "must be a date or a time")));
            }
        }

        if (input.List("_type") is { Count: > 0 } types)
        {
            asked.Add(new("_type", string.Join(',', types)));
        }

        asked.Add(new("_count", Math.Min(input.Number("_count", 1) ?? search.DefaultCount, search.MaxCount).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return (asked.ToImmutable(), null);
    }

    private static SearchQuery QueryOf(
        string type, ResourceKey root, ImmutableArray<KeyValuePair<string, string>> asked, FhirServer server, SearchParameterCatalog catalog)
    {
        var parameters = new List<KeyValuePair<string, string>>();
        if (type == root.Type)
        {
            parameters.Add(new("_id", root.Id));
        }
        else if (root.Type == Encounter)
        {
            parameters.Add(new(_inEncounter.First(part => part.Type == type).Parameter, root.ToString()));
        }

        if (Value(asked, "_since") is { } since)
        {
            parameters.Add(new("_lastUpdated", $"ge{since}"));
        }

        var query = server.Parser.Parse([type], parameters, strict: true);
        if (root.Type == Patient && type != Patient)
        {
            query = query with { Criteria = query.Criteria.Add(CompartmentCriterion.Of(catalog, type, root.Id)) };
        }

        // The dates of care, so far as a type has one; what has none is of all times.
        if (type == root.Type || catalog.For(type).FirstOrDefault(parameter => parameter.IsTimeline) is not { } timeline)
        {
            return query;
        }

        foreach (var (name, prefix) in (ReadOnlySpan<(string, string)>)[("start", "ge"), ("end", "le")])
        {
            if (Value(asked, name) is { } date)
            {
                var bound = server.Parser.Parse([type], [new(timeline.Code, prefix + date)], strict: true).Criteria[0];
                query = query with { Criteria = query.Criteria.Add(new AnyCriterion([bound, new MissingCriterion(timeline, true)])) };
            }
        }

        return query;
    }

    /// <summary>References to what is in no compartment; of an encounter itself all that it refers to.</summary>
    private static ImmutableArray<Include> IncludesOf(string type, string root, SearchParameterCatalog catalog) =>
    [
        .. from parameter in catalog.For(type)
           where parameter.Type == Hl7.Fhir.Model.SearchParamType.Reference && parameter.Targets.Any(target => IsBrought(target, type, root))
           select new Include(type, parameter, null),
    ];

    private static bool IsBrought(string target, string source, string root) =>
        PatientCompartment.RelationOf(target) != PatientRelation.Compartment || (root == Encounter && (source == Encounter || target == Patient));

    private static ImmutableArray<BundleLink> Links(
        FhirRequest request, FhirServer server, ImmutableArray<KeyValuePair<string, string>> asked, Place? start, Place? next)
    {
        var address = $"{server.Address.Base}/{request.Key}/$everything";
        string Link(Place place)
        {
            var query = new SearchQuery { Types = [place.Type], Applied = asked };
            return $"{address}?{Page}={server.PageTokens.Encode(query, place.After ?? new PageCursor([], 0))}";
        }

        var self = new BundleLink("self", start is not null
            ? Link(start)
            : address + QueryString.Create(asked.Skip(1).Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))));
        return next is null ? [self] : [self, new("next", Link(next))];
    }

    private static string? Value(ImmutableArray<KeyValuePair<string, string>> asked, string name) =>
        asked.FirstOrDefault(pair => pair.Key == name).Value;

    private static ResponseEntry Entry(StoredResource resource, string mode, FhirAddress address) => new()
    {
        FullUrl = address.Of(new ResourceKey(resource.Key.Type, resource.Key.Id)),
        Resource = FhirContent.Of(resource.Json),
        SearchMode = mode,
    };
}
