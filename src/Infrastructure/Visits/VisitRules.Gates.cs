using System.Collections.Immutable;
using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Visits;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Infrastructure.Visits;

internal sealed partial class VisitRules
{
    /// <summary>What a clinic may ask for before somebody is booked for a visit by video: consent, and a licence where the patient is.</summary>
    private sealed partial class Round
    {
        private async Task CheckGatesAsync(Appointment? before, Appointment after, IReadOnlyList<Schedule> schedules, CancellationToken cancellationToken)
        {
            var settings = rules._settings;
            if (!(settings.RequireConsent || settings.RequireLicence) || !TelehealthVisit.IsVirtual(after)
                || !Licensure.IsOn(after) || AppointmentStates.IsImport(after, now))
            {
                return;
            }

            if (settings.RequireConsent && (before is null || !Licensure.IsOn(before)))
            {
                await CheckConsentAsync(after, cancellationToken);
            }

            if (settings.RequireLicence && Licensure.IsInQuestion(before, after, Canonicals))
            {
                await CheckLicenceAsync(after, schedules, cancellationToken);
            }
        }

        private async Task CheckConsentAsync(Appointment appointment, CancellationToken cancellationToken)
        {
            foreach (var patient in TelehealthVisit.PatientsOf(appointment).Select(records.KeyOf).OfType<ResourceKey>().Distinct())
            {
                var consents = await records.NamingAsync<Consent>("patient", patient, consent => consent.Patient is { } of ? [of] : [], cancellationToken);
                if (!consents.Exists(consent => VisitConsent.IsFor(consent, Canonicals) && VisitConsent.Permits(consent, now)))
                {
                    throw VisitConsent.Missing.ToException(Canonicals);
                }
            }
        }

        private async Task CheckLicenceAsync(Appointment appointment, IReadOnlyList<Schedule> schedules, CancellationToken cancellationToken)
        {
            var named = Licensure.CliniciansOf(appointment).ToList();
            if (named.Count == 0)
            {
                // Whoever is named later is looked at then; a calendar says it now.
                named = [.. schedules.SelectMany(schedule => schedule.Actor).Select(Domain.Scheduling.Occupancy.RelativeOf).OfType<string>()
                    .Where(actor => actor.Split('/')[0] is "Practitioner" or "PractitionerRole").Distinct(StringComparer.Ordinal)];
            }

            if (named.Count == 0)
            {
                return;
            }

            var declared = Licensure.DeclaredOf(appointment, Canonicals);
            var places = Licensure.Around(declared, await PlacesAroundAsync(declared, cancellationToken));
            var services = appointment.Participant.Select(participant => participant.Actor).Concat(schedules.SelectMany(schedule => schedule.Actor))
                .Select(Domain.Scheduling.Occupancy.RelativeOf).OfType<string>()
                .Where(actor => actor.StartsWith("HealthcareService/", StringComparison.Ordinal)).ToList();
            var find = await ActorsAsync(named.Select(name => new ResourceReference(name)), cancellationToken);
            foreach (var clinician in named.Select(name => find(name) ?? name).Distinct(StringComparer.Ordinal))
            {
                if (places.IsEmpty || !Licensure.Covers(
                    await LicencesOfAsync(clinician, cancellationToken), places, appointment.Start!.Value, appointment.ServiceType, services))
                {
                    throw Licensure.Refuse(declared is not null).ToException(Canonicals);
                }
            }
        }

        private async Task<Dictionary<string, Location>> PlacesAroundAsync(string? declared, CancellationToken cancellationToken)
        {
            var known = new Dictionary<string, Location>(StringComparer.Ordinal);
            for (var at = declared; at is not null && known.Count < Licensure.MostPlaces && !known.ContainsKey(at) && ResourceKey.TryParse(at, out var key);)
            {
                if ((await records.ReadAsync([key], cancellationToken)).GetValueOrDefault(key) is not Location place)
                {
                    break;
                }

                known[at] = place;
                at = Domain.Scheduling.Occupancy.RelativeOf(place.PartOf);
            }

            return known;
        }

        private async Task<IReadOnlyList<Licence>> LicencesOfAsync(string clinician, CancellationToken cancellationToken)
        {
            if (!ResourceKey.TryParse(clinician, out var key))
            {
                return [];
            }

            var roles = await records.NamingAsync<PractitionerRole>("practitioner", key, role => role.Practitioner is { } person ? [person] : [], cancellationToken);
            var services = await records.ReadAsync(roles.SelectMany(role => role.HealthcareService).Select(records.KeyOf).OfType<ResourceKey>(), cancellationToken);
            return
            [
                .. roles.Select(role => new Licence(
                    role,
                    [.. role.HealthcareService.Select(records.KeyOf).OfType<ResourceKey>().Select(services.GetValueOrDefault).OfType<HealthcareService>()])),
            ];
        }
    }
}
