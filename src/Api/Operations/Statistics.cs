using System.Collections.Immutable;
using System.Net;
using System.Text.Json;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Observations;
using TeleFhir.Domain.Search;

namespace TeleFhir.Api.Operations;

/// <summary>
/// <c>Observation/$stats</c> (https://hl7.org/fhir/R4/observation-operation-stats.html): for each code statistics over the quantities that were
/// observed of one subject in a period, as Observations whose components are the statistics.
/// </summary>
internal static class Statistics
{
    private const int PageSize = 1000;
    private const int MostRead = 100_000;
    private const string System = "http://terminology.hl7.org/CodeSystem/observation-statistics";

    private static readonly string[] _known = ["subject", "code", "system", "coding", "duration", "period", "statistic", "include", "limit"];

    /// <summary>What was read of the observations of one code.</summary>
    private sealed class Readings
    {
        public List<decimal> Numbers { get; } = [];

        public List<StoredResource> Sources { get; } = [];

        public int Total { get; set; }

        public Quantity? Unit { get; set; }
    }

    public static async Task<FhirResult> HandleAsync(FhirRequest request, FhirServer server, CancellationToken cancellationToken)
    {
        var input = await OperationInput.ReadAsync(request, server, "stats", _known, cancellationToken);
        var subject = input.Text("subject") ?? throw input.Wrong("subject", "must be given");
        var codes = CodesOf(input);
        var statistics = input.List("statistic");
        if (statistics.Count == 0 || statistics.Find(code => !NumberStatistics.IsKnown(code)) is not null)
        {
            throw input.Wrong("statistic", "must be given, and be codes of the value set observation-statistics other than regression");
        }

        var (range, period) = PeriodOf(input, server.Clock);
        var limit = Math.Min(input.Number("limit", 1) ?? MostRead, MostRead);
        var isSourced = input.Flag("include");
        var answer = new Parameters();
        var touched = ImmutableArray.CreateBuilder<StoredResource>();
        foreach (var code in codes)
        {
            var token = new TokenSearchValue(code.System, code.Code).ToQuery();
            var readings = await ReadAsync(request, server, [new("subject", subject), new("code", token), .. range], limit, isSourced, cancellationToken);
            answer.Parameter.Add(new() { Name = "statistics", Resource = ResultOf(code, subject, period, statistics, readings) });
            touched.AddRange(readings.Sources);
        }

        if (isSourced)
        {
            answer.Parameter.AddRange(touched.Select(source => new Parameters.ParameterComponent
            {
                Name = "source",
                Resource = FhirJson.Parse(source.Json),
            }));
        }

        return FhirResult.Ok(FhirContent.Of(FhirJson.Serialize(answer))) with { Touched = touched.ToImmutable() };
    }

    private static async Task<Readings> ReadAsync(
        FhirRequest request,
        FhirServer server,
        ImmutableArray<KeyValuePair<string, string>> criteria,
        int limit,
        bool isSourced,
        CancellationToken cancellationToken)
    {
        var readings = new Readings();
        var query = server.Parser.Parse(["Observation"], criteria.Add(new("_sort", "-date")), strict: true) with { Total = TotalMode.None };
        PageCursor? after = null;
        do
        {
            var page = await server.Store.SearchAsync(
                request.Caller, query with { Count = Math.Min(PageSize, limit - readings.Total), After = after }, cancellationToken);
            foreach (var observation in page.Matches)
            {
                Take(observation, readings, isSourced);
            }

            after = page.Next;
            if (after is not null && readings.Total >= MostRead)
            {
                throw TooCostly("Too many observations match; ask for a shorter period, or give a limit.");
            }

            if (isSourced && readings.Sources.Count > PageSize)
            {
                throw TooCostly($"More than {PageSize} observations cannot be included.");
            }
        }
        while (after is not null && readings.Total < limit);

        return readings;
    }

