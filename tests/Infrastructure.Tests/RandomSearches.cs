using System.Globalization;
using System.Text.Json.Nodes;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>One condition as a client writes it, and whether it holds of a resource.</summary>
internal sealed record Term(string Name, string Value, Func<JsonNode, bool> Holds)
{
    public override string ToString() => $"{Name}={Value}";
}

/// <summary>Random conditions together with what they mean.</summary>
internal sealed class RandomSearches(Random random, IReadOnlyList<JsonObject> all, DateTime now)
{
    public Term Next(string type, int depth = 0) => (type, random.Next(depth < 2 ? 13 : 11), random.Next(4)) switch
    {
        ("Patient", _, 0) => random.Next(3) switch
        {
            0 => OfType(),
            1 => Label("identifier:text", patient => NaiveValues.Each(patient["identifier"]).Select(one => one["type"]?["text"])),
            _ => Filter("Patient", PatientTest),
        },
        (_, _, 0) => random.Next(3) switch
        {
            0 => Label("code:text", observation => NaiveValues.Each(observation["code"]).SelectMany(Labels)),
            1 => Label("category:text", observation => NaiveValues.Each(observation["category"]).SelectMany(Labels)),
            _ => Filter("Observation", ObservationTest),
        },
        ("Patient", 0 or 1, _) => Token("identifier", patient => NaiveValues.Identifiers(patient["identifier"])),
        ("Patient", 2, _) => Code("gender", "gender", RandomRecords.Genders, "http://hl7.org/fhir/administrative-gender"),
        ("Patient", 3, _) => Flag(),
        ("Patient", 4 or 5, _) => Date("birthdate", patient => NaiveValues.Text(patient["birthDate"]) is { } date ? NaiveValues.Range(date) : null),
        ("Patient", 6 or 7, _) => Text("family", name => NaiveValues.Each(name["family"])),
        ("Patient", 8, _) => Text("given", name => NaiveValues.Each(name["given"])),
        ("Patient", 9, _) => Text("name", name => NaiveValues.Each(name["family"]).Concat(NaiveValues.Each(name["given"]))),
        ("Patient", 10, _) => Id("Patient", "p"),
        ("Patient", _, _) => ReverseChain(depth),
        (_, 0 or 1, _) => Token("code", observation => NaiveValues.Codings(observation["code"])),
        (_, 2, _) => Token("category", observation => NaiveValues.Codings(observation["category"])),
        (_, 3, _) => Token("combo-code", observation => NaiveValues.Codings(observation["code"]).Concat(Components(observation, "code"))),
        (_, 4, _) => Code("status", "status", RandomRecords.Statuses, "http://hl7.org/fhir/observation-status"),
        (_, 5 or 6, _) => Date("date", NaiveValues.Effective),
        (_, 7, _) => Quantity("value-quantity", observation => NaiveValues.Each(observation["valueQuantity"])),
        (_, 8, _) => Composite(),
        (_, 9, _) => Reference(),
        (_, 10, _) => Id("Observation", "o"),
        _ => Chain(depth),
    };

    private static IEnumerable<JsonNode?> Labels(JsonNode concept) =>
        NaiveValues.Each(concept["coding"]).Select(coding => coding["display"]).Append(concept["text"]);

    private Term Label(string name, Func<JsonNode, IEnumerable<JsonNode?>> read)
    {
        var asked = Several(() => Pick(RandomRecords.Names));
        return new Term(name, string.Join(',', asked), resource => read(resource).Select(NaiveValues.Text).OfType<string>().Any(text =>
            asked.Any(one => NaiveValues.Plain(text).StartsWith(NaiveValues.Plain(one).Trim(), StringComparison.Ordinal))));
    }

    private Term OfType()
    {
        var (system, type, value) = (Pick(RandomRecords.Systems), Pick(RandomRecords.TypeCodes), Pick(RandomRecords.Codes));
        return new Term(
            "identifier:of-type",
            $"{system}|{type}|{value.Replace("|", "\\|", StringComparison.Ordinal)}",
            patient => NaiveValues.Each(patient["identifier"]).Any(one => NaiveValues.Text(one["value"]) == value
                && NaiveValues.Each(one["type"]?["coding"]).Any(coding =>
                    NaiveValues.Text(coding["system"]) == system && NaiveValues.Text(coding["code"]) == type)));
    }

    /// <summary>Some comparisons joined by and, or and not; left to right but for the parentheses.</summary>
    private Term Filter(string type, Func<Term> test, int depth = 0)
    {
        var term = depth < 2 && random.Next(4) == 0 ? Filter(type, test, depth + 1) : test();
        var (text, holds) = depth > 0 ? ($"({term.Value})", term.Holds) : (term.Value, term.Holds);
        if (random.Next(4) == 0)
        {
            var inner = holds;
            (text, holds) = ($"not({text})", resource => !inner(resource));
        }

        for (var more = random.Next(3); more > 0; more--)
        {
            var (left, right, isAnd) = (holds, test(), random.Next(2) == 0);
            text += $"{(isAnd ? " and " : " or ")}{right.Value}";
            holds = isAnd ? resource => left(resource) && right.Holds(resource) : resource => left(resource) || right.Holds(resource);
        }

        return new Term("_filter", text, holds);
    }

