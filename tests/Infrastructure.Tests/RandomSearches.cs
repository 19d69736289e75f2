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
    public Term Next(string type, int depth = 0) => (type, random.Next(depth < 2 ? 13 : 11)) switch
    {
        ("Patient", 0 or 1) => Token("identifier", patient => NaiveValues.Identifiers(patient["identifier"])),
        ("Patient", 2) => Code("gender", "gender", RandomRecords.Genders, "http://hl7.org/fhir/administrative-gender"),
        ("Patient", 3) => Flag(),
        ("Patient", 4 or 5) => Date("birthdate", patient => NaiveValues.Text(patient["birthDate"]) is { } date ? NaiveValues.Range(date) : null),
        ("Patient", 6 or 7) => Text("family", name => NaiveValues.Each(name["family"])),
        ("Patient", 8) => Text("given", name => NaiveValues.Each(name["given"])),
        ("Patient", 9) => Text("name", name => NaiveValues.Each(name["family"]).Concat(NaiveValues.Each(name["given"]))),
        ("Patient", 10) => Id("Patient", "p"),
        ("Patient", _) => ReverseChain(depth),
        (_, 0 or 1) => Token("code", observation => NaiveValues.Codings(observation["code"])),
        (_, 2) => Token("category", observation => NaiveValues.Codings(observation["category"])),
        (_, 3) => Token("combo-code", observation => NaiveValues.Codings(observation["code"]).Concat(Components(observation, "code"))),
        (_, 4) => Code("status", "status", RandomRecords.Statuses, "http://hl7.org/fhir/observation-status"),
        (_, 5 or 6) => Date("date", NaiveValues.Effective),
        (_, 7) => Quantity("value-quantity", observation => NaiveValues.Each(observation["valueQuantity"])),
        (_, 8) => Composite(),
        (_, 9) => Reference(),
        (_, 10) => Id("Observation", "o"),
        _ => Chain(depth),
    };

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
            (Pick(NaiveValues.Prefixes), Pick(RandomRecords.Numbers), Pick(RandomRecords.Systems), Pick(RandomRecords.Units));
        bool Number(JsonNode quantity) => NaiveValues.Compare(
            prefix,
            decimal.Parse(quantity["value"]!.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture),
            number);
        bool System(JsonNode quantity) => NaiveValues.Text(quantity["system"]) == system;
        bool Code(JsonNode quantity) => NaiveValues.Text(quantity["code"]) == unit;
        return random.Next(4) switch
        {
            0 => ($"{prefix}{number}|{system}|{unit}", quantity => Number(quantity) && System(quantity) && Code(quantity)),
            1 => ($"{prefix}{number}||{unit}", quantity => Number(quantity) && (Code(quantity) || NaiveValues.Text(quantity["unit"]) == unit)),
            2 => ($"{prefix}{number}|{system}|", quantity => Number(quantity) && System(quantity)),
            _ => (prefix + number, Number),
        };
    }

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
