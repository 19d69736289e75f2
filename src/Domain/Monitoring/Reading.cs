using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>An Observation that a device made, as the rules of monitoring see it.</summary>
/// <param name="Observation">The resource.</param>
/// <param name="Patient">Whose it is; null where the subject is not a patient of this server.</param>
/// <param name="Device">What made it; null where it names no device of this server.</param>
public sealed record Reading(Observation Observation, ResourceKey? Patient, ResourceKey? Device)
{
    /// <summary>The system of identifiers that are made of a reading's content, under the canonical root.</summary>
    public const string DedupeSystem = "dedupe";

    /// <summary>Reads an Observation.</summary>
    /// <param name="observation">The resource.</param>
    /// <param name="keyOf">The resource of this server that a reference names, without a version; null where it names none.</param>
    public static Reading Of(Observation observation, Func<string, ResourceKey?> keyOf) =>
        new(observation, Key(observation.Subject, "Patient", keyOf), Key(observation.Device, "Device", keyOf));

    /// <summary>
    /// The name under which it is known, so that it is stored once however often it is sent: the patient and its first identifier with a
    /// value; null without a patient or an identifier.
    /// </summary>
    public string? Name => Patient is { } patient && Observation.Identifier.Find(identifier => !string.IsNullOrEmpty(identifier.Value)) is { } known
        ? $"{patient}|{known.System}|{known.Value}"
        : null;

    /// <summary>
    /// The identifier of a reading that has none: SHA-256 over device, patient, code, time, value and unit. One that is sent again gets
    /// the same, also where its time is written in another offset or its number with other zeros.
    /// </summary>
    public Identifier Derive(Canonicals canonicals)
    {
        var code = Observation.Code.Coding.Find(coding => coding.Code is not null);
        var text = string.Join(
            '|',
            Device?.ToString() ?? Observation.Device?.Reference,
            Patient?.ToString() ?? Observation.Subject?.Reference,
            code is null ? Observation.Code.Text : $"{code.System}#{code.Code}",
            Time(Observation.Effective),
            Observation.Component.Count == 0
                ? Value(Observation.Value)
                : string.Join(';', Observation.Component.Select(part => $"{part.Code?.Coding.FirstOrDefault()?.Code}={Value(part.Value)}")));
        return new Identifier(canonicals.Identifiers(DedupeSystem), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
    }

    /// <summary>When it was measured, with a time of day and an offset; null where that is not said. The end is that of a period.</summary>
    public static (DateTimeOffset Start, DateTimeOffset End)? TimeOf(DataType? effective) => effective switch
    {
        FhirDateTime { Value: { } at } when Moment.Read(at) is { } time => (time, time),
        Instant { Value: { } at } => (at, at),
        Period { Start: { } start, End: var end } when Moment.Read(start) is { } from && (end is null || Moment.Read(end) is not null) =>
            (from, Moment.Read(end) ?? from),
        _ => null,
    };

    /// <summary>When it may have been measured: a date without a time is all of its day.</summary>
    public static DateRange? RangeOf(DataType? effective) => effective switch
    {
        FhirDateTime { Value: { } at } when DateRange.TryParse(at, out var range) => range,
        Instant { Value: { } at } => new DateRange(at.UtcTicks, at.UtcTicks + 1),
        Period { Start: { } start } when DateRange.TryParse(start, out var range) => range,
        _ => null,
    };

    private static string Time(DataType? effective) => TimeOf(effective) is var (start, end)
        ? string.Create(CultureInfo.InvariantCulture, $"{start.UtcTicks}/{end.UtcTicks}")
        : effective?.ToString() ?? "";

    private static string Value(DataType? value) => value switch
    {
        null => "",
        Quantity quantity => string.Create(CultureInfo.InvariantCulture, $"{quantity.Value:G29}|{quantity.Code ?? quantity.Unit}"),
        _ => Encoding.UTF8.GetString(FhirJson.Serialize(value)),
    };

    private static ResourceKey? Key(ResourceReference? reference, string type, Func<string, ResourceKey?> keyOf) =>
        reference?.Reference is { } text && keyOf(text) is { } key && key.Type == type ? new ResourceKey(key.Type, key.Id) : null;
}
