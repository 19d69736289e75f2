using System.Collections.Immutable;
using System.Net;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>
/// Which readings are taken. Of what devices send all is asked; of an Observation that is written in the plain way only that it is not
/// of a device that somebody else has, or of the future.
/// </summary>
public static class ReadingRules
{
    /// <summary>Clocks of devices run ahead by no more.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>What its content alone forbids; null where nothing does.</summary>
    public static Refusal? CheckContent(Reading reading, DateTimeOffset now)
    {
        var observation = reading.Observation;
        if (reading.Patient is null)
        {
            return Refusal.BusinessRule("subject-missing", "The subject of a reading is a patient of this server.", "Observation.subject");
        }

        if (Reading.TimeOf(observation.Effective) is not { } time)
        {
            return Refusal.BusinessRule("effective-time", "A reading says when it was measured, with the time and the offset.", "Observation.effective");
        }

        return time.Start > now + Ahead || time.End > now + Ahead ? InFuture() : CheckUnits(observation);
    }

    /// <summary>What is stored forbids it; null where nothing does.</summary>
    public static Refusal? CheckFacts(Reading reading, MonitoringFacts facts, MonitoringSettings settings, DateTimeOffset now)
    {
        if (reading.Device is not { } device || !facts.Devices.TryGetValue(device, out var assigned) || assigned.Patient != reading.Patient)
        {
            return NotAssigned();
        }

        if (CheckUse(reading, facts) is { } unused)
        {
            return unused;
        }

        return settings.RequireConsent && !facts.Consents[reading.Patient!.Value].Any(consent => ActiveConsent.Permits(consent, ActiveConsent.Monitoring, settings.Canonicals, now))
            ? Refusal.Forbidden("consent-missing", "The patient has not agreed to be monitored: there is no active Consent of category rpm.", "Observation.subject")
            : null;
    }

    /// <summary>What forbids a plain write of an Observation that names a device; null where nothing does.</summary>
    public static Refusal? CheckPlain(Reading reading, MonitoringFacts facts, DateTimeOffset now)
    {
        if (Reading.RangeOf(reading.Observation.Effective) is { } range && range.Low > (now + Ahead).UtcTicks)
        {
            return InFuture();
        }

        // A device of a ward is nobody's, and one of elsewhere is not known here.
        return reading is { Device: { } device, Patient: { } patient } && facts.Devices.TryGetValue(device, out var assigned)
            && assigned.Patient is { } whose
            ? whose == patient ? CheckUse(reading, facts) : NotAssigned()
            : null;
    }

    private static Refusal? CheckUse(Reading reading, MonitoringFacts facts)
    {
        var limits = facts.Uses[reading.Device!.Value].Where(use => use.Patient == reading.Patient && use.During is not null).ToList();
        return limits.Count == 0 || (Reading.RangeOf(reading.Observation.Effective) is { } at
            && limits.Exists(use => use.During!.Value.Low <= at.Low && at.Low < use.During.Value.High))
            ? null
            : NotAssigned();
    }

    private static Refusal? CheckUnits(Observation observation)
    {
        if (CheckUnit(observation.Code, observation.Value, "Observation.value") is { } wrong)
        {
            return wrong;
        }

        for (var at = 0; at < observation.Component.Count; at++)
        {
            if (CheckUnit(observation.Component[at].Code, observation.Component[at].Value, $"Observation.component[{at}].value") is { } part)
            {
                return part;
            }
        }

        return null;
    }

    private static Refusal? CheckUnit(CodeableConcept? code, DataType? value, string place)
    {
        if (value is null || code is null || Measure.Of(code) is not { } measure)
        {
            return null;
        }

        ImmutableArray<string> units = measure.UnitsOf(code);
        return value is Quantity { Value: not null } quantity && quantity.System == BaseUnit.Ucum && units.Contains(quantity.Code ?? "")
            ? null
            : Refusal.BusinessRule("unit-mismatch", $"{measure.Name} is a quantity in UCUM units: {string.Join(", ", units)}.", place);
    }

    private static Refusal InFuture() =>
        Refusal.BusinessRule("effective-in-future", "A reading is not of the future: the clock of the device is wrong.", "Observation.effective");

    private static Refusal NotAssigned() => new(
        HttpStatusCode.UnprocessableEntity,
        OperationOutcome.IssueType.BusinessRule,
        "device-not-assigned",
        "The device was not the patient's at that time: see Device.patient and DeviceUseStatement.timingPeriod.",
        "Observation.device");
}
