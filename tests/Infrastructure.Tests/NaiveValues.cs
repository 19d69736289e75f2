using System.Globalization;
using System.Text.Json.Nodes;

namespace TeleFhir.Infrastructure.Tests;

/// <summary>
/// The comparisons of https://hl7.org/fhir/R4/search.html, once more and as plainly as can be: on JSON, with no index and nothing
/// of the code under test.
/// </summary>
internal static class NaiveValues
{
    public static readonly string[] Prefixes = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

    public static IEnumerable<JsonNode> Each(JsonNode? element) => element switch
    {
        null => [],
        JsonArray list => list.Select(item => item!),
        _ => [element],
    };

    public static string? Text(JsonNode? element) => element?.GetValue<string>();

    public static IEnumerable<(string? System, string? Code)> Codings(JsonNode? concepts) =>
        from concept in Each(concepts)
        from coding in Each(concept["coding"])
        select (Text(coding["system"]), Text(coding["code"]));

    public static IEnumerable<(string? System, string? Code)> Identifiers(JsonNode? identifiers) =>
        Each(identifiers).Select(identifier => (Text(identifier["system"]), Text(identifier["value"])));

    /// <summary>Text as it is compared: small letters without accents.</summary>
    public static string Plain(string text) => string.Concat(text.ToLowerInvariant().Select(letter => letter switch
    {
        'ü' => 'u',
        'ë' => 'e',
        'í' => 'i',
        'ø' => 'o',
        _ => letter,
    }));

    /// <summary>First instant inside and first after.</summary>
    public static (DateTime From, DateTime To) Range(string date)
    {
        var at = date.IndexOf('T', StringComparison.Ordinal);
        if (at < 0)
        {
            var parts = date.Split('-').Select(part => int.Parse(part, CultureInfo.InvariantCulture)).ToArray();
            return parts switch
            {
                [var year] => (new DateTime(year, 1, 1), new DateTime(year + 1, 1, 1)),
                [var year, var month] => (new DateTime(year, month, 1), new DateTime(year, month, 1).AddMonths(1)),
                _ => (new DateTime(parts[0], parts[1], parts[2]), new DateTime(parts[0], parts[1], parts[2]).AddDays(1)),
            };
        }

        var from = DateTimeOffset.Parse(date, CultureInfo.InvariantCulture).UtcDateTime;
        var point = date.IndexOf('.', StringComparison.Ordinal);
        var digits = point < 0 ? 0 : date[(point + 1)..].TakeWhile(char.IsDigit).Count();
        return (from, from.AddTicks(TimeSpan.TicksPerSecond / (long)Math.Pow(10, digits)));
    }

    public static (DateTime From, DateTime To)? Effective(JsonNode observation)
    {
        if (Text(observation["effectiveDateTime"]) is { } date)
        {
            return Range(date);
        }

        return observation["effectivePeriod"] is { } period
            ? (Text(period["start"]) is { } start ? Range(start).From : DateTime.MinValue,
                Text(period["end"]) is { } end ? Range(end).To : DateTime.MaxValue)
            : null;
    }

    public static bool Compare(string prefix, (DateTime From, DateTime To) value, (DateTime From, DateTime To) asked, DateTime now)
    {
        var contained = asked.From <= value.From && value.To <= asked.To;
        return prefix switch
        {
            "" or "eq" => contained,
            "ne" => !contained,
            "gt" => value.To > asked.To,
            "lt" => value.From < asked.From,
            "ge" => contained || value.To > asked.To,
            "le" => contained || value.From < asked.From,
            "sa" => value.From >= asked.To,
            "eb" => value.To <= asked.From,
            _ => value.From < asked.To + About(asked, now) && value.To > asked.From - About(asked, now),
        };
    }

    public static bool Compare(string prefix, decimal value, string asked)
    {
        var number = decimal.Parse(asked, NumberStyles.Float, CultureInfo.InvariantCulture);
        var point = asked.IndexOf('.', StringComparison.Ordinal);

        // The only power in the pool is 1e2, which the specification reads as a number of two digits.
        var half = asked == "1e2" ? 5 : 0.5m / (decimal)Math.Pow(10, point < 0 ? 0 : asked.Length - point - 1);
        var margin = prefix == "ap" ? Math.Max(half, Math.Abs(number) / 10) : half;
        var around = value >= number - margin && value < number + margin;
        return prefix switch
        {
            "" or "eq" or "ap" => around,
            "ne" => !around,
            "gt" or "sa" => value > number,
            "lt" or "eb" => value < number,
            "ge" => value >= number,
            _ => value <= number,
        };
    }

    // A tenth of the time between now and the date.
    private static TimeSpan About((DateTime From, DateTime To) asked, DateTime now) =>
        now > asked.To ? (now - asked.To) / 10 : now < asked.From ? (asked.From - now) / 10 : TimeSpan.Zero;
}
