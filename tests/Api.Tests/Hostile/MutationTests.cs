using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using TeleFhir.Api.Tests.Durability;
using TeleFhir.Infrastructure.Tests;

namespace TeleFhir.Api.Tests.Hostile;

/// <summary>
/// Ten thousand requests, each a good one with something broken, against the real server on each database: never a 5xx, always an outcome, nothing lost.
/// They are reads, searches of every kind by GET and POST, JSON and XML, bundles, patches and operations.
/// The seed is printed; <c>TELEFHIR_MUTATIONS</c> sets another number.
/// </summary>
public sealed class MutationTests
{
    private const string Kept = """{"resourceType":"Patient","id":"kept","name":[{"family":"Untouched"}],"birthDate":"1984-05-17"}""";

    private static readonly string[] _bodies =
    [
        """{"resourceType":"Patient","id":"fuzz","active":true,"name":[{"family":"A","given":["B"]}],"birthDate":"1990-01-01","multipleBirthInteger":2}""",
        """{"resourceType":"Observation","id":"fuzz","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"Patient/kept"},"effectiveDateTime":"2026-01-01T10:00:00Z","valueQuantity":{"value":1.50,"unit":"kg"}}""",
        """{"resourceType":"Appointment","id":"fuzz","status":"booked","start":"2026-01-01T10:00:00Z","end":"2026-01-01T10:30:00Z","participant":[{"actor":{"reference":"Patient/kept"},"status":"accepted"}]}""",
        """{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}},{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"}},"request":{"method":"PUT","url":"Observation/fuzz"}}]}""",
        """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Patient?name=x&_count=1"}},{"request":{"method":"DELETE","url":"Observation/fuzz"}}]}""",
    ];

    private static readonly string[] _xml =
    [
        """<Patient xmlns="http://hl7.org/fhir"><id value="fuzz"/><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b></div></text><active value="true"/><name><family value="A"/><given value="B"/></name><birthDate value="1990-01-01"/></Patient>""",
        """<?xml version="1.0" encoding="UTF-8"?><Observation xmlns="http://hl7.org/fhir"><id value="fuzz"/><status value="final"/><code><coding><system value="http://loinc.org"/><code value="8867-4"/></coding></code><valueQuantity><value value="1.50"/></valueQuantity></Observation>""",
        """<Bundle xmlns="http://hl7.org/fhir"><type value="batch"/><entry><resource><Patient><active value="true"/></Patient></resource><request><method value="POST"/><url value="Patient"/></request></entry></Bundle>""",
        """<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;&a;">]><Patient xmlns="http://hl7.org/fhir"><id value="fuzz"/><name><family value="&c;"/></name></Patient>""",
    ];

    private static readonly (string Type, string Body)[] _patches =
    [
        ("application/json-patch+json", """[{"op":"test","path":"/resourceType","value":"Patient"},{"op":"replace","path":"/active","value":false},{"op":"add","path":"/name/0/given/-","value":"C"},{"op":"remove","path":"/birthDate"}]"""),
        ("application/json-patch+json", """[{"op":"move","from":"/name/0/given/0","path":"/name/0/family"},{"op":"copy","from":"/name","path":"/name/0/extension"},{"op":"add","path":"/a~1b~0c","value":[]}]"""),
        ("application/fhir+json", """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.birthDate"},{"name":"value","valueDate":"1991-02-03"}]},{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"gender"},{"name":"value","valueCode":"male"}]}]}"""),
        ("application/fhir+json", """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.name.where(family='A').given"},{"name":"index","valueInteger":0},{"name":"value","valueString":"D"}]},{"name":"operation","part":[{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name.given"},{"name":"source","valueInteger":1},{"name":"destination","valueInteger":0}]},{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.repeat(children()).first()"}]}]}"""),
        ("application/fhir+xml", """<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/><part><name value="type"/><valueCode value="replace"/></part><part><name value="path"/><valueString value="Patient.active"/></part><part><name value="value"/><valueBoolean value="false"/></part></parameter></Parameters>"""),
    ];

