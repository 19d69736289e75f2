using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Search;

namespace TeleFhir.Domain.Monitoring;

/// <summary>What is stored and has a say in whether readings are taken: of the devices and patients of a batch, all at once.</summary>
/// <param name="Devices">The devices that are there, by their name.</param>
/// <param name="Uses">DeviceUseStatements, by the device.</param>
/// <param name="Consents">Consents, by the patient.</param>
public sealed record MonitoringFacts(
    IReadOnlyDictionary<ResourceKey, AssignedDevice> Devices,
    ILookup<ResourceKey, DeviceUse> Uses,
    ILookup<ResourceKey, Consent> Consents);

/// <summary>A device and whose it is; null where it is nobody's.</summary>
public sealed record AssignedDevice(ResourceKey? Patient);

/// <summary>That a patient uses a device, for a time or without an end.</summary>
/// <param name="Patient">Who.</param>
/// <param name="During">When; null where that is not said.</param>
public sealed record DeviceUse(ResourceKey Patient, DateRange? During)
{
    /// <summary>What a statement says; null where it says nothing of a patient here, or is an error.</summary>
    public static DeviceUse? Of(DeviceUseStatement statement, Func<string, ResourceKey?> keyOf)
    {
        if (statement.Status == DeviceUseStatement.DeviceUseStatementStatus.EnteredInError
            || statement.Subject?.Reference is not { } subject || keyOf(subject) is not { Type: "Patient" } patient)
        {
            return null;
        }

        return new DeviceUse(patient, statement.Timing is not Period period ? null : new DateRange(
            DateRange.TryParse(period.Start, out var from) ? from.Low : DateRange.Earliest,
            DateRange.TryParse(period.End, out var to) ? to.High : DateRange.Latest));
    }
}

/// <summary>What monitoring is set to.</summary>
/// <param name="Canonicals">Where this server's code systems are.</param>
public sealed record MonitoringSettings(Canonicals Canonicals)
{
    /// <summary>Whether readings are taken only from patients who have agreed to be monitored.</summary>
    public bool RequireConsent { get; init; } = true;
}
