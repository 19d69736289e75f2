using System.Security.Cryptography;
using System.Text;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Scheduling;

/// <summary>
/// How many Appointments a patient has missed, for those who book the next one: a Flag for each patient
/// (https://hl7.org/fhir/R4/flag.html), with the number as extension <c>{canon}/StructureDefinition/no-show-count</c> valuePositiveInt.
/// </summary>
public static class NoShowFlag
{
    /// <summary>The Flag of a patient, always the same one.</summary>
    /// <param name="patientId">Id of the Patient.</param>
    public static ResourceKey KeyOf(string patientId) =>
        new("Flag", $"no-show-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(patientId)))[..32]}");

    /// <summary>The Flag that says so.</summary>
    /// <param name="patientId">Id of the Patient.</param>
    /// <param name="missed">How many they have missed, 1 at least.</param>
    /// <param name="since">When the first was missed.</param>
    /// <param name="canonicals">Where this server's extensions and codes are.</param>
    public static Flag Of(string patientId, int missed, DateTimeOffset since, Canonicals canonicals)
    {
        var flag = new Flag
        {
            Id = KeyOf(patientId).Id,
            Status = Flag.FlagStatus.Active,
            Category = [new CodeableConcept("http://terminology.hl7.org/CodeSystem/flag-category", "admin", "Administrative", null)],
            Code = new CodeableConcept(canonicals.CodeSystem("flag"), "no-show", "Missed appointments", missed == 1 ? "Missed an appointment" : $"Missed {missed} appointments"),
            Subject = new ResourceReference($"Patient/{patientId}"),
            Period = Moment.Period(since, null),
        };
        flag.AddExtension(canonicals.Extension("no-show-count"), new PositiveInt(missed));
        return flag;
    }
}