    private Term PatientTest()
    {
        var name = Pick(RandomRecords.Names);
        IEnumerable<string> Families(JsonNode patient) =>
            NaiveValues.Each(patient["name"]).Select(one => NaiveValues.Text(one["family"])).OfType<string>().Select(NaiveValues.Plain);
        var plain = NaiveValues.Plain(name);
        switch (random.Next(7))
        {
            case 0:
                return new Term("", $"family eq \"{name}\"", patient => Families(patient).Contains(plain));
            case 1:
                return new Term("", $"family ne \"{name}\"", patient => Families(patient).Any(one => one != plain));
            case 2:
                return new Term("", $"family co \"{name}\"", patient => Families(patient).Any(one => one.Contains(plain, StringComparison.Ordinal)));
            case 3:
                return new Term("", $"family ew \"{name}\"", patient => Families(patient).Any(one => one.EndsWith(plain, StringComparison.Ordinal)));
            case 4:
                var gender = Pick(RandomRecords.Genders);
                return random.Next(2) == 0
                    ? new Term("", $"gender eq {gender}", patient => NaiveValues.Text(patient["gender"]) == gender)
                    : new Term("", $"gender ne {gender}", patient => NaiveValues.Text(patient["gender"]) is { } value && value != gender);
            case 5:
                return new Term("", "identifier pr true", patient => NaiveValues.Each(patient["identifier"]).Any());
            default:
                var (prefix, date) = (Pick([.. NaiveValues.Prefixes.Where(one => one.Length > 0)]), Pick(RandomRecords.Days));
                return new Term("", $"birthdate {prefix} {date}", patient => NaiveValues.Text(patient["birthDate"]) is { } value
                    && NaiveValues.Compare(prefix, NaiveValues.Range(value), NaiveValues.Range(date), now));
        }
    }

    private Term ObservationTest()
    {
        switch (random.Next(4))
        {
            case 0:
                var status = Pick(RandomRecords.Statuses);
                return new Term("", $"status eq {status}", observation => NaiveValues.Text(observation["status"]) == status);
            case 1:
                var (prefix, number) = (Pick([.. NaiveValues.Prefixes.Where(one => one.Length > 0)]), Pick(RandomRecords.Numbers));
                return new Term("", $"value-quantity {prefix} {number}", observation => NaiveValues.Each(observation["valueQuantity"]).Any(quantity =>
                    NaiveValues.Compare(prefix, ValueOf(quantity), number)));
            case 2:
                var (system, code) = (Pick(RandomRecords.Systems), Pick(["1", "2", "one"]));
                return new Term("", $"code ne {system}|{code}", observation => NaiveValues.Codings(observation["code"]).Any(pair => pair != (system, code)));
            default:
                var term = PatientTest();
                var at = term.Value.IndexOf(' ', StringComparison.Ordinal);
                return new Term("", $"patient.{term.Value[..at]}{term.Value[at..]}", observation => Target(observation) is { } target
                    && target.StartsWith("Patient/", StringComparison.Ordinal)
                    && all.Any(patient => Key(patient) == target && term.Holds(patient)));
        }
    }

