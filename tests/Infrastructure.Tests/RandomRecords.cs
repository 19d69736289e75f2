using System.Globalization;
using System.Text.Json.Nodes;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// Patients and observations with values from small pools, so that random searches find some of them and not others. Any element
/// may be lacking.
/// </summary>
internal sealed class RandomRecords(Random random)
{
    public static readonly string[] Systems = ["urn:a", "urn:b", "http://c.example/x"];
    public static readonly string[] Codes = ["1", "2", "one", "One", "a|b"];
    public static readonly string[] Names = ["Müller", "Muller", "MÜLLERIN", "Zoë", "zoe", "O'Neil", "Ana María", "Ana", "%", "_x", "Ørsted"];
    public static readonly string[] Genders = ["male", "female", "other"];
    public static readonly string[] Statuses = ["final", "amended", "preliminary"];
    public static readonly string[] Units = ["kg", "g", "[lb_av]"];
    public static readonly string[] QuantitySystems = ["urn:a", "http://unitsofmeasure.org", "http://unitsofmeasure.org"];
    public static readonly string[] TypeCodes = ["MR", "SS"];
    public static readonly string[] Numbers = ["0", "-1.5", "1", "1.0", "1.04", "1.05", "5.4", "5.40", "5.35", "100", "99.5", "100.5", "0.001", "1e2"];

    public static readonly string[] Days = ["2023", "2024", "2023-12", "2024-01", "2024-02", "2023-12-31", "2024-01-01", "2024-01-15", "2024-02-29"];

    public static readonly string[] Moments =
    [
        "2024-01-01T00:00:00Z", "2024-01-15T10:30:00Z", "2024-01-15T10:30:00.5Z", "2024-01-15T12:30:00+02:00",
        "2023-12-31T23:30:00-01:00", "2024-01-15T10:30:00.123456Z",
    ];

    /// <summary>The ids that references name; some are of nothing.</summary>
    public static readonly string[] Targets = ["Patient/p0", "Patient/p1", "Patient/p2", "Patient/p3", "Patient/nobody", "Group/p1", "Group/g"];

    public static readonly string[] Foreign = ["http://other.example/fhir/Patient/p1", "http://other.example/fhir/Group/p1"];

    public JsonObject Patient(int at)
    {
        var patient = new JsonObject { ["resourceType"] = "Patient", ["id"] = Id("p", at) };
        Set(patient, "active", () => random.Next(2) == 0);
        Set(patient, "gender", () => Pick(Genders));
        Set(patient, "birthDate", () => Pick(Days));
        Set(patient, "identifier", () => Many(Identifier));
        Set(patient, "name", () => Many(() => new JsonObject { ["family"] = Pick(Names), ["given"] = new JsonArray(Pick(Names), Pick(Names)) }));
        return patient;
    }

    public JsonObject Observation(int at)
    {
        var observation = new JsonObject
        {
            ["resourceType"] = "Observation",
            ["id"] = Id("o", at),
            ["status"] = Pick(Statuses),
            ["code"] = Concept(),
        };
        Set(observation, "category", () => Many(Concept));
        Set(observation, "subject", Subject);
        if (random.Next(3) > 0)
        {
            Set(observation, "effectiveDateTime", () => Pick([.. Days, .. Moments]));
        }
        else
        {
            Set(observation, "effectivePeriod", Period);
        }

        Set(observation, "valueQuantity", Quantity);
        Set(observation, "component", () => Many(() =>
        {
            var component = new JsonObject { ["code"] = Concept() };
            Set(component, "valueQuantity", Quantity);
            return component;
        }));
        return observation;
    }

    private JsonObject Identifier()
    {
        var identifier = Coded("value")();
        Set(identifier, "type", () => new JsonObject
        {
            ["coding"] = new JsonArray(new JsonObject { ["system"] = Pick(Systems), ["code"] = Pick(TypeCodes) }),
            ["text"] = Pick(Names),
        });
        return identifier;
    }

    private JsonObject Concept()
    {
        var concept = new JsonObject();
        Set(concept, "coding", () => Many(() =>
        {
            var coding = Coded("code")();
            Set(coding, "display", () => Pick(Names));
            return coding;
        }));
        if (concept.Count == 0 || random.Next(3) == 0)
        {
            concept["text"] = Pick(Names);
        }

        return concept;
    }

    private Func<JsonObject> Coded(string code) => () =>
    {
        var coded = new JsonObject();
        Set(coded, "system", () => Pick(Systems));
        if (coded.Count == 0 || random.Next(5) > 0)
        {
            coded[code] = Pick(Codes);
        }

        return coded;
    };

    private JsonObject Subject()
    {
        var reference = random.Next(6) switch
        {
            0 => Pick(Foreign),
            1 => $"{TestStore.Base}/{Pick(Targets)}",
            2 => $"{Pick(Targets)}/_history/1",
            _ => Pick(Targets),
        };
        return random.Next(6) == 0
            ? new JsonObject { ["identifier"] = Coded("value")() }
            : new JsonObject { ["reference"] = reference };
    }

    private JsonObject Period()
    {
        var dates = new[] { Pick(Moments), Pick(Moments) }.OrderBy(text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return random.Next(3) switch
        {
            0 => new JsonObject { ["start"] = dates[0] },
            1 => new JsonObject { ["end"] = dates[1] },
            _ => new JsonObject { ["start"] = dates[0], ["end"] = dates[1] },
        };
    }

    private JsonObject Quantity()
    {
        var quantity = new JsonObject { ["value"] = JsonNode.Parse(Pick(Numbers)) };
        Set(quantity, "system", () => Pick(QuantitySystems));
        Set(quantity, "code", () => Pick(Units));
        Set(quantity, "unit", () => Pick(Units));
        return quantity;
    }

    // Two of three have the element.
    private void Set(JsonObject target, string name, Func<JsonNode> value)
    {
        if (random.Next(3) > 0)
        {
            target[name] = value();
        }
    }

    private JsonArray Many(Func<JsonObject> one) => new([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => one())]);

    private string Pick(string[] pool) => pool[random.Next(pool.Length)];

    private static string Id(string letter, int at) => string.Create(CultureInfo.InvariantCulture, $"{letter}{at}");
}
