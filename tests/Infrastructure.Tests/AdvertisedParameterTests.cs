using System.Diagnostics;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using SearchParameter = TeleFhir.Domain.Search.SearchParameter;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// Every search parameter that the capability statement names, of every type: a resource is made from its published expression for
/// each way to a value and each type of value, and is found by the value and not by another.
/// </summary>
public sealed class AdvertisedParameterTests
{
    private static readonly Dictionary<(string, string), SearchParamDefinition> _published = ModelInfo.SearchParameters
        .Where(definition => definition is { Resource: not null, Code: not null })
        .ToDictionary(definition => (definition.Resource!, definition.Code!));

    private static readonly Dictionary<string, (SearchParamType Type, string Expression)> _common = new()
    {
        ["_profile"] = (SearchParamType.Uri, "Resource.meta.profile"),
        ["_security"] = (SearchParamType.Token, "Resource.meta.security"),
        ["_source"] = (SearchParamType.Uri, "Resource.meta.source"),
        ["_tag"] = (SearchParamType.Token, "Resource.meta.tag"),
    };

    // What is no path, or is published with its parts exchanged: a resource, searches that find it and searches that do not.
    private static readonly (string Type, string Code, string Json, string[] Hits, string[] Misses)[] _handWritten =
    [
        ("Patient", "deceased", """{"deceasedDateTime":"2020-01-01"}""", ["true", ":not=false"], ["false", ":not=true"]),
        ("Patient", "deceased", """{"deceasedBoolean":true}""", ["true"], ["false"]),
        ("Patient", "deceased", """{"deceasedBoolean":false}""", ["false"], ["true"]),
        ("Patient", "deceased", "{}", ["false"], ["true"]),
        ("DocumentReference", "relationship",
            """{"relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/one"}},{"code":"signs","target":{"reference":"DocumentReference/two"}}]}""",
            ["replaces$DocumentReference/one", "signs$two"], ["signs$DocumentReference/one", "replaces$DocumentReference/three"]),
    ];

    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Each_is_searched_by_with_a_hit_and_without(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        var watch = Stopwatch.StartNew();
        var examples = ResourceCatalog.Types.SelectMany(Examples).ToList();
        foreach (var batch in examples.Where(example => example.Type != "Subscription").Chunk(250))
        {
            await store.CommitAsync([.. batch.Select(example => example.Put())]);
        }

        // As the server writes them: of clients they would have to make sense.
        var subscriptions = examples.Where(example => example.Type == "Subscription").Select(example => example.Put());
        await store.Store.CommitAsync(
            TestStore.Caller, new ChangeSet([.. subscriptions], []) { IsOperation = true }, TestContext.Current.CancellationToken);

        var written = watch.Elapsed;
        var failures = new List<string>();
        var searches = 0;
        var exercised = new HashSet<(string, string)>();
        foreach (var example in examples)
        {
            var hits = 0;
            var misses = 0;
            foreach (var (search, isHit) in example.Searches)
            {
                var found = await FindAsync(store, search);
                searches++;
                if (found == (isHit ? example.Id : string.Empty))
                {
                    _ = isHit ? hits++ : misses++;
                }
                else
                {
                    failures.Add($"{search} -> {found} and not {(isHit ? example.Id : "nothing")}: {example.Json.ToJsonString()}");
                }
            }

            if (hits > 0 && misses > 0)
            {
                exercised.Add((example.Type, example.Code));
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{exercised.Count} parameters, {examples.Count} resources in {written.TotalSeconds:0.0} s, {searches} searches in {(watch.Elapsed - written).TotalSeconds:0.0} s");
        Assert.True(failures.Count == 0, $"{failures.Count} of {searches}:\n{string.Join('\n', failures.Take(60))}");
        var advertised = ResourceCatalog.Types.SelectMany(type => SearchParameterCatalog.R4.For(type)).Select(one => (one.ResourceType, one.Code)).ToHashSet();
        Assert.Empty(advertised.Except(exercised));
        Assert.Equal(advertised.Count, exercised.Count);
        Assert.True(advertised.Count > 2500, $"{advertised.Count} parameters");
    }

    /// <summary>What is no parameter of a type but may stand in each search.</summary>
    [Theory, MemberData(nameof(TestStore.Providers), MemberType = typeof(TestStore))]
    public async Task Those_of_every_search_are_too(DatabaseProvider provider)
    {
        await using var store = await TestStore.CreateAsync(provider);
        await store.PutAsync(
            """
            {"resourceType":"Patient","id":"p","gender":"male","address":[{"city":"Ulm"}],
             "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">A <b>narrative</b></div>"} }
            """);
        await store.PutAsync("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/p"}}""");
        await store.PutAsync("""{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p"}}]}""");
        (string Hit, string Miss)[] rows =
        [
            ("Patient?_text=narrative", "Patient?_text=ulm"),
            ("Patient?_content=ulm", "Patient?_content=bonn"),
            ("Patient?_list=l", "Observation?_list=l"),
            ("Patient?_has:Observation:patient:status=final", "Patient?_has:Observation:patient:status=amended"),
            ("?_type=Patient", "?_type=Practitioner"),
            ("?_type=Patient,Practitioner&gender=male", "?_type=Patient,Practitioner&gender=female"),
            ("Patient?_filter=gender eq male", "Patient?_filter=gender eq female"),
            ("Patient?_filter=_id eq p and _lastUpdated ge 2020", "Patient?_filter=_id eq p and _lastUpdated lt 2020"),
        ];
        foreach (var (hit, miss) in rows)
        {
            Assert.Equal((hit, "p"), (hit, await FindAsync(store, hit)));
            Assert.Equal((miss, ""), (miss, await FindAsync(store, miss)));
        }
    }

    private static async Task<string> FindAsync(TestStore store, string search)
    {
        try
        {
            return string.Join(' ', await store.IdsAsync(search));
        }
        catch (FhirException refused)
        {
            return refused.Message;
        }
    }

    private static IEnumerable<Example> Examples(string type) => SearchParameterCatalog.R4.For(type).SelectMany(parameter =>
    {
        var examples = (parameter.Code switch
        {
            "_id" => [OfId(type)],
            "_lastUpdated" => [OfTime(type)],
            _ when _handWritten.Any(row => (row.Type, row.Code) == (type, parameter.Code)) => OfHand(type, parameter.Code),
            _ => parameter.Type == SearchParamType.Composite ? OfParts(parameter) : OfPaths(parameter),
        }).ToList();
        Assert.True(examples.Count > 0, $"{type}.{parameter.Code} cannot be made: {parameter.Expression}");
        return examples;
    });

    private static Example OfId(string type)
    {
        var example = new Example(type, "_id", 0, []);
        return example with { Searches = [($"{type}?_id={example.Id}", true), ($"{type}?_id={example.Id}x", false), ($"{type}?_id:not={example.Id}&_id={example.Id}", false)] };
    }

    private static Example OfTime(string type)
    {
        var example = new Example(type, "_lastUpdated", 0, []);
        string[] misses = ["lt2020", "2020", "gt2900", ":missing=true"];
        return example with { Searches = [(example.With("ge2020"), true), .. misses.Select(miss => (example.With(miss), false))] };
    }

    private static IEnumerable<Example> OfHand(string type, string code)
    {
        var number = 0;
        foreach (var row in _handWritten.Where(row => (row.Type, row.Code) == (type, code)))
        {
            var example = new Example(type, code, number++, JsonNode.Parse(row.Json)!.AsObject());
            yield return example with
            {
                Searches = [.. row.Hits.Select(hit => (example.With(hit), true)), .. row.Misses.Select(miss => (example.With(miss), false))],
            };
        }
    }

    private static IEnumerable<Example> OfPaths(SearchParameter parameter)
    {
        var type = parameter.ResourceType;
        var (kind, expression) = _common.TryGetValue(parameter.Code, out var common)
            ? common
            : (_published[(type, parameter.Code)].Type, _published[(type, parameter.Code)].Expression!);
        var target = TargetOf(type, parameter.Code);
        var number = 0;
        foreach (var path in ParameterPath.Of(type, expression))
        {
            var json = new JsonObject();
            var example = new Example(type, parameter.Code, number, json);
            if (ParameterValue.Of(kind, path, example.Number, target) is { } value)
            {
                number++;
                path.Put(json, value.Element);
                yield return example with
                {
                    Searches =
                    [
                        .. value.Hits.Select(hit => (example.Alone(hit), true)),
                        .. value.Misses.Select(miss => (example.Alone(miss), false)),
                        .. value.Shared.Append(":missing=false").Select(hit => (example.With(hit), true)),
                        .. value.SharedMisses.Append(":missing=true").Select(miss => (example.With(miss), false)),
                    ],
                };
            }
        }
    }

    // Both parts in one element; where it repeats, another element has the one part with the other's of a third value.
    private static IEnumerable<Example> OfParts(SearchParameter parameter)
    {
        var type = parameter.ResourceType;
        var published = _published[(type, parameter.Code)];
        var number = 0;
        foreach (var outer in ParameterPath.Of(type, published.Expression!))
        {
            var parts = published.Component!.Select(component => Ways(component, type, outer.End)).ToList();
            for (var way = 0; way < parts.Max(part => part.Count); way++)
            {
                var json = new JsonObject();
                var example = new Example(type, parameter.Code, number++, json);
                ParameterValue[] Values(int more) => [.. parts.Select((part, at) => part[way % part.Count].Value(example.Number + (3000 * ((2 * at) + more))))];
                void Fill(ParameterValue[] values)
                {
                    var holder = outer.Elements.Count == 0 ? json : new JsonObject();
                    for (var at = 0; at < parts.Count; at++)
                    {
                        var (path, _, isOfRoot) = parts[at][way % parts[at].Count];
                        path.Put(isOfRoot ? json : holder, values[at].Element.DeepClone());
                    }

                    if (outer.Elements.Count > 0)
                    {
                        outer.Put(json, holder);
                    }
                }

                var first = Values(0);
                Fill(first);
                List<(string, bool)> searches = [(example.With(string.Join('$', first.Select(value => value.Hit))), true)];
                for (var at = 0; at < first.Length; at++)
                {
                    searches.Add((example.With(string.Join('$', first.Select((value, part) => part == at ? value.Miss : value.Hit))), false));
                }

                if (outer.Elements is [.., { IsList: true }] && parts.All(part => part.All(one => !one.IsOfRoot)))
                {
                    var second = Values(1);
                    Fill(second);
                    searches.Add((example.With(string.Join('$', second.Select(value => value.Hit))), true));

                    // Bound codes and booleans are the same in both elements.
                    if (first.Zip(second).All(values => values.First.Hit != values.Second.Hit))
                    {
                        searches.Add((example.With(string.Join('$', second.Select((value, part) => (part == 0 ? first : second)[part].Hit))), false));
                    }
                }

                yield return example with { Searches = searches };
            }
        }
    }

    private static List<(ParameterPath Path, Func<int, ParameterValue> Value, bool IsOfRoot)> Ways(SearchParamComponent component, string type, Type outer)
    {
        const string Root = "%resource.";
        var definition = _published.Values.First(one => one.Resource == type && one.Url == component.Definition);
        var isOfRoot = component.Expression!.StartsWith(Root, StringComparison.Ordinal);
        var paths = isOfRoot
            ? ParameterPath.Of(type, $"{type}.{component.Expression[Root.Length..]}")
            : ParameterPath.Of(outer, null, component.Expression);
        var target = TargetOf(type, definition.Code!);
        return
        [
            .. from path in paths
               where ParameterValue.Of(definition.Type, path, 0, target) is not null
               select (path, (Func<int, ParameterValue>)(number => ParameterValue.Of(definition.Type, path, number, target)!), isOfRoot),
        ];
    }

    private static string TargetOf(string type, string code) =>
        _published.TryGetValue((type, code), out var definition) && definition.Target?.FirstOrDefault() is { } target ? target.GetLiteral() : "Patient";

    /// <summary>A resource and searches for it: whether each finds it and nothing else, or nothing.</summary>
    private sealed record Example(string Type, string Code, int Way, JsonObject Json)
    {
        private static readonly Dictionary<string, int> _places = ResourceCatalog.Types
            .SelectMany(type => SearchParameterCatalog.R4.For(type)).Select((parameter, place) => ($"{parameter.ResourceType}.{parameter.Code}", place))
            .ToDictionary(one => one.Item1, one => one.place);

        public IReadOnlyList<(string Search, bool IsHit)> Searches { get; init; } = [];

        public string Id => $"e{_places[$"{Type}.{Code}"]}-{Way}";

        /// <summary>Another for each value of each parameter of a type.</summary>
        public int Number => ((_places[$"{Type}.{Code}"] - _places[$"{Type}.{SearchParameterCatalog.R4.For(Type)[0].Code}"]) * 16) + Way;

        public string Alone(string value) => $"{Type}?{Code}{(value[0] == ':' ? value : $"={value}")}";

        public string With(string value) => $"{Alone(value)}&_id={Id}";

        public PutChange Put()
        {
            Json["resourceType"] = Type;
            Json["id"] = Id;
            if (Type == "Binary")
            {
                Json["contentType"] = "text/plain";
            }

            return new PutChange(new ResourceKey(Type, Id), TestStore.Content(Json.ToJsonString()));
        }
    }
}