    private static decimal ValueOf(JsonNode quantity) =>
        decimal.Parse(quantity["value"]!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    private static IEnumerable<(string?, string?)> Components(JsonNode observation, string element) =>
        NaiveValues.Each(observation["component"]).SelectMany(component => NaiveValues.Codings(component[element]));

    private Term Token(string name, Func<JsonNode, IEnumerable<(string? System, string? Code)>> read)
    {
        if (random.Next(8) == 0)
        {
            return Missing(name, resource => read(resource).Any());
        }

        var values = Several(() => TokenValue());
        bool Has(JsonNode resource) => read(resource).Any(pair => values.Any(value => value.Matches(pair.System, pair.Code)));
        var text = string.Join(',', values.Select(value => value.Text));
        return random.Next(3) == 0
            ? new Term($"{name}:not", text, resource => !Has(resource))
            : new Term(name, text, Has);
    }

    private (string Text, Func<string?, string?, bool> Matches) TokenValue()
    {
        var (system, code) = (Pick(RandomRecords.Systems), Pick(RandomRecords.Codes));
        var written = code.Replace("|", "\\|", StringComparison.Ordinal);
        return random.Next(5) switch
        {
            0 => ($"{system}|{written}", (s, c) => s == system && c == code),
            1 => ($"|{written}", (s, c) => s is null && c == code),
            2 => ($"{system}|", (s, _) => s == system),
            _ => (written, (_, c) => c == code),
        };
    }

    private Term Code(string name, string element, string[] pool, string system)
    {
        if (random.Next(8) == 0)
        {
            return Missing(name, resource => resource[element] is not null);
        }

        var codes = Several(() => Pick(pool));
        var text = string.Join(',', codes.Select(code => random.Next(3) == 0 ? $"{system}|{code}" : code));
        bool Has(JsonNode resource) => NaiveValues.Text(resource[element]) is { } value && codes.Contains(value);
        return random.Next(3) == 0 ? new Term($"{name}:not", text, resource => !Has(resource)) : new Term(name, text, Has);
    }

    private Term Flag()
    {
        var flag = random.Next(2) == 0;
        bool Has(JsonNode patient) => patient["active"]?.GetValue<bool>() == flag;
        return random.Next(3) switch
        {
            0 => new Term("active:not", flag ? "true" : "false", patient => !Has(patient)),
            1 => Missing("active", patient => patient["active"] is not null),
            _ => new Term("active", flag ? "true" : "false", Has),
        };
    }

    private Term Date(string name, Func<JsonNode, (DateTime From, DateTime To)?> read)
    {
        if (random.Next(8) == 0)
        {
            return Missing(name, resource => read(resource) is not null);
        }

        var values = Several(() => (Prefix: Pick(NaiveValues.Prefixes), Date: Pick([.. RandomRecords.Days, .. RandomRecords.Moments])));
        return new Term(
            name,
            string.Join(',', values.Select(value => value.Prefix + value.Date)),
            resource => read(resource) is { } range
                && values.Any(value => NaiveValues.Compare(value.Prefix, range, NaiveValues.Range(value.Date), now)));
    }

    private Term Quantity(string name, Func<JsonNode, IEnumerable<JsonNode>> read)
    {
        if (random.Next(8) == 0)
        {
            return Missing(name, resource => read(resource).Any());
        }

        var values = Several(QuantityValue);
        return new Term(
            name,
            string.Join(',', values.Select(value => value.Text)),
            resource => read(resource).Any(quantity => values.Any(value => value.Matches(quantity))));
    }

    private (string Text, Func<JsonNode, bool> Matches) QuantityValue()
    {
        var (prefix, number, system, unit) =
            (Pick(NaiveValues.Prefixes), Pick(RandomRecords.Numbers), Pick(RandomRecords.QuantitySystems), Pick(RandomRecords.Units));
        bool Number(JsonNode quantity) => NaiveValues.Compare(prefix, ValueOf(quantity), number);
        bool System(JsonNode quantity) => NaiveValues.Text(quantity["system"]) == system;
        bool Code(JsonNode quantity) => NaiveValues.Text(quantity["code"]) == unit;

        // All units in the pool are masses, so each can be converted to the one asked for.
        bool Converted(JsonNode quantity) => NaiveValues.Text(quantity["code"]) is { } own
            && NaiveValues.Compare(prefix, own == unit ? ValueOf(quantity) : ValueOf(quantity) * Grams(own) / Grams(unit), number);
        return random.Next(4) switch
        {
            0 when system == "http://unitsofmeasure.org" => ($"{prefix}{number}|{system}|{unit}", quantity => System(quantity) && Converted(quantity)),
            0 => ($"{prefix}{number}|{system}|{unit}", quantity => Number(quantity) && System(quantity) && Code(quantity)),
            1 => ($"{prefix}{number}||{unit}", quantity => Number(quantity) && (Code(quantity) || NaiveValues.Text(quantity["unit"]) == unit)),
            2 => ($"{prefix}{number}|{system}|", quantity => Number(quantity) && System(quantity)),
            _ => (prefix + number, Number),
        };
    }

    private static decimal Grams(string unit) => unit switch
    {
        "kg" => 1000,
        "g" => 1,
        _ => 453.59237m,
    };

    /// <summary>Code and value of one component.</summary>
    private Term Composite()
    {
        var values = Several(() => (Token: TokenValue(), Quantity: QuantityValue()));
        return new Term(
            "component-code-value-quantity",
            string.Join(',', values.Select(value => $"{value.Token.Text}${value.Quantity.Text}")),
            observation => NaiveValues.Each(observation["component"]).Any(component => values.Any(value =>
                NaiveValues.Codings(component["code"]).Any(pair => value.Token.Matches(pair.System, pair.Code))
                && component["valueQuantity"] is { } quantity && value.Quantity.Matches(quantity))));
    }

    private Term Text(string name, Func<JsonNode, IEnumerable<JsonNode>> read)
    {
        IEnumerable<string> Of(JsonNode patient) =>
            NaiveValues.Each(patient["name"]).SelectMany(read).Select(text => NaiveValues.Text(text)!);
        var asked = Several(() => Pick(RandomRecords.Names));
        if (random.Next(3) == 0)
        {
            asked = [.. asked.Select(text => text[..random.Next(1, text.Length + 1)]).Where(text => text.Trim().Length > 0)];
        }

        return random.Next(5) switch
        {
            0 => Missing(name, patient => Of(patient).Any()),
            1 => new Term($"{name}:exact", string.Join(',', asked), patient => Of(patient).Any(text => asked.Contains(text))),
            2 => new Term($"{name}:contains", string.Join(',', asked), patient => Of(patient).Any(text =>
                asked.Any(one => NaiveValues.Plain(text).Contains(NaiveValues.Plain(one).Trim(), StringComparison.Ordinal)))),
            _ => new Term(name, string.Join(',', asked), patient => Of(patient).Any(text =>
                asked.Any(one => NaiveValues.Plain(text).StartsWith(NaiveValues.Plain(one).Trim(), StringComparison.Ordinal)))),
        };
    }

    private Term Id(string type, string letter)
    {
        var ids = Several(() => $"{letter}{random.Next(12)}");
        bool Has(JsonNode resource) => NaiveValues.Text(resource["resourceType"]) == type && ids.Contains(NaiveValues.Text(resource["id"])!);
        return random.Next(3) == 0
            ? new Term("_id:not", string.Join(',', ids), resource => !Has(resource))
            : new Term("_id", string.Join(',', ids), Has);
    }

    private Term Reference()
    {
        var name = Pick(["subject", "patient"]);
        bool Allowed(string target) => name == "subject" || target.Contains("Patient/", StringComparison.Ordinal);
        bool IsOneOf(JsonNode observation, IEnumerable<string> targets) => Target(observation) is { } target && Allowed(target) && targets.Contains(target);
        switch (random.Next(5))
        {
            case 0:
                var ids = Several(() => Pick(RandomRecords.Targets).Split('/')[1]);
                return new Term(name, string.Join(',', ids), observation => IsOneOf(
                    observation, ids.SelectMany(id => (string[])[$"Patient/{id}", $"Group/{id}"])));
            case 1:
                var type = Pick(["Patient", "Group"]);
                var id = Pick(RandomRecords.Targets).Split('/')[1];
                return new Term($"{name}:{type}", id, observation => IsOneOf(observation, [$"{type}/{id}"]));
            case 2:
                var value = TokenValue();
                return new Term("subject:identifier", value.Text, observation =>
                    NaiveValues.Identifiers(observation["subject"]?["identifier"]).Any(pair => value.Matches(pair.System, pair.Code)));
            case 3 when name == "subject":
                return Missing(name, observation => observation["subject"] is not null);
            default:
                var targets = Several(() => Pick([.. RandomRecords.Targets, .. RandomRecords.Foreign]));
                var text = targets.Select(target => target[0] != 'h' && random.Next(3) == 0 ? $"{TestStore.Base}/{target}" : target);
                return new Term(name, string.Join(',', text), observation => IsOneOf(observation, targets));
        }
    }

    private Term Chain(int depth)
    {
        var term = Next("Patient", depth + 1);
        var name = Pick(["patient", "subject:Patient", "patient:Patient"]);
        return new Term($"{name}.{term.Name}", term.Value, observation =>
            Target(observation) is { } target && all.Any(patient => Key(patient) == target && term.Holds(patient)
                && target.StartsWith("Patient/", StringComparison.Ordinal)));
    }

    private Term ReverseChain(int depth)
    {
        var term = Next("Observation", depth + 1);
        var name = Pick(["patient", "subject"]);
        return new Term($"_has:Observation:{name}:{term.Name}", term.Value, patient =>
            all.Any(observation => NaiveValues.Text(observation["resourceType"]) == "Observation"
                && Target(observation) == Key(patient) && term.Holds(observation)));
    }

    private Term Missing(string name, Func<JsonNode, bool> has)
    {
        var missing = random.Next(2) == 0;
        return new Term($"{name}:missing", missing ? "true" : "false", resource => has(resource) != missing);
    }

    private static string Key(JsonNode resource) => $"{NaiveValues.Text(resource["resourceType"])}/{NaiveValues.Text(resource["id"])}";

    /// <summary>What the subject is: here by type and id, elsewhere by address; the version does not matter.</summary>
    private static string? Target(JsonNode observation)
    {
        var reference = NaiveValues.Text(observation["subject"]?["reference"])?.Replace("/_history/1", "", StringComparison.Ordinal);
        return reference?.Replace($"{TestStore.Base}/", "", StringComparison.Ordinal);
    }

    private List<T> Several<T>(Func<T> one) => [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(2, 20) : 1).Select(_ => one())];

    private string Pick(string[] pool) => pool[random.Next(pool.Length)];
}
