using Hl7.Fhir.Model;
using TeleFhir.Domain.Access;
using TeleFhir.Domain.Fhir;
using TeleFhir.Domain.Scheduling;
using TeleFhir.Domain.Storage;
using Task = System.Threading.Tasks.Task;

namespace TeleFhir.Api.Scheduling.Jobs;

/// <summary>
/// Lets Appointments that an earlier version of the server stored take their people's time, once after each start: they are written as they are,
/// and the rules do the rest. Two of them at one time are told in the log and left: which of them is meant a person must say.
/// </summary>
internal sealed partial class UntakenTimes(ITakenTimes taken, BookingDesk desk, ILogger<UntakenTimes> logger)
{
    private static readonly Caller _job = Caller.System("taken-times");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var after = 0L; ;)
        {
            var (ids, last) = await taken.MissingAsync(desk.Now, after, cancellationToken);
            if (ids.Count == 0)
            {
                return;
            }

            foreach (var id in ids)
            {
                await TakeAsync(new ResourceKey("Appointment", id), cancellationToken);
            }

            after = last;
        }
    }

    private async Task TakeAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (await desk.FindAsync<Appointment>(key, cancellationToken) is not { } found || !AppointmentStates.IsActive(found.Status))
        {
            return;
        }

        var change = new PatchChange(key, stored => new ResourceContent((Appointment)FhirJson.Parse(stored.Json), stored.Json));
        try
        {
            await desk.Server.Store.CommitAsync(_job, desk.ByJob(_job, [change]), cancellationToken);
        }
        catch (FhirException refused) when (!cancellationToken.IsCancellationRequested)
        {
            Clashes(logger, key.Id, refused.Message);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Appointment {Id} was stored by an earlier version and takes no time, for it cannot: {Reason}")]
    private static partial void Clashes(ILogger logger, string id, string reason);
}
