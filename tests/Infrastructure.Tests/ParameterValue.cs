using System.Globalization;
using System.Text.Json.Nodes;
using Hl7.Fhir.Model;
using Hl7.Fhir.Utility;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// An element with a value of its own, the searches that must find it and those that must not, without the name of the parameter: a
/// text that starts with a colon goes on with a modifier. What other resources have too is in <paramref name="Shared"/>.
/// </summary>
/// <param name="Element">As it is put into the resource.</param>
/// <param name="Hits">Each finds this value and no other.</param>
/// <param name="Misses">Each finds nothing at all.</param>
/// <param name="Shared">Finds this and perhaps others.</param>
/// <param name="SharedMisses">Does not find this, but perhaps others.</param>
internal sealed record ParameterValue(JsonNode Element, string[] Hits, string[] Misses, string[] Shared, string[] SharedMisses)
{
    private const string Ucum = "http://unitsofmeasure.org";

    /// <summary>The first search that finds it, whoever else has it.</summary>
    public string Hit => Hits.Concat(Shared).First();

    /// <summary>A search that does not find it.</summary>
    public string Miss => Misses.Concat(SharedMisses).First();

    /// <summary>
    /// The value number <paramref name="number"/> of a parameter for an element of a type
    /// (https://hl7.org/fhir/R4/search.html#table); null where the parameter has no values of that type.
    /// </summary>
    public static ParameterValue? Of(SearchParamType parameter, ParameterPath path, int number, string target)
    {
        var n = number.ToString("000000", CultureInfo.InvariantCulture);
        return parameter switch
        {
            SearchParamType.Token => Token(path, n),
            SearchParamType.String => Text(path.End, n),
            SearchParamType.Date => Date(path.End, number),
            SearchParamType.Reference => Reference(path, n, path.Target ?? target),
            SearchParamType.Number => Number(path.End, number),
            SearchParamType.Quantity => Amount(path.End, number),
            SearchParamType.Uri => Uri(path.End, n),
            _ => null,
        };
    }

    private static ParameterValue? Token(ParameterPath path, string n)
    {
        string[] hits = [$"urn:s{n}|c{n}", $"c{n}", $"urn:s{n}|"];
        string[] misses = [$"urn:s{n}|d{n}", $"d{n}", $"|c{n}", $"C{n}|"];
        JsonObject Coding() => new() { ["system"] = $"urn:s{n}", ["code"] = $"c{n}" };
        var end = path.End;
        return end == typeof(Coding) ? new(Coding(), hits, misses, [], [":not=" + hits[0]])
            : end == typeof(CodeableConcept) ? new(new JsonObject { ["coding"] = new JsonArray(Coding()) }, hits, misses, [], [":not=" + hits[0]])
            : end == typeof(Identifier)
                ? new(new JsonObject { ["system"] = $"urn:s{n}", ["value"] = $"c{n}" }, hits, misses, [], [":not=" + hits[0]])
            : end == typeof(ContactPoint)
                ? new(new JsonObject { ["system"] = path.Elements[^1].Where?.Value ?? "fax", ["value"] = $"v{n}" }, [$"v{n}"], [$"w{n}"], [], [$":not=v{n}"])
            : end == typeof(FhirBoolean) ? new(JsonValue.Create(true), [], [], ["true", ":not=false"], ["false", ":not=true"])
            : end.IsGenericType && end.GetGenericTypeDefinition() == typeof(Code<>) ? Bound(end.GetGenericArguments()[0])
            : end == typeof(Code) || end == typeof(FhirString) || end == typeof(Id) || end.IsAssignableTo(typeof(FhirUri))
                || end == typeof(FhirUrl) || end == typeof(Canonical) || end == typeof(Oid) || end == typeof(Uuid)
                ? new(JsonValue.Create($"c{n}"), [$"c{n}"], [$"d{n}"], [], [$":not=c{n}"])
            : null;
    }

    // Codes of a required binding have their system from the binding.
    private static ParameterValue Bound(Type binding)
    {
        var codes = Enum.GetValues(binding).Cast<Enum>().Select(value => (Code: value.GetLiteral(), System: value.GetSystem())).ToList();
        var (code, system) = codes[0];
        var other = codes.Count > 1 ? codes[1].Code : "another";
        return new(JsonValue.Create(code), [], [], [code, $"{system}|{code}"], [other, $"urn:none|{code}", $":not={code}"]);
    }

    private static ParameterValue? Text(Type end, string n)
    {
        string Word(string part) => $"Wörd {part} {n}";
        ParameterValue Of(JsonNode element, params string[] parts) => new(
            element,
            [.. parts.Select(part => $"word {part} {n}"), .. parts.Select(part => $":exact={Word(part)}"), $":contains=RD {parts[0]} {n}"],
            [$"rd {parts[0]} {n}", $"word {parts[0]} {n}x", $":exact=word {parts[0]} {n}", $":contains={n} {parts[0]}"],
            [], []);
        return end == typeof(FhirString) || end == typeof(Markdown) || end == typeof(Code) ? Of(JsonValue.Create(Word("t")), "t")
            : end == typeof(HumanName)
                ? Of(
                    new JsonObject
                    {
                        ["family"] = Word("f"),
                        ["given"] = new JsonArray(Word("g"), Word("h")),
                        ["prefix"] = new JsonArray(Word("p")),
                        ["suffix"] = new JsonArray(Word("s")),
                        ["text"] = Word("t"),
                    },
                    "f", "g", "h", "p", "s", "t")
            : end == typeof(Address)
                ? Of(
                    new JsonObject
                    {
                        ["line"] = new JsonArray(Word("l"), Word("m")),
                        ["city"] = Word("c"),
                        ["district"] = Word("d"),
                        ["state"] = Word("s"),
                        ["postalCode"] = Word("p"),
                        ["country"] = Word("o"),
                        ["text"] = Word("t"),
                    },
                    "l", "m", "c", "d", "s", "p", "o", "t")
            : null;
    }

