using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Search;
using TeleFhir.Domain.Storage;
using TeleFhir.Domain.Visits;
using static Hl7.Fhir.Model.Appointment;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Jobs;

/// <summary>
/// Closes Appointments whose end has passed by the grace and that nobody came to: missed by the patient, who gets a Flag, or cancelled where
/// the clinician did not come. Looks back a month, so a history that is brought in is left as it is.
/// </summary>
internal sealed class MissedAppointments(BookingDesk desk, BookingSettings settings, IVisitAttendance attendance)
{
    private static readonly TimeSpan _back = TimeSpan.FromDays(31);
    private static readonly Caller _job = Caller.System("no-show");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var over = desk.Now - settings.NoShowGrace;
        var open = await desk.AllAsync<Appointment>(
            [new("status", "booked,arrived,checked-in"), new("date", $"ge{Text(desk.Now - _back)}"), new("date", $"lt{Text(over)}")], cancellationToken);
        foreach (var appointment in open.Where(appointment => appointment.End <= over))
        {
            try
            {
                await CloseAsync(appointment, cancellationToken);
            }
            catch (FhirException) when (!cancellationToken.IsCancellationRequested)
            {
                // Somebody changed it or its Flag in between: the next look tells.
            }
        }
    }

    private async Task CloseAsync(Appointment appointment, CancellationToken cancellationToken)
    {
        var visits = await desk.AllAsync<Encounter>([new("appointment", $"Appointment/{appointment.Id}")], cancellationToken);
        var came = visits.Count == 0 ? Attendance.Nobody : await attendance.OfAsync([.. visits.Select(visit => visit.Id!)], cancellationToken);
        var begun = visits.Exists(visit => visit.Status is Encounter.EncounterStatus.InProgress or Encounter.EncounterStatus.Onleave or Encounter.EncounterStatus.Finished);
        var waited = visits.Exists(visit => visit.Status is Encounter.EncounterStatus.Arrived or Encounter.EncounterStatus.Triaged);
        var change = desk.Rules.Miss(appointment, [], came.Patient || waited || begun, came.Clinician || begun, HasDeclined(appointment), desk.Now);
        if (change is null)
        {
            return;
        }

        // Of several servers one gets there first; the others' version is not current any more.
        var changes = ImmutableArray.Create<Change>(new PutChange(KeyOf(appointment), Content(change.Appointment)) { IfMatch = [VersionOf(appointment)] });
        if (change.Appointment.Status == AppointmentStatus.Noshow)
        {
            foreach (var patient in TelehealthVisit.PatientsOf(appointment).Select(Occupancy.RelativeOf).OfType<string>().Distinct())
            {
                changes = changes.Add(await CountAsync(patient.Split('/')[1], cancellationToken));
            }
        }

        await desk.Server.Store.CommitAsync(_job, desk.ByJob(_job, changes), cancellationToken);
    }

    /// <summary>The Flag with one more; counted anew each time, so that one who came late after all is no longer counted.</summary>
    private async Task<Change> CountAsync(string patientId, CancellationToken cancellationToken)
    {
        var query = desk.Server.Parser.Parse(["Appointment"], [new("patient", $"Patient/{patientId}"), new("status", "noshow")], strict: true) with
        {
            Count = 0,
            Total = TotalMode.Accurate,
        };
        var before = (await desk.Server.Store.SearchAsync(_job, query, cancellationToken)).Total ?? 0;
        var key = NoShowFlag.KeyOf(patientId);
        var stored = await desk.Server.Store.ReadAsync(_job, key, cancellationToken);
        var since = stored is { IsDeleted: false } ? Moment.Read(((Flag)FhirJson.Parse(stored.Json)).Period?.Start) : null;
        var flag = NoShowFlag.Of(patientId, (int)before + 1, since ?? desk.Now, desk.Canonicals);
        return new PutChange(key, Content(flag))
        {
            MustNotExist = stored is not { IsDeleted: false },
            IfMatch = stored is { IsDeleted: false, Key.Version: { } version } ? [version] : [],
        };
    }

    /// <summary>Whether every clinician who was asked said that they would not come.</summary>
    private static bool HasDeclined(Appointment appointment)
    {
        var clinicians = appointment.Participant
            .Where(participant => Occupancy.RelativeOf(participant.Actor)?.Split('/')[0] is "Practitioner" or "PractitionerRole").ToList();
        return clinicians.Count > 0 && clinicians.TrueForAll(clinician => clinician.Status == ParticipationStatus.Declined);
    }

    private static ResourceKey KeyOf(Appointment appointment) => new("Appointment", appointment.Id!);

    private static int VersionOf(Appointment appointment) => int.Parse(appointment.Meta!.VersionId!, CultureInfo.InvariantCulture);

    private static ResourceContent Content(Resource resource) => new(resource, FhirJson.Serialize(resource));

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
