using Hl7.Fhir.Model;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Monitoring;
using TeleFhir.Domain.Search;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Monitoring;

/// <summary>
/// Tells of devices that have sent nothing for days though they are assigned to a patient who has agreed to be monitored. One that was closed
/// is not told of again before the same time has passed.
/// </summary>
internal sealed class MissingReadings(AlertDesk desk, IReadingActivity activity, AlertTask alerts, TeleFhirOptions options)
{
    private const int PageSize = 200;

    private static readonly KeyValuePair<string, string>[] _assigned = [new("patient:missing", "false"), new("status:not", "inactive,entered-in-error")];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (PageCursor? after = null; ;)
        {
            var (devices, next) = await desk.PageAsync<Device>(_assigned, PageSize, after, cancellationToken);
            await LookAsync(devices, cancellationToken);
            if ((after = next) is null)
            {
                return;
            }
        }
    }

    private async Task LookAsync(List<Device> devices, CancellationToken cancellationToken)
    {
        var (now, silence) = (desk.Now, options.Monitoring.MissingAfter);
        var since = now - silence;

        // One that was assigned or changed since has not had the time.
        var due = devices.Where(device => device.Meta?.LastUpdated <= since)
            .Select(device => (Device: new ResourceKey("Device", device.Id!), Patient: desk.PatientOf(device.Patient)))
            .Where(pair => pair.Patient is not null)
            .ToDictionary(pair => pair.Device, pair => pair.Patient!.Value);
        foreach (var heard in await activity.HeardSinceAsync(due.Keys, since, cancellationToken))
        {
            due.Remove(heard);
        }

        if (due.Count == 0)
        {
            return;
        }

        var patients = due.Values.Distinct().ToList();
        var agreed = await desk.AgreedAsync(patients, cancellationToken);
        var uses = (await desk.OfAsync<DeviceUseStatement>(due.Keys, [], cancellationToken, by: "device"))
            .Where(statement => statement.Device?.Reference is not null)
            .ToLookup(statement => desk.KeyOf(statement.Device!.Reference!), statement => DeviceUse.Of(statement, desk.KeyOf));
        var told = await desk.AlertsAsync(patients, since, cancellationToken);
        foreach (var (device, patient) in due.Where(pair => agreed.Contains(pair.Value)))
        {
            var subject = AlertTask.SubjectOf(device);
            if (IsUsed(uses[device], patient, since, now) && !told[patient].Any(task => alerts.SubjectOf(task) == subject))
            {
                // Where another server was faster it is told already.
                var id = AlertBook.IdOf($"{subject}|{now.UtcTicks / silence.Ticks}");
                await desk.WriteAsync([alerts.OpenMissing(id, patient, device, silence, now)], cancellationToken);
            }
        }
    }

    /// <summary>Whether it was to be used all the time; where nothing limits its use it was.</summary>
    private static bool IsUsed(IEnumerable<DeviceUse?> uses, ResourceKey patient, DateTimeOffset since, DateTimeOffset now)
    {
        var limits = uses.OfType<DeviceUse>().Where(use => use.Patient == patient && use.During is not null).ToList();
        return limits.Count == 0 || limits.Exists(use => use.During!.Value.Low <= since.UtcTicks && use.During.Value.High > now.UtcTicks);
    }
}
