using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;
using SearchParameter = TeleFhir.Domain.Search.SearchParameter;

namespace TeleFhir.Api.Tests.Hostile;

/// <summary>Searches of every type by every parameter, with modifiers, chains and values that fit and that do not.</summary>
internal sealed class OddSearches(Random random)
{
    private static readonly string[] _prefixes = ["", "", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap", "xx", "gtlt"];

    private static readonly string[] _modifiers =
        ["exact", "contains", "missing", "not", "text", "in", "not-in", "above", "below", "of-type", "identifier", "iterate", "Patient", "Nothing", "", "exact:exact"];

    private static readonly string[] _dates =
    [
        "2024", "2024-02", "2024-02-29", "2023-02-29", "2024-02-29T10:00", "2024-02-29T10:00:00Z", "2024-02-29T24:00:00Z", "0000", "0001-01-01", "9999-12-31T23:59:59.999Z",
        "2024-02-29T10:00:00+14:00", "2024-02-29T10:00:00+99:00", "-2024", "2016-12-31T23:59:60Z", "2024-02-29T10:00:00.1234567890123Z", "12024", "2024-2-9", "today",
    ];

    private static readonly string[] _numbers =
    [
        "0", "-0", "1", "-1.50", "1e2", "1E-28", "1e308", "1e999", "-1e-999", "79228162514264337593543950335", "79228162514264337593543950336", ".5", "5.", "+5", "0x1f", "NaN", "Infinity",
        "1|http://unitsofmeasure.org|kg", "1||kg", "1|http://unitsofmeasure.org|[degF]", "1|http://unitsofmeasure.org|kg.m/(s2", "1|a|b|c", "|", "1e28|http://unitsofmeasure.org|Tg",
    ];

    private static readonly string[] _tokens =
        ["a", "a|b", "|b", "a|", "|", "a|b|c", "true", "http://loinc.org|8867-4", "a\\|b", "a\\", "\\$", "a\\,b", ",", ",,a", " a ", "urn:v2|MR|446"];

    private static readonly string[] _references =
    [
        "Patient/kept", "kept", "Patient/", "/kept", "http://other.example/fhir/Patient/kept", "Patient/kept/_history/1", "Nothing/x", "#p", "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a",
        "http://", "Patient/kept|1", "Patient/a b", "../Patient/kept",
    ];

    private static readonly string[] _texts =
    [
        "a", "Müller", "%", "_", "%25", "'; DROP TABLE resource; --", "\u0000", "\ud83d\ude00", "\ufffd", "\u202e", "İ", "ß", "ﬃ", "e\u0301", "NULL", "*", "\"", "(", "a OR b", "NEAR(a b)", "-a",
        "^a", "a*", "\t\r\n",
    ];

    private static readonly string[] _uris = ["http://a.example/x", "http://a.example/x|1", "urn:oid:1.2.3", "http://a.example/x#y", "http://[", "mailto:", "%%%", "http://a.example/x/../y"];

    private static readonly string[] _filters =
    [
        "{0} eq {1}", "{0} ne {1}", "{0} co {1}", "{0} pr true", "not ({0} eq {1})", "{0} eq {1} and {0} gt {1} or {0} lt {1}", "(((({0} eq {1}))))", "{0} eq \"{1}\"", "{0} eq \"{1}", "({0} eq {1}",
        "{0}[{0} eq {1}].{0} sw {1}", "{0} in {1}", "{0} ss {1}", "{0} re {1}", "{0} {1}", "eq", "", "not", "{0}.{0}.{0} po {1}", "{0} zz {1}", "and {0} eq {1}",
    ];

    /// <summary>The next: a type, a question mark and parameters, in some encoding; parameters alone for a search of the system.</summary>
    public string Next()
    {
        var types = ResourceCatalog.Types;
        var type = random.Next(3) == 0 ? types[random.Next(types.Length)] : Pick("Patient", "Observation", "Encounter", "Appointment");
        var parameters = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Parameter(type)).ToList();
        return random.Next(20) == 0
            ? $"?_type={type}{Pick("", ",Group", ",Nothing", ",")}&{string.Join('&', parameters)}"
            : $"{type}?{string.Join(Pick("&", "&", "&", "&", "&&", ";"), parameters)}";
    }