    private static readonly (string Address, string Body)[] _operations =
    [
        ("Patient/$validate", """{"resourceType":"Parameters","parameter":[{"name":"mode","valueCode":"create"},{"name":"profile","valueUri":"http://hl7.org/fhir/StructureDefinition/Patient"},{"name":"resource","resource":{"resourceType":"Patient","active":true}}]}"""),
        ("Patient/fuzz/$meta-add", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:t","code":"a"}],"profile":["http://a.example/p"]}}]}"""),
        ("Observation/$stats", """{"resourceType":"Parameters","parameter":[{"name":"subject","valueString":"Patient/kept"},{"name":"code","valueString":"8867-4"},{"name":"duration","valueDecimal":24},{"name":"statistic","valueCode":"average"}]}"""),
        ("ValueSet/$expand", """{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/administrative-gender"},{"name":"filter","valueString":"ma"},{"name":"count","valueInteger":2}]}"""),
        ("ValueSet/$validate-code", """{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://hl7.org/fhir/ValueSet/administrative-gender"},{"name":"coding","valueCoding":{"system":"http://hl7.org/fhir/administrative-gender","code":"male"}}]}"""),
    ];

    private static readonly string[] _queries =
    [
        "Patient?name=müller&birthdate=ge1980-01-01&_sort=-birthdate,family&_count=3",
        "Observation?code=http://loinc.org|8867-4&value-quantity=gt1.5|http://unitsofmeasure.org|kg&date=lt2026",
        "Observation?subject:Patient.identifier=a|b&_include=Observation:subject&_total=accurate",
        "Patient?_has:Observation:patient:code=8867-4&gender:not=male&address:missing=true",
        "Observation?code-value-quantity=8867-4$gt5&_elements=id,code&_summary=data",
        "Encounter?date=sa2020-01&status=planned,arrived&_revinclude=Observation:encounter",
        "Patient/kept/_history?_since=2020-01-01T00:00:00Z&_count=2",
        "_history?_at=2026-01",
        "Patient?_page=abcdefghijklmnop",
        "?_type=Patient,Observation&_lastUpdated=gt2020&_tag=x|y",
        "metadata?_format=json&_pretty=true",
    ];

    private static readonly string[] _junk =
    [
        "null", "[]", "{}", "[null]", "\"\"", "1e999", "-0", "99999999999999999999999999999999999999", "1.0e-400", "true", "\"\\ud800\"", "\"\\u0000\"",
        "{\"resourceType\":\"Patient\"}", "\"9999-99-99\"", "\"Patient/\"", "\"Patient?identifier=\"", "\"\\u202e\"", "{\"a\":{\"a\":{\"a\":[[[[[]]]]]}}}",
    ];

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("PostgreSql")]
    public async Task Broken_requests_are_refused_and_break_nothing(string provider)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var count = Setting("TELEFHIR_MUTATIONS", 10_000);
        var seed = Setting("TELEFHIR_SEED", Random.Shared.Next());
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var folder = Directory.CreateTempSubdirectory("telefhir-fuzz-");
        try
        {
            await using var database = provider == "PostgreSql" ? await (await PostgresCluster.SharedAsync()).CreateDatabaseAsync() : null;
            await using var server = await ServerProcess.StartAsync(
                new Dictionary<string, string>
                {
                    ["Database:Provider"] = provider,
                    ["ConnectionStrings:TeleFhir"] = database?.ConnectionString ?? $"Data Source={Path.Combine(folder.FullName, "fuzz.db")}",
                },
                cancellationToken);
            using var put = await server.Client.PutAsync("fhir/Patient/kept", Json(Kept), cancellationToken);
            var before = await server.Client.GetStringAsync("fhir/Patient/kept", cancellationToken);
            var statuses = new ConcurrentDictionary<int, int>();
            var failures = new ConcurrentBag<string>();
            var times = new ConcurrentBag<(TimeSpan Time, int Number)>();
            var memory = new long[2];
            for (var half = 0; half < 2; half++)
            {
                await Parallel.ForAsync(half * count / 2, (half + 1) * count / 2, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, token) =>
                {
                    var random = new Random(seed + number);
                    using var request = Mutate(random);
                    var sent = TimeProvider.System.GetTimestamp();
                    using var response = await server.Client.SendAsync(request, token);
                    statuses.AddOrUpdate((int)response.StatusCode, 1, (_, seen) => seen + 1);
                    var body = await response.Content.ReadAsStringAsync(token);
                    times.Add((TimeProvider.System.GetElapsedTime(sent), number));
                    if ((int)response.StatusCode >= 500 || ((int)response.StatusCode >= 400 && !IsOutcome(body) && !IsUnreadable(response, body)))
                    {
                        failures.Add($"#{number} {request.Method} {request.RequestUri} -> {(int)response.StatusCode} {body[..Math.Min(300, body.Length)]}\n"
                            + (request.Content is null ? "" : (await request.Content.ReadAsStringAsync(token))[..Math.Min(600, (int)(request.Content.Headers.ContentLength ?? 0))]));
                    }
                });
                memory[half] = server.WorkingSet;
            }