    private static ParameterValue? Date(Type end, int number)
    {
        // A day for each; a second within it where the type has such.
        var date = new DateOnly(1900, 1, 1).AddDays(number);
        string Day(int later) => date.AddDays(later).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (day, moment) = (Day(0), $"{Day(0)}T10:20:30Z");
        string[] misses = [$"{day}T10:20:31Z"];
        string[] shared = [$"ge{day}", $"le{day}", $"ap{day}", $"gt{Day(-1)}", $"lt{Day(1)}", $"sa{Day(-1)}", $"eb{Day(1)}", $"ne{Day(1)}"];
        string[] sharedMisses = [$"ne{day}", $"gt{day}", $"lt{day}", $"sa{day}", $"eb{day}", Day(-1), Day(1)];
        ParameterValue Of(JsonNode element) => new(element, [day], misses, shared, sharedMisses);
        return end == typeof(Date) ? Of(JsonValue.Create(day))
            : end == typeof(FhirDateTime) || end == typeof(Instant) ? Of(JsonValue.Create(moment)) with { Hits = [day, moment, $"{day}T12:20:30+02:00"] }
            : end == typeof(Period) ? Of(new JsonObject { ["start"] = moment, ["end"] = day })
            : end == typeof(Timing) ? Of(new JsonObject { ["event"] = new JsonArray(moment) })
            : null;
    }

    private static ParameterValue? Reference(ParameterPath path, string n, string target)
    {
        var literal = $"{target}/r{n}";
        string[] hits = [literal, $"r{n}", $"{TestStore.Base}/{literal}", $":{target}=r{n}"];
        string[] misses = [$"{target}/q{n}", $"q{n}", $"http://other.example/{literal}"];
        return path.End == typeof(ResourceReference) ? new(new JsonObject { ["reference"] = literal }, hits, misses, [], [])
            : path.End == typeof(Resource) ? new(new JsonObject { ["resourceType"] = target, ["id"] = $"r{n}" }, hits, misses, [], [])
            : path.End == typeof(Canonical) || path.End == typeof(FhirUri)
                ? new(JsonValue.Create($"http://example.org/c{n}"), [$"http://example.org/c{n}"], [$"http://example.org/d{n}"], [], [])
            : null;
    }

    private static ParameterValue? Number(Type end, int number)
    {
        var value = number + 1;
        var element = end == typeof(Integer) || end == typeof(PositiveInt) || end == typeof(UnsignedInt) ? JsonValue.Create(value)
            : end == typeof(FhirDecimal) ? JsonNode.Parse($"{value}.25")
            : null;
        var text = element?.ToJsonString();
        return element is null ? null : new(
            element,
            [text!],
            [$"{value}.5"],
            [$"ge{text}", $"le{text}", $"ap{text}", $"gt{value - 1}", $"lt{value + 1}", $"sa{value - 1}", $"eb{value + 1}", $"ne{value}.5"],
            [$"gt{text}", $"lt{text}", $"sa{text}", $"eb{text}", $"ne{text}"]);
    }

    private static ParameterValue? Amount(Type end, int number)
    {
        var value = $"{number + 1}.25";
        JsonObject Quantity() => new() { ["value"] = JsonNode.Parse(value), ["unit"] = "pieces", ["system"] = Ucum, ["code"] = "{pcs}" };
        ParameterValue Of(JsonNode element, string system, string code) => new(
            element,
            [value, $"{value}|{system}|{code}", $"{value}||{code}"],
            [$"{value}5", $"{value}|urn:other|{code}", $"{value}||none"],
            [$"ge{value}", $"le{value}|{system}|{code}", $"gt{number}", $"lt{number + 2}", $"ap{value}"],
            [$"gt{value}|{system}|{code}", $"lt{value}|{system}|{code}"]);
        return end.IsAssignableTo(typeof(Quantity)) ? Of(Quantity(), Ucum, "{pcs}") with { Misses = [$"{value}5", $"{value}|urn:other|{{pcs}}", $"{value}||none"] }
            : end == typeof(Money) ? Of(new JsonObject { ["value"] = JsonNode.Parse(value), ["currency"] = "EUR" }, "urn:iso:std:iso:4217", "EUR")
            : end == typeof(Hl7.Fhir.Model.Range) ? Of(new JsonObject { ["low"] = Quantity(), ["high"] = Quantity() }, Ucum, "{pcs}")
            : null;
    }

    private static ParameterValue? Uri(Type end, string n)
    {
        var uri = $"http://example.org/{n}/u";
        return end == typeof(FhirUri) || end == typeof(FhirUrl) || end == typeof(Canonical) || end == typeof(Oid) || end == typeof(Uuid)
            ? new(
                JsonValue.Create(uri),
                [uri, $":below=http://example.org/{n}", $":above={uri}/below"],
                [$"{uri}/", $"http://example.org/{n}", $"HTTP{uri[4..]}", $":below={uri}/below", $":above=http://example.org/{n}"],
                [], [])
            : null;
    }
}