    private string Parameter(string type)
    {
        var parameter = Any(type);
        return random.Next(12) switch
        {
            0 => Pair(Chain(type, parameter, random.Next(1, 4)), Value(parameter)),
            1 => Pair(Has(random.Next(1, 4)), Value(parameter)),
            2 => Pair("_filter", string.Format(CultureInfo.InvariantCulture, Pick(_filters), parameter.Code, Value(parameter))),
            3 => Pair("_sort", string.Join(',', Enumerable.Range(0, random.Next(1, 5)).Select(_ => Pick("", "-", "--") + Pick(Any(type).Code, "_id", "_lastUpdated", "_score", "")))),
            4 => Pair(Pick("_include", "_revinclude", "_include:iterate", "_revinclude:iterate", "_include:recurse"),
                Pick($"{type}:{parameter.Code}", "*", $"{type}:*", $"{type}:{parameter.Code}:Patient", "Nothing:x", "::", $"{type}:", "Observation:subject")),
            5 => Pair(
                Pick("_count", "_total", "_summary", "_elements", "_list", "_tag", "_profile", "_security", "_source", "_text", "_content", "_type", "_format", "_pretty", "_id", "_lastUpdated", "_page", "_contained", "_query", "near"),
                Pick("0", "1", "-1", "1001", "x", "", "none", "accurate", "estimate", "true", "count", "text", "data", "id,code", "Patient,Observation", "json", "xml", "ge2024", "kept", "a|b")),
            _ => Pair($"{parameter.Code}{(random.Next(3) == 0 ? $":{Pick([.. parameter.Modifiers, Pick(_modifiers)])}" : "")}", Value(parameter)),
        };
    }

    private string Chain(string type, SearchParameter last, int depth)
    {
        var steps = new List<string>();
        for (var at = type; depth > 0; depth--)
        {
            ImmutableArray<SearchParameter> references = [.. SearchParameterCatalog.R4.For(at).Where(parameter => parameter.Type == SearchParamType.Reference)];
            if (references.IsEmpty)
            {
                break;
            }

            var reference = references[random.Next(references.Length)];
            var target = reference.Targets is { IsEmpty: false } targets ? targets[random.Next(targets.Length)] : "Patient";
            steps.Add(reference.Code + Pick("", $":{target}", $":{target}", ":missing", ":Nothing"));
            (at, last) = (target, Any(target));
        }

        return string.Join('.', steps.Append(last.Code + Pick("", "", "", $":{Pick(_modifiers)}")));
    }

    private string Has(int depth)
    {
        var name = "";
        for (; depth > 0; depth--)
        {
            var type = Pick("Observation", "Encounter", "Appointment", "Condition", "Group", "Provenance", "Nothing");
            name += $"_has:{type}:{Pick("patient", "subject", "actor", "member", "target", "nothing", "")}:";
        }

        return name + Pick("code", "status", "date", "_id", "value-quantity", "subject.name", "date:missing", "status:not", "", ":");
    }

    private string Value(SearchParameter parameter)
    {
        var one = One(parameter.Type);
        return random.Next(10) switch
        {
            0 => string.Join(',', Enumerable.Range(0, random.Next(2, 40)).Select(_ => One(parameter.Type))),
            1 => One((SearchParamType)random.Next(9)),
            2 => Pick("true", "false", "", "$", "$$", ",", "ValueSet/none", "http://hl7.org/fhir/ValueSet/administrative-gender", new string('9', random.Next(1, 3000))),
            _ => one,
        };
    }

    private string One(SearchParamType type) => type switch
    {
        SearchParamType.Date => Pick(_prefixes) + Pick(_dates),
        SearchParamType.Number or SearchParamType.Quantity => Pick(_prefixes) + Pick(_numbers),
        SearchParamType.Token => Pick(_tokens),
        SearchParamType.Reference => Pick(_references),
        SearchParamType.Uri => Pick(_uris),
        SearchParamType.Composite => $"{Pick(_tokens)}${Pick(_prefixes)}{Pick(Pick(_numbers), Pick(_dates), Pick(_texts))}{Pick("", "", "$1")}",
        _ => Pick(_texts),
    };

    private SearchParameter Any(string type)
    {
        var all = SearchParameterCatalog.R4.For(type);
        return all[random.Next(all.Length)];
    }

    private string Pair(string name, string value) => $"{Encode(name)}={Encode(value)}";

    private string Encode(string text) => random.Next(12) switch
    {
        0 => Uri.EscapeDataString(Uri.EscapeDataString(text)),
        1 => text.Replace(" ", "+", StringComparison.Ordinal).Replace("\0", "%00", StringComparison.Ordinal),
        2 => Uri.EscapeDataString(text) + Pick("%", "%zz", "%u0041", "%c3%28", "%00", "%ed%a0%80", "%f8", "+", "%2"),
        _ => Uri.EscapeDataString(text),
    };

    private string Pick(params string[] pool) => pool[random.Next(pool.Length)];
}