            var ordered = times.Order().ToList();
            TestContext.Current.TestOutputHelper?.WriteLine(
                string.Join(", ", statuses.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}: {entry.Value}"))
                + $"; median {ordered[ordered.Count / 2].Time.TotalMilliseconds:0.0} ms, 99 of 100 {ordered[ordered.Count * 99 / 100].Time.TotalMilliseconds:0.0} ms, longest {ordered[^1].Time.TotalMilliseconds:0} ms (#{ordered[^1].Number})"
                + $"; working set {memory[0] >> 20} then {memory[1] >> 20} MiB");
            Assert.True(failures.IsEmpty, string.Join("\n\n", failures.Take(10)));
            Assert.Equal(before, await server.Client.GetStringAsync("fhir/Patient/kept", cancellationToken));
            Assert.True(memory[1] < (memory[0] * 3 / 2) + (128 << 20), $"Memory grew from {memory[0] >> 20} to {memory[1] >> 20} MiB.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Setting(string name, int otherwise)
    {
#pragma warning disable RS0030 // A test run has no configuration but its environment.
        var text = Environment.GetEnvironmentVariable(name);
#pragma warning restore RS0030 // As above.
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }

    /// <summary>A request line that the web server cannot read, a NUL in the path say, never gets as far as the application.</summary>
    private static bool IsUnreadable(HttpResponseMessage response, string body) =>
        response is { StatusCode: HttpStatusCode.BadRequest, Headers.ConnectionClose: true } && body.Length == 0;

    private static bool IsOutcome(string body)
    {
        try
        {
            return body.StartsWith('<')
                ? XDocument.Parse(body).Root!.Name == XName.Get("OperationOutcome", "http://hl7.org/fhir")
                : (string?)JsonNode.Parse(body)?["resourceType"] == "OperationOutcome";
        }
        catch (Exception unread) when (unread is System.Text.Json.JsonException or System.Xml.XmlException)
        {
            return false;
        }
    }

    private static HttpRequestMessage Mutate(Random random)
    {
        var request = random.Next(20) switch
        {
            < 6 => Search(random),
            < 9 => Xml(random),
            < 12 => Patch(random),
            < 13 => Operate(random),
            _ => null,
        };
        if (request is not null)
        {
            Headers(request, random);
            return request;
        }

        return MutateJson(random);
    }

    private static HttpRequestMessage Search(Random random)
    {
        var search = new OddSearches(random).Next();
        if (random.Next(10) == 0)
        {
            search = Garble(search, random, 3);
        }

        var sign = search.IndexOf('?', StringComparison.Ordinal);
        if (random.Next(4) > 0 || sign < 0)
        {
            return new HttpRequestMessage(HttpMethod.Get, $"fhir/{search}");
        }

        return new HttpRequestMessage(HttpMethod.Post, $"fhir/{(sign == 0 ? "" : $"{search[..sign]}/")}_search{(random.Next(5) == 0 ? "?_count=2" : "")}")
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(search[(sign + 1)..]))
            {
                Headers = { ContentType = MediaTypeHeaderValue.Parse(random.Next(20) == 0 ? "application/json" : "application/x-www-form-urlencoded") },
            },
        };
    }

    private static HttpRequestMessage Xml(Random random)
    {
        var at = random.Next(_xml.Length);
        var type = at switch { 1 => "Observation", 2 => "", _ => "Patient" };
        var isPut = type.Length > 0 && random.Next(2) == 0;
        return Send(isPut ? HttpMethod.Put : HttpMethod.Post, $"fhir/{type}{(isPut ? "/fuzz" : "")}", BreakText(_xml[at], random), "application/fhir+xml");
    }

    private static HttpRequestMessage Patch(Random random)
    {
        var (type, body) = _patches[random.Next(_patches.Length)];
        var target = random.Next(8) switch
        {
            0 => "Patient?identifier=a|b",
            1 => "Observation/fuzz",
            2 => "Patient/none",
            _ => "Patient/fuzz",
        };
        return Send(HttpMethod.Patch, $"fhir/{target}", random.Next(4) == 0 ? Encoding.UTF8.GetBytes(body) : type.EndsWith("xml", StringComparison.Ordinal) ? BreakText(body, random) : Break(body, random), type);
    }

    private static HttpRequestMessage Operate(Random random)
    {
        var (address, body) = _operations[random.Next(_operations.Length)];
        return Send(HttpMethod.Post, $"fhir/{address}", Break(body, random), "application/fhir+json");
    }

    private static HttpRequestMessage Send(HttpMethod method, string address, byte[] body, string type) => new(method, address)
    {
        Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } },
    };

    private static HttpRequestMessage MutateJson(Random random)
    {
        if (random.Next(5) < 2)
        {
            var get = new HttpRequestMessage(random.Next(8) == 0 ? HttpMethod.Delete : HttpMethod.Get, "fhir/" + Garble(_queries[random.Next(_queries.Length)], random, 4));
            Headers(get, random);

            // The patient that must survive is not the target of a deletion that is understood.
            return get.Method == HttpMethod.Delete && get.RequestUri!.OriginalString.Contains("Patient", StringComparison.OrdinalIgnoreCase)
                ? new HttpRequestMessage(HttpMethod.Get, get.RequestUri)
                : get;
        }

        var at = random.Next(_bodies.Length);
        var body = Break(_bodies[at], random);
        var type = at switch { 0 => "Patient", 1 => "Observation", 2 => "Appointment", _ => "" };
        var put = type.Length > 0 && random.Next(2) == 0;
        var request = new HttpRequestMessage(put ? HttpMethod.Put : HttpMethod.Post, $"fhir/{type}{(put ? "/fuzz" : "")}")
        {
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(
            random.Next(20) == 0 ? "text/plain" : "application/fhir+json");
        Headers(request, random);
        return request;
    }

    private static void Headers(HttpRequestMessage request, Random random)
    {
        string[] names = ["If-Match", "If-None-Match", "If-None-Exist", "If-Modified-Since", "Prefer", "Accept", "X-Request-Id", "Accept-Encoding"];
        string[] values = ["W/\"1\"", "*", "W/\"x\"", "\"", "identifier=", "name=x&&&=", "return=", "handling=none", "text/html;q=zz", "Sat, 99 Foo", "a,b;c=d", new string('x', 5000)];
        if (random.Next(3) == 0)
        {
            request.Headers.TryAddWithoutValidation(names[random.Next(names.Length)], values[random.Next(values.Length)]);
        }
    }

    /// <summary>As <see cref="Break"/>, without knowing what the text is made of.</summary>
    private static byte[] BreakText(string text, Random random)
    {
        switch (random.Next(5))
        {
            case 0: // some bytes are others
                var bytes = Encoding.UTF8.GetBytes(text);
                for (var i = random.Next(1, 4); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
            case 1: // it ends too soon
                return Encoding.UTF8.GetBytes(text[..random.Next(text.Length)]);
            case 2: // something is there again and again
                var start = random.Next(text.Length);
                var length = random.Next(1, Math.Min(200, text.Length - start + 1));
                return Encoding.UTF8.GetBytes(text.Insert(start, string.Concat(Enumerable.Repeat(text.Substring(start, length), random.Next(1, 500)))));
            case 3: // it is as it was
                return Encoding.UTF8.GetBytes(text);
            default:
                return Encoding.UTF8.GetBytes(Garble(text, random, 3));
        }
    }

    private static byte[] Break(string body, Random random)
    {
        switch (random.Next(6))
        {
            case 0: // some bytes are others
                var bytes = Encoding.UTF8.GetBytes(body);
                for (var i = random.Next(1, 4); i > 0; i--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                }

                return bytes;
            case 1: // it ends too soon
                return Encoding.UTF8.GetBytes(body[..random.Next(body.Length)]);
            case 2: // a value is another
                return Encoding.UTF8.GetBytes(Replace(body, random, _junk[random.Next(_junk.Length)]));
            case 3: // a value is very deep
                var depth = random.Next(10, 3000);
                return Encoding.UTF8.GetBytes(Replace(body, random, new string('[', depth) + new string(']', depth)));
            case 4: // a value is very long
                return Encoding.UTF8.GetBytes(Replace(body, random, $"\"{new string('9', random.Next(1, 100_000))}\""));
            default:
                return Encoding.UTF8.GetBytes(Garble(body, random, 3));
        }
    }

    private static string Replace(string body, Random random, string value)
    {
        var root = JsonNode.Parse(body)!;
        var places = new List<(JsonNode Parent, string? Name, int At)>();
        Collect(root, places);
        var (parent, name, at) = places[random.Next(places.Count)];
        const string Mark = "\"@@here@@\"";
        if (name is not null)
        {
            parent.AsObject()[name] = "@@here@@";
        }
        else
        {
            parent.AsArray()[at] = "@@here@@";
        }

        return root.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }

    private static void Collect(JsonNode node, List<(JsonNode Parent, string? Name, int At)> places)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members)
            {
                places.Add((node, name, 0));
                if (value is not null)
                {
                    Collect(value, places);
                }
            }
        }
        else if (node is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++)
            {
                places.Add((node, null, i));
                Collect(items[i]!, places);
            }
        }
    }

    private static string Garble(string text, Random random, int most)
    {
        const string Letters = "abcXYZ019|$,:;&=%?._-'\"\\/*(){}[]<>ä€ +";
        var garbled = new StringBuilder(text);
        for (var i = random.Next(1, most + 1); i > 0 && garbled.Length > 1; i--)
        {
            var at = random.Next(garbled.Length);
            switch (random.Next(3))
            {
                case 0:
                    garbled[at] = Letters[random.Next(Letters.Length)];
                    break;
                case 1:
                    garbled.Insert(at, Letters[random.Next(Letters.Length)]);
                    break;
                default:
                    garbled.Remove(at, 1);
                    break;
            }
        }

        return garbled.ToString();
    }

    private static StringContent Json(string json) => new(json, Encoding.UTF8, "application/fhir+json");
}