    private static void Take(StoredResource observation, Readings readings, bool isSourced)
    {
        using var document = JsonDocument.Parse(observation.Json);
        var root = document.RootElement;
        if (root.GetProperty("status"u8).GetString() is "entered-in-error" or "cancelled")
        {
            return;
        }

        readings.Total++;
        if (isSourced)
        {
            readings.Sources.Add(observation);
        }

        if (root.TryGetProperty("valueInteger"u8, out var whole) && whole.TryGetDecimal(out var integer))
        {
            readings.Numbers.Add(integer);
        }
        else if (root.TryGetProperty("valueQuantity"u8, out var quantity)
            && quantity.TryGetProperty("value"u8, out var value) && value.TryGetDecimal(out var number) && !quantity.TryGetProperty("comparator"u8, out _))
        {
            var unit = new Quantity { System = Text(quantity, "system"), Code = Text(quantity, "code"), Unit = Text(quantity, "unit") };
            readings.Unit ??= unit;
            if ((unit.System, unit.Code ?? unit.Unit) != (readings.Unit.System, readings.Unit.Code ?? readings.Unit.Unit))
            {
                throw FhirException.BusinessRule("The observations are in different units; statistics over them would mean nothing.");
            }

            readings.Numbers.Add(number);
        }
    }

    private static Observation ResultOf(Coding code, string subject, Period? period, List<string> statistics, Readings readings)
    {
        var numbers = new NumberStatistics(readings.Numbers, readings.Total);
        return new Observation
        {
            Status = ObservationStatus.Final,
            Code = new CodeableConcept { Coding = [code] },
            Subject = new ResourceReference(subject),
            Effective = period,
            Component =
            [
                .. statistics.Select(statistic => new Observation.ComponentComponent
                {
                    Code = new CodeableConcept(System, statistic, NumberStatistics.DisplayOf(statistic), null),
                    Value = numbers.Of(statistic) is not { } value ? null
                        : NumberStatistics.HasUnit(statistic) && readings.Unit is { } unit
                            ? new Quantity { Value = value, System = unit.System, Code = unit.Code, Unit = unit.Unit }
                            : new Quantity { Value = value },
                    DataAbsentReason = numbers.Of(statistic) is not null ? null
                        : new CodeableConcept("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-a-number", "Not a Number (NaN)", null),
                }),
            ],
        };
    }

    private static List<Coding> CodesOf(OperationInput input)
    {
        var system = input.Text("system");
        var codings = input.All("coding").Select(value => value switch
        {
            Coding { Code: not null } coding => coding,
            FhirString { Value: { } text } when text.Split('|') is [var of, { Length: > 0 } code] => new Coding(of.Length == 0 ? null : of, code),
            _ => throw input.Wrong("coding", "must be a Coding with a code, or system|code"),
        });
        List<Coding> all = [.. input.List("code").Select(code => new Coding(system, code)), .. codings];
        return all.Count is > 0 and <= 50 ? all : throw input.Wrong("code", "or coding must be given, at most 50 of them");
    }

    private static (ImmutableArray<KeyValuePair<string, string>> Range, Period? Period) PeriodOf(OperationInput input, TimeProvider clock)
    {
        var period = input.All("period") switch
        {
            [] => null,
            [Period given] => given,
            [FhirString { Value: { } text }] when text.Split(',') is [var start, var end] => new Period
            {
                Start = start.Length == 0 ? null : start,
                End = end.Length == 0 ? null : end,
            },
            _ => throw input.Wrong("period", "must be a Period, or start,end"),
        };
        if (input.Text("duration") is { } hours)
        {
            if (period is not null
                || !decimal.TryParse(hours, global::System.Globalization.NumberStyles.AllowDecimalPoint, global::System.Globalization.CultureInfo.InvariantCulture, out var length)
                || length is <= 0 or > 1_000_000)
            {
                throw input.Wrong("duration", "must be a number of hours, and not be given beside a period");
            }

            var now = clock.GetUtcNow();
            period = new Period(new FhirDateTime(now.AddHours(-(double)length)), new FhirDateTime(now));
        }

        var range = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        if (period?.Start is { } from)
        {
            range.Add(new("date", $"ge{from}"));
        }

        if (period?.End is { } to)
        {
            range.Add(new("date", $"le{to}"));
        }

        return (range.ToImmutable(), period);
    }

    private static string? Text(JsonElement quantity, string name) => quantity.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static FhirException TooCostly(string text) =>
        new(HttpStatusCode.UnprocessableEntity, [FhirException.Issue(OperationOutcome.IssueType.TooCostly, text)]);
}
