using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;

namespace TeleFhir.Domain.Access;

/// <summary>
/// Whose a Subscription is. R4 has no element for it, so one that was written with a patient's rights is marked with the patient's id in
/// <c>meta.tag</c>; the server writes the mark and takes away any other. By it patients see their own.
/// </summary>
public static class SubscriptionOwner
{
    /// <summary>The system of the mark.</summary>
    public static string TagSystem(Canonicals canonicals)
    {
        ArgumentNullException.ThrowIfNull(canonicals);
        return canonicals.CodeSystem("subscription-patient");
    }

    /// <summary>The patient with whose rights a caller writes; null for staff and clients of their own.</summary>
    public static string? PatientOf(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.IsStaffFor("Subscription") ? null
            : caller.FhirUser is { Type: "Patient", Id: var self } ? self
            : caller.Patient;
    }

    /// <summary>The patient in the mark; null where there is none.</summary>
    public static string? PatientIn(Meta? meta, Canonicals canonicals)
    {
        var system = TagSystem(canonicals);
        return meta?.Tag.Find(tag => tag.System == system)?.Code;
    }

    /// <summary>The same with this mark and no other.</summary>
    public static Meta? Mark(Meta? meta, string? patient, Canonicals canonicals)
    {
        var system = TagSystem(canonicals);
        if (patient is null && meta?.Tag.Exists(tag => tag.System == system) != true)
        {
            return meta;
        }

        var marked = (Meta?)meta?.DeepCopy() ?? new Meta();
        marked.Tag = [.. marked.Tag.Where(tag => tag.System != system)];
        if (patient is not null)
        {
            marked.Tag.Add(new Coding(system, patient));
        }

        return marked;
    }
}
