using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Api.Fhir;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;

namespace TeleFhir.Api.Scheduling;

/// <summary>The Appointment that <c>$hold</c> and <c>$book</c> are asked for: stored, proposed by <c>$find</c>, or sent along.</summary>
/// <param name="Appointment">The Appointment, with the patients that it is for.</param>
/// <param name="IsStored">Whether it is stored; else its status is a wish.</param>
/// <param name="Patients">Patients that are stored together with it.</param>
internal sealed record Wish(Appointment Appointment, bool IsStored, ImmutableArray<Change> Patients)
{
    public const string Reference = "appointment-reference";
    public const string Resource = "appointment-resource";
    public const string Patient = "patient-resource";

    /// <summary>Where the patient says to be during the visit; null where it is not said now.</summary>
    public ResourceReference? Place { get; init; }

    /// <summary>Reads exactly one of the two parameters, or the Appointment that the operation is called on.</summary>
    public static async Task<Wish> ReadAsync(BookingDesk desk, FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        var reference = input.All(Reference).Count == 0 ? (ResourceKey?)null : KeyOf(input);
        var sent = input.Find<Appointment>(Resource);
        var onInstance = request.Key.Type is not null;
        if ((reference is null ? 0 : 1) + (sent is null ? 0 : 1) + (onInstance ? 1 : 0) != 1)
        {
            throw input.Wrong($"{Reference} or {Resource}", "must be given, and one of the two");
        }

        // By IHE the Appointment that is held is sent back to be booked.
        var (appointment, isStored) = sent is not null
            ? await desk.HeldAsync(request.Caller, sent, cancellationToken) is { } held ? (held, true) : (sent, false)
            : await desk.ReadAsync(request.Caller, onInstance ? request.Key : reference!.Value, cancellationToken);
        if (sent is not null)
        {
            desk.Server.Validator.Validate(sent);
        }

        var place = await DeclaredPlace.ReadAsync(input, desk.Server, cancellationToken);
        appointment = Licensure.Declare(appointment, place, desk.Canonicals);
        return isStored
            ? new Wish(appointment, true, []) { Place = place }
            : (await ForPatientsAsync(desk, request.Caller, appointment, input, cancellationToken)) with { Place = place };
    }

    /// <summary>The stored Appointment, with the place that is declared now.</summary>
    public Appointment With(Appointment stored, Canonicals canonicals) => Licensure.Declare(stored, Place, canonicals);

    /// <summary>Refuses what a patient's app may not ask for.</summary>
    public Wish Demand(Caller caller, Canonicals canonicals) =>
        !IsStored && BookingRules.CheckPatient(Appointment, caller) is { } refusal ? throw refusal.ToException(canonicals) : this;

    private static ResourceKey KeyOf(OperationInput input)
    {
        var text = input.All(Reference) is [ResourceReference { Reference: { } name }] ? name : input.Text(Reference);
        return ResourceKey.TryParse(Occupancy.RelativeOf(new ResourceReference(text)), out var key)
            ? key
            : throw input.Wrong(Reference, "must be a reference Appointment/[id]");
    }

    /// <summary>The patients that are sent along take part; a patient's own app need not say who it is for.</summary>
    private static async Task<Wish> ForPatientsAsync(
        BookingDesk desk, Caller caller, Appointment appointment, OperationInput input, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        var created = ImmutableArray.CreateBuilder<Change>();
        foreach (var value in input.All(Patient))
        {
            var patient = value as Patient ?? throw input.Wrong(Patient, "must be a Patient in the content");
            if (patient.Id is { } id && ResourceKey.IsId(id)
                && await desk.Server.Store.ReadAsync(caller, new ResourceKey("Patient", id), cancellationToken) is { IsDeleted: false })
            {
                names.Add($"Patient/{id}");
                continue;
            }

            desk.Server.Validator.Validate(patient);
            patient.Id = desk.Server.NewId();
            names.Add($"Patient/{patient.Id}");
            created.Add(new CreateChange(new ResourceKey("Patient", patient.Id), new ResourceContent(patient, FhirJson.Serialize(patient))));
        }

        var hasPatient = appointment.Participant.Exists(one => Occupancy.RelativeOf(one.Actor)?.StartsWith("Patient/", StringComparison.Ordinal) == true);
        if (names.Count == 0 && !hasPatient && caller.Patient is { } own)
        {
            names.Add($"Patient/{own}");
        }

        return new Wish(BookingRules.WithPatients(appointment, names), false, created.ToImmutable());
    }
}
